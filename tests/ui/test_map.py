"""The network map under the pointer: zoom, hover and choosing a cell."""

import re

import pytest
from playwright.sync_api import expect

from tests.ui.browsing import (
    at_rest,
    boxes,
    colours,
    expect_drawn,
    expect_step,
    expect_window,
    expected_colours,
    hovered,
    numbers,
    on_screen,
    point_at,
    press,
    same_run,
    show_part,
    texts_on,
    tooltip,
    window,
    write_down_texts,
    zoom_in,
)

HEATMAPS = ("X", "W1", "a1", "W2", "a2", "W3", "ŷ")
PAIRS = [(name, f"d{name}") for name in HEATMAPS]


def windows(page):
    return {name: window(page, name) for pair in PAIRS for name in pair}


def test_cells_have_the_colours_of_their_values(used_page):
    run = same_run()
    for step in (1, 2):
        record = run.trainer.run_batch()
        press(used_page, "Run Batch")
        expect_step(used_page, step)
    expect_drawn(used_page)
    cells = [(row, column) for row in (0, 9, 20, 31) for column in range(0, 32, 3)]
    shown = {
        "W2": record.weights[1],
        "dW2": record.weight_gradients[1],
        "a1": record.activations[1],
    }
    for heatmap, values in shown.items():
        found = colours(used_page, heatmap, cells)
        assert found == expected_colours(used_page, heatmap, values, cells), heatmap


def test_zoomed_cells_have_the_colours_of_their_values(used_page):
    record = same_run().trainer.engine.look()
    zoom_in(used_page, "W2", 20, -10)
    used_page.get_by_role("tab", name="Network", exact=True).hover()
    expect(used_page.locator(".bk-Tooltip")).to_be_hidden()
    expect_drawn(used_page)
    cells = [(row, column) for row in range(8, 13) for column in range(17, 24)]
    found = colours(used_page, "W2", cells)
    assert found == expected_colours(used_page, "W2", record.weights[1], cells)


def test_cells_that_are_large_enough_show_their_numbers(used_page):
    record = same_run().trainer.run_batch()
    write_down_texts(used_page)
    show_part(used_page, "W2", rows=(5, 9), columns=(3, 4))
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    expect_drawn(used_page)
    for heatmap, values in (("W2", record.weights[1]), ("dW2", record.weight_gradients[1])):
        seen = values[5:10, 3:5].ravel()
        shown = [float(text.replace("−", "-")) for text in texts_on(used_page, heatmap, seen.size)]
        assert shown == pytest.approx(seen.tolist(), rel=0.03), heatmap


def test_the_examples_beside_a_value_and_its_gradient_are_those_of_the_step(used_page):
    write_down_texts(used_page)
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    used_page.wait_for_function(
        """() => {
          const painted = (name) => {
            const [view] = Bokeh.index.query(({model}) => model.name === name)
            const canvases = [...view.canvas_view.shadow_el.querySelectorAll("canvas")]
            return canvases.flatMap(({texts}) => texts ?? []).filter((text) => text.includes("→"))
          }
          const [value, gradient] = ["X", "dX"].map((name) => painted(name).slice(-9).join())
          return value && value === gradient
        }"""
    )


def test_zooming_into_a_value_zooms_its_gradient_and_nothing_else(used_page):
    before = windows(used_page)
    zoom_in(used_page, "W2", 20, -10)
    after = windows(used_page)
    assert after["dW2"] == after["W2"]
    assert {name for name in after if after[name] != before[name]} == {"W2", "dW2"}


def test_zooming_into_a_gradient_zooms_its_value(used_page):
    zoom_in(used_page, "da1", 20, -10)
    assert window(used_page, "a1") == window(used_page, "da1")


def test_a_zoom_survives_training(used_page):
    zoom_in(used_page, "W2", 20, -10)
    zoomed = windows(used_page)
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    press(used_page, "Run Full Epoch")
    expect_step(used_page, 16, epoch=1)
    assert windows(used_page) == zoomed


def test_a_double_click_shows_all_cells_again(used_page):
    before = windows(used_page)
    zoom_in(used_page, "W2", 20, -10)
    used_page.mouse.dblclick(*on_screen(used_page, "W2", 20, -10))
    expect_window(used_page, "W2", before["W2"])
    assert windows(used_page) == before


@pytest.mark.parametrize("steps", [0, 2])
def test_the_hover_shows_the_name_value_and_gradient_of_a_weight(used_page, steps):
    run = same_run()
    record = run.trainer.engine.look()
    for step in range(1, steps + 1):
        record = run.trainer.run_batch()
        press(used_page, "Run Batch")
        expect_step(used_page, step)
    said = hovered(used_page, "W2", 3, 17)
    assert float(said["W2[3, 17]"]) == pytest.approx(record.weights[1][3, 17], rel=5e-6)
    assert float(said["dW2[3, 17]"]) == pytest.approx(record.weight_gradients[1][3, 17], rel=5e-6)


def test_the_hover_of_a_resting_pointer_follows_the_newest_step(used_page):
    # A changed scale would repaint the whole plot.
    used_page.get_by_label("Lock scale", exact=True).check()
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    before = tooltip(used_page, "W2", 3, 17)
    used_page.get_by_role("button", name="Run Batch", exact=True).press("Enter")
    expect(used_page.locator(".bk-Tooltip").get_by_text(before)).to_be_hidden()
    run = same_run()
    run.trainer.run_batch()
    record = run.trainer.run_batch()
    said = numbers(used_page.locator(".bk-Tooltip").get_by_text("W2[3, 17]").inner_text())
    assert float(said["W2[3, 17]"]) == pytest.approx(record.weights[1][3, 17], rel=5e-6)
    assert float(said["dW2[3, 17]"]) == pytest.approx(record.weight_gradients[1][3, 17], rel=5e-6)


def test_the_hover_outlines_the_cell_in_the_value_and_the_gradient(used_page):
    point_at(used_page, "dW2", 3, 17)
    expect(used_page.locator(".bk-Tooltip", has_text="W2[3, 17]")).to_be_visible()
    assert boxes(used_page, "W2") == boxes(used_page, "dW2") == [[16.5, 17.5, -2.5, -3.5]]
    assert boxes(used_page, "W1") == []


def test_the_outline_disappears_when_the_pointer_leaves(used_page):
    point_at(used_page, "W2", 3, 17)
    expect(used_page.locator(".bk-Tooltip", has_text="W2[3, 17]")).to_be_visible()
    used_page.get_by_role("tab", name="Network", exact=True).hover()
    expect(used_page.locator(".bk-Tooltip", has_text="W2[3, 17]")).to_be_hidden()
    assert boxes(used_page, "W2") == boxes(used_page, "dW2") == []


def test_choosing_a_cell_explains_it(used_page):
    used_page.mouse.click(*on_screen(used_page, "W2", 17, -3))
    expect(used_page.get_by_role("heading", name="W2[3, 17]", exact=True)).to_be_visible()


def test_the_deselect_button_clears_the_explanation(used_page):
    used_page.mouse.click(*on_screen(used_page, "W2", 17, -3))
    expect(used_page.get_by_role("heading", name="W2[3, 17]", exact=True)).to_be_visible()
    press(used_page, "Deselect")
    expect(used_page.get_by_text("Click a cell")).to_be_visible()
    expect(used_page.get_by_role("button", name="Deselect", exact=True)).to_be_hidden()


def test_each_heatmap_of_a_second_run_is_below_its_caption(used_page):
    press(used_page, "New run")
    expect(used_page.get_by_label("Active run", exact=True)).to_contain_text("run 2")
    expect_drawn(used_page)
    for name in HEATMAPS:
        caption = used_page.locator(".bp-caption:visible", has_text=re.compile(rf"^{name} "))
        x, y = on_screen(used_page, name, 0, 0)
        caption = at_rest(caption)
        assert caption["x"] <= x <= caption["x"] + caption["width"], name
        assert caption["y"] + caption["height"] <= y + 5, name
    assert {round(on_screen(used_page, name, 0, 0.5)[1]) for name in HEATMAPS} == {
        round(on_screen(used_page, "X", 0, 0.5)[1])
    }
