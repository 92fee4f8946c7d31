"""The panel at the right in a real browser: from any number to the loss, and back."""

import json
import re

import pytest
from playwright.sync_api import expect

from backprop_panel.analysis import RecordCell, explain
from backprop_panel.views.plots.numbers import number
from tests.ui.browsing import boxes, expect_step, on_screen, press, same_run, show_tab, timeline

DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


@pytest.fixture
def page(used_page):
    """The shared page after one step."""
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    return used_page


@pytest.fixture
def record():
    """What that step was."""
    return same_run().trainer.run_batch()


def tap(page, heatmap, row, column):
    page.mouse.click(*on_screen(page, heatmap, column, -row))


def inspector(page):
    return page.locator(".bp-inspector")


def expect_explained(page, name):
    expect(inspector(page).locator("h3")).to_contain_text(name)


def links(page):
    """Return the cell and the text of each link among the terms."""
    found = (
        inspector(page)
        .locator("td button.bp-link")
        .evaluate_all("(all) => all.map((each) => [each.dataset.key, each.textContent])")
    )
    return [(json.loads(key), text) for key, text in found]


def follow(page, quantity):
    """Click the first link to a number of a kind, and return its cell."""
    cell, _ = next(link for link in links(page) if link[0]["quantity"] == quantity)
    inspector(page).locator(f"td [data-key='{json.dumps(cell)}']").first.click()
    return RecordCell(cell["quantity"], cell["layer"], tuple(cell["index"]))


def value_of(text):
    """Return a number from its digits on the page."""
    mantissa, _, power = text.replace("−", "-").partition("×10")
    return float(mantissa) * 10.0 ** int(power.translate(DIGITS) or 0)


def expect_numbers_of(page, record, explanation):
    """Assert that every number that is shown is that of the record."""
    expect_explained(page, explanation.name)
    expect(inspector(page).locator(".bp-value")).to_have_text(number(explanation.value))
    for cell, text in links(page):
        value = RecordCell(cell["quantity"], cell["layer"], tuple(cell["index"])).value(record)
        assert value_of(text) == pytest.approx(value, rel=1e-3)


def test_further_questions_are_in_sight_wherever_the_explanation_is_scrolled(page):
    tap(page, "dW2", 3, 17)
    expect_explained(page, "dW2[3, 17]")
    questions = [page.get_by_role("button", name=name) for name in ("What if", "Which data")]
    for question in questions:
        expect(question).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Deselect").scroll_into_view_if_needed()
    for question in questions:
        expect(question).to_be_in_viewport(ratio=1)


def test_terms_lead_from_a_weight_gradient_to_the_loss_and_the_path_back(page, record):
    tap(page, "dW2", 3, 17)
    way = [explain(record, "weight_gradients", 1, (3, 17))]
    expect_numbers_of(page, record, way[-1])
    for quantity in ("deltas", "deltas"):
        way.append(explain(record, follow(page, quantity)))
        expect_numbers_of(page, record, way[-1])
    inspector(page).locator("button.bp-link", has_text=re.compile(r"^[\d.]+$")).first.focus()
    inspector(page).get_by_role("button", name=number(example_loss(record, way[-1]))).first.click()
    expect_explained(page, f"L[{way[-1].cell.index[0]}]")
    follow(page, "loss")
    expect_numbers_of(page, record, explain(record, "loss"))
    steps = inspector(page).locator("nav button.bp-link")
    assert steps.all_inner_texts()[:3] == [explanation.name for explanation in way]
    steps.first.click()
    expect_numbers_of(page, record, way[0])
    expect(inspector(page).locator("nav")).to_have_count(0)


def example_loss(record, explanation):
    return float(record.example_losses[explanation.cell.index[0]])


def test_no_number_of_a_table_is_cut(page):
    tap(page, "dW2", 3, 17)
    inspector(page).get_by_role("button", name=re.compile("^All ")).click()
    expect(inspector(page).get_by_role("button", name="First 8")).to_be_visible()
    table = inspector(page).locator(".bp-scroll")
    assert table.evaluate("(box) => box.scrollWidth <= box.clientWidth")


def test_a_link_shows_the_next_number_from_its_top(page):
    tap(page, "dW2", 3, 17)
    expect_explained(page, "dW2[3, 17]")
    inspector(page).get_by_role("button", name="Copy NumPy").scroll_into_view_if_needed()
    follow(page, "deltas")
    expect(inspector(page).locator("nav")).to_be_in_viewport()


def test_the_field_that_finds_a_number_stays_above_a_long_explanation(page):
    tap(page, "dW2", 3, 17)
    expect_explained(page, "dW2[3, 17]")
    heading = inspector(page).get_by_role("heading", name="dW2[3, 17]")
    heading.hover()
    page.mouse.wheel(0, 400)
    expect(heading).not_to_be_in_viewport()
    expect(inspector(page).get_by_label("Find", exact=True)).to_be_in_viewport()


def test_equations_are_typeset_within_the_panel_with_mathml_beside(page):
    tap(page, "dW2", 3, 17)
    expect_explained(page, "dW2[3, 17]")
    equations = inspector(page).locator(".bp-equation")
    expect(equations.locator("math")).to_have_count(2)
    assert "∂" in equations.first.locator("math").text_content()
    for equation in equations.all():
        assert equation.evaluate("(box) => box.scrollWidth <= box.clientWidth")
        assert equation.evaluate("(box) => parseFloat(getComputedStyle(box).fontSize) >= 9")
    family = equations.first.locator(".mord").last.evaluate(
        "(it) => getComputedStyle(it).fontFamily"
    )
    assert family.startswith("bp-KaTeX")


def test_the_long_equations_of_an_update_fit_into_the_panel(page):
    press(page, "Run Batch")
    name = inspector(page).get_by_label("Find", exact=True)
    name.fill("ΔW2[3, 17]")
    name.press("Enter")
    expect_explained(page, "ΔW2[3, 17]")
    for equation in inspector(page).locator(".bp-equation").all():
        expect(equation.locator("math")).to_have_count(1)
        assert equation.evaluate("(box) => box.scrollWidth <= box.clientWidth")


def test_pointing_at_a_term_rings_its_numbers_on_the_map(page):
    tap(page, "dW2", 3, 17)
    expect_explained(page, "dW2[3, 17]")
    before = len(boxes(page, "a1"))
    row = inspector(page).locator("tr[data-ring]").first
    ringed = json.loads(row.get_attribute("data-ring"))
    row.hover()
    count = before + sum(cell["quantity"] == "activations" for cell in ringed)
    page.wait_for_function(
        """([name, count]) => [...Bokeh.index.query(({model}) => model.name === name)]
          .flatMap(({model}) => model.renderers)
          .some(({data_source: {data}}) => data.width?.filter((w) => w > 2).length === count)""",
        arg=["a1", count - before],
    )


def test_the_explanation_follows_the_run_while_it_plays(page):
    tap(page, "dW2", 3, 17)
    expect_explained(page, "dW2[3, 17]")
    value = inspector(page).locator(".bp-value")
    before = value.inner_text()
    press(page, "Play")
    expect(value).not_to_have_text(before)
    expect(inspector(page).locator(".bp-name")).to_contain_text(re.compile(r"step [\d,]{2,}"))
    press(page, "Pause")


def test_an_earlier_step_is_explained_with_its_own_numbers(page, record):
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)
    tap(page, "dW2", 3, 17)
    expect(inspector(page).locator(".bp-name")).to_contain_text("step 16")
    timeline(page, at=16)
    page.keyboard.press("Home")
    expect_step(page, 0)
    page.keyboard.press("ArrowRight")
    expect(inspector(page).locator(".bp-name")).to_contain_text(re.compile("step 1$"))
    expect(inspector(page).locator(".bp-value")).to_have_text(
        number(float(record.weight_gradients[1][3, 17]))
    )


def test_the_line_of_numpy_is_copied(page, record):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tap(page, "dW2", 3, 17)
    expect_explained(page, "dW2[3, 17]")
    press(page, "Copy NumPy")
    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == explain(record, "weight_gradients", 1, (3, 17)).numpy


def test_a_number_is_explained_on_other_tabs_too(page):
    tap(page, "dW2", 3, 17)
    show_tab(page, "Loss")
    expect_explained(page, "dW2[3, 17]")
    follow(page, "deltas")
    expect_explained(page, "δ2[")


def test_no_table_of_an_update_is_wider_than_the_panel(page):
    tap(page, "dW2", 3, 17)
    expect_explained(page, "dW2[3, 17]")
    inspector(page).locator("p button.bp-link", has_text="ΔW2[3, 17]").click()
    expect_explained(page, "ΔW2[3, 17]")
    expect(inspector(page).locator("td", has_text="learning rate")).to_be_visible()
    beyond = (
        inspector(page)
        .locator("table")
        .evaluate_all(
            """(tables) => tables.map((table) => table.getBoundingClientRect().right
          - table.closest(".bp-inspector").getBoundingClientRect().right)"""
        )
    )
    assert beyond and max(beyond) <= 1
