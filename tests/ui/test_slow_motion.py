"""Walking through a batch phase by phase."""

import re

import pytest
from playwright.sync_api import expect

from backprop_panel.analysis import phases_of
from backprop_panel.views.plots.colors import LIGHT
from backprop_panel.views.state.reveal import reveal_of
from tests.ui.browsing import (
    at_rest,
    boxes,
    colours,
    expect_active,
    expect_drawn,
    expect_step,
    expected_colours,
    fill,
    on_screen,
    point_at,
    press,
    same_run,
    tooltip,
)

VALUES = ("X", "W1", "a1", "W2", "a2", "W3", "ŷ")
GRADIENTS = tuple(f"d{name}" for name in VALUES)

# Collects the names of the phases that a bar shows: a busy browser is asked for them too seldom.
COLLECT_PHASES = """(bar) => {
  const root = bar.getRootNode()
  const now = () => root.querySelector("[aria-current=step]")?.textContent
  window.phases = [now()]
  new MutationObserver(() => {
    if (now() && now() !== window.phases.at(-1)) window.phases.push(now())
  }).observe(root, {subtree: true, childList: true, attributes: true, characterData: true})
}"""

# The percentage of its rows that each image of each heatmap shows.
HIDDEN = """(names) => names.map((name) => {
  const seen = ({el, model}) => model.name === name && el.checkVisibility()
  const [view] = [...Bokeh.index.query(seen)]
  return [...view.canvas_view.underlays_el.querySelectorAll("canvas")].map((cells) => {
    const {clipPath, maskImage} = cells.style
    if (clipPath) return 0
    // The rows above and below are dim.
    const ends = [...maskImage.matchAll(/rgb\\(0, 0, 0\\) ([\\d.]+)%/g)].map((each) => each[1])
    return ends.length ? ends[1] - ends[0] : 100
  })
})"""

# How many lines of an outline that is wider than one pixel a heatmap has.
STRONG = """(names) => names.filter((name) => {
  const seen = ({el, model}) => model.name === name && el.checkVisibility()
  const [view] = [...Bokeh.index.query(seen)]
  return view.model.renderers.some(({data_source: {data}}) =>
    [...(data.width ?? [])].some((width) => width > 1))
})"""


@pytest.fixture
def record(used_page):
    """The step of a batch that the page walks through; the page is in slow motion."""
    record = same_run().trainer.run_batch()
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    press(used_page, "Slow motion")
    expect_phase(used_page, "forward 1")
    return record


def bar(page):
    return page.get_by_role("group", name="Slow motion", exact=True)


def expect_phase(page, name):
    expect(bar(page).locator("[aria-current=step]")).to_have_text(name)
    expect_drawn(page)


def shown(page, names):
    """Return the percentage of its rows that each heatmap shows in full colour."""
    return dict(zip(names, page.evaluate(HIDDEN, list(names)), strict=True))


def blank(page):
    parts = shown(page, VALUES + GRADIENTS)
    return {name for name, percentages in parts.items() if max(percentages) == 0}


def heatmaps(places):
    return {(GRADIENTS if is_gradient else VALUES)[column] for column, is_gradient in places}


def expect_phase_on_the_page(page, phase, record):
    """Check equation, blank heatmaps and outlines against the phase of the record."""
    expect_phase(page, phase.name)
    equation = bar(page).locator(".bp-equation annotation")
    expect(equation).to_have_text(phase.latex, use_inner_text=False)
    widths = [level.shape[1] for level in record.activations]
    reveal = reveal_of(phase, record, widths, of_deltas=True)
    assert blank(page) == set(VALUES + GRADIENTS) - heatmaps(reveal.places)
    computed, operands = (
        heatmaps({(block.column, block.is_gradient) for block in blocks})
        for blocks in (reveal.computed, reveal.operands)
    )
    assert set(page.evaluate(STRONG, list(VALUES + GRADIENTS))) == computed
    outlined = {name for name in VALUES + GRADIENTS if boxes(page, name)}
    assert outlined == computed | operands
    arrows = page.locator(".bp-map svg path").count() / 2  # a line, and a halo around it
    assert arrows == len(reveal.arrows)


def test_a_batch_is_walked_through_both_ways(used_page, record):
    phases = phases_of(record)
    assert len(phases) == 8
    for phase in phases:
        expect_phase_on_the_page(used_page, phase, record)
        if phase is not phases[-1]:
            press(used_page, "Next phase")
    expect(used_page.get_by_role("button", name="Next phase", exact=True)).to_be_disabled()
    for phase in phases[-2::-1]:
        press(used_page, "Previous phase")
        expect_phase_on_the_page(used_page, phase, record)
    expect(used_page.get_by_role("button", name="Previous phase", exact=True)).to_be_disabled()


def arrows(page):
    """Return the lines of the arrows, once the map has come to rest."""
    on_screen(page, "a1", 0, 0)
    lines = page.locator(".bp-map svg path")
    return lines.evaluate_all("(lines) => lines.map((line) => line.getAttribute('d'))")


def test_arrows_follow_the_heatmaps_that_the_bar_moves(used_page, record):
    used_page.keyboard.press("Escape")
    expect(bar(used_page)).to_be_hidden()
    press(used_page, "Slow motion")
    expect_phase(used_page, "forward 1")
    opened = arrows(used_page)
    press(used_page, "Next phase")
    expect_phase(used_page, "forward 2")
    press(used_page, "Previous phase")
    expect_phase(used_page, "forward 1")
    assert opened
    assert arrows(used_page) == opened


def test_a_phase_is_reached_at_once_by_its_button(used_page, record):
    press(used_page, "backward 2")
    expect_phase_on_the_page(used_page, phases_of(record)[5], record)


def test_blank_cells_have_the_background_and_others_their_colours(used_page, record):
    cells = [(row, column) for row in (3, 19) for column in (6, 16, 26)]
    expected = expected_colours(used_page, "a1", record.activations[1], cells)
    assert colours(used_page, "a1", cells) == expected
    assert set(colours(used_page, "da1", cells)) == {LIGHT.diverging()[127]}


def test_the_hover_says_what_is_not_computed_yet(used_page, record):
    point_at(used_page, "W2", 3, 17)
    said = used_page.locator(".bk-Tooltip").get_by_text("W2[3, 17] = ")
    expect(said).to_contain_text("dW2[3, 17] is not computed yet")
    press(used_page, "backward 2")
    expect_phase(used_page, "backward 2")
    assert f"dW2[3, 17] = {record.weight_gradients[1][3, 17]:.6g}"[:18] in tooltip(
        used_page, "W2", 3, 17
    )


def test_keys_walk_through_the_phases_and_leave(used_page, record):
    for key, phase in (("Right", "forward 2"), ("Right", "forward 3"), ("Left", "forward 2")):
        used_page.keyboard.press(f"Arrow{key}")
        expect_phase(used_page, phase)
    used_page.keyboard.press("Escape")
    expect(bar(used_page)).to_be_hidden()
    assert blank(used_page) == set()
    assert not used_page.locator(".bp-map svg path").count()


def test_keys_in_a_field_belong_to_the_field(used_page, record):
    field = used_page.get_by_label("Learning rate", exact=True)
    field.focus()
    used_page.keyboard.press("ArrowRight")
    used_page.keyboard.press("Escape")
    field.blur()
    used_page.keyboard.press("ArrowRight")
    expect_phase(used_page, "forward 2")


def test_autoplay_shows_all_phases_at_the_chosen_pace(used_page, record):
    bar(used_page).get_by_role("combobox", name="Pace", exact=True).select_option("0.5 s")
    autoplay = used_page.get_by_role("button", name="Autoplay", exact=True)
    bar(used_page).evaluate(COLLECT_PHASES)
    autoplay.click()
    names = [phase.name for phase in phases_of(record)]
    expect(bar(used_page).locator("[aria-current=step]")).to_have_text(names[-1])
    expect(autoplay).to_have_attribute("aria-pressed", "false")
    assert used_page.evaluate("window.phases") == names


def test_one_example_is_the_row_that_is_tapped(used_page, record):
    press(used_page, "loss")
    press(used_page, "One example")
    expect(bar(used_page)).to_contain_text("click another row")
    expect_drawn(used_page)
    assert shown(used_page, ["a1", "W2"]) == {"a1": [pytest.approx(100 / 32)], "W2": [100, 100]}
    used_page.mouse.click(*on_screen(used_page, "a1", 4, -9))
    expect(used_page.get_by_role("heading", name=re.compile(r"^a1\[9, 4\]"))).to_be_visible()
    point_at(used_page, "a1", 9, 5)
    said = used_page.locator(".bk-Tooltip").get_by_text("a1[9, 5] = ")
    expect(said).to_be_visible()
    point_at(used_page, "a1", 0, 5)
    expect(used_page.locator(".bk-Tooltip")).to_contain_text("a1[0, 5] is of another example")


def test_training_goes_on_while_a_step_is_walked_through(used_page, record):
    press(used_page, "backward 3")
    expect_phase(used_page, "backward 3")
    press(used_page, "Play")
    expect(used_page.locator(".bp-status")).to_have_text(re.compile(r"^step [1-9]\d"))
    expect(bar(used_page)).to_contain_text("step 1, not the newest")
    press(used_page, "Next phase")
    expect_phase_on_the_page(used_page, phases_of(record)[5], record)
    press(used_page, "Pause")
    expect(used_page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect_phase_on_the_page(used_page, phases_of(record)[5], record)


def test_the_timeline_stays_where_it_is(used_page):
    slider = used_page.get_by_role("slider", name="Timeline", exact=True)
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    before = at_rest(slider)["y"]
    press(used_page, "Slow motion")
    expect_phase(used_page, "forward 1")
    assert at_rest(slider)["y"] == before
    assert bar(used_page).bounding_box()["y"] > 0


def test_slow_motion_shows_the_map(used_page):
    used_page.get_by_role("tab", name="Loss", exact=True).click()
    press(used_page, "Slow motion")
    expect_phase(used_page, "forward 1")
    expect(bar(used_page)).to_be_visible()


def test_a_deep_network_has_its_phase_in_sight(used_page):
    fill(used_page, "Hidden layers", "4")
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    press(used_page, "Slow motion")
    expect_phase(used_page, "forward 1")
    for name in ("backward 5", "update", "forward 1"):
        bar(used_page).get_by_role("button", name=name, exact=True).click()
        expect_phase(used_page, name)
        outer, inner = (
            bar(used_page).locator(place).bounding_box()
            for place in (".bp-phases", "[aria-current=step]")
        )
        assert outer["x"] <= inner["x"] + 1
        assert inner["x"] + inner["width"] <= outer["x"] + outer["width"] + 1
