"""Making, naming, resetting, forking and deleting runs."""

from playwright.sync_api import expect

from backprop_panel.views.panels.runs_table import ABSENT
from tests.ui.browsing import (
    choose,
    expect_active,
    expect_curves,
    expect_step,
    fill,
    press,
    show_runs,
    show_tab,
    standing,
)

CHOOSE = """([label, value]) => {
  const lists = Bokeh.documents[0].all_models
  const list = [...lists].find((model) => model.data?.attributes?.label === label)
  list.data.setv({value})
}"""
"""What a browser does that lags behind: it sends a value that is out of date."""

LOOKS = """async () => {
  const [table] = [...Bokeh.index.query(({model}) => model.type.endsWith("DataTabulator"))]
  let looks = 0
  Object.defineProperty(table, "_is_scrolling", {
    get() { looks += 1; return true }, set() {}, configurable: true,
  })
  table._resize_flush = null  // one that waits for the rest of the page
  table._request_resize_redraw()
  await new Promise((go) => setTimeout(go, 500))
  Object.defineProperty(table, "_is_scrolling", {value: false, writable: true})
  return looks
}"""
"""How often a table that cannot be drawn looks in half a second whether it can."""

SHADE = """(left) => {
  const [table] = [...Bokeh.index.query(({model}) => model.type.endsWith("DataTabulator"))]
  const root = table.shadow_el
  root.querySelector(".tabulator-tableholder").scrollLeft = left
  return getComputedStyle(root.querySelector(".tabulator"), "::after").opacity
}"""
"""Scrolls the table sideways; how opaque the shade at its right edge is."""


def test_a_setting_of_the_network_makes_a_new_run_and_keeps_the_old_one(used_page):
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    fill(used_page, "Hidden dimension", "8")
    press(used_page, "New run")
    expect(used_page.get_by_text("16×8", exact=True)).to_be_visible()
    expect_step(used_page, 0)
    choose(used_page, "Active run", "run 1")
    expect(used_page.get_by_text("16×32", exact=True)).to_be_visible()
    expect_step(used_page, 1)


def test_a_reset_goes_back_to_the_beginning(used_page):
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    expect_step(used_page, 0)
    first = standing(used_page)
    press(used_page, "Run Full Epoch")
    expect_step(used_page, 16, epoch=1)
    press(used_page, "Reset")
    expect_step(used_page, 0)
    assert standing(used_page) == first


def test_a_fork_goes_on_from_where_its_parent_is(used_page):
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    press(used_page, "Fork")
    expect_active(used_page, "run 1.1")
    expect_step(used_page, 1)


def test_html_in_a_run_name_is_shown_as_text(used_page):
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    fill(used_page, "Run name", "<img src=x onerror=alert(1)>")
    press(used_page, "Rename")
    expect_active(used_page, "<img src=x")


def test_a_taken_name_is_refused(used_page):
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    fill(used_page, "Run name", "run 1")
    press(used_page, "Rename")
    expect(used_page.get_by_text("There is a run named 'run 1' already.").first).to_be_visible()


def test_deleting_asks_first_and_the_last_run_stays(used_page):
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    press(used_page, "Delete")
    press(used_page, "Delete run")
    expect_active(used_page, "run 1")
    press(used_page, "Delete")
    expect(
        used_page.get_by_text("'run 1' is the only run; there must be one.").first
    ).to_be_visible()


def test_a_browser_that_lags_behind_cannot_choose_a_run_that_is_gone(used_page):
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    fill(used_page, "Run name", "renamed")
    press(used_page, "Rename")
    expect_active(used_page, "renamed")
    used_page.evaluate(CHOOSE, ["Active run", "run 2"])
    expect_active(used_page, "renamed")
    press(used_page, "Run Batch")
    expect_step(used_page, 1)


def test_escape_cancels_the_deletion_of_a_run(used_page):
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    press(used_page, "Delete")
    question = used_page.get_by_role("button", name="Delete run", exact=True)
    expect(question).to_be_visible()
    used_page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect_active(used_page, "run 2")


def test_the_question_before_a_deletion_holds_the_focus_and_gives_it_back(used_page):
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    delete = used_page.get_by_role("button", name="Delete", exact=True)
    delete.focus()
    used_page.keyboard.press("Enter")
    cancel, confirm = (
        used_page.get_by_role("button", name=name, exact=True) for name in ("Cancel", "Delete run")
    )
    expect(confirm).to_be_visible()
    for key, focused in (
        ("Tab", cancel), ("Tab", confirm), ("Tab", cancel), ("Shift+Tab", confirm),
    ):  # fmt: skip
        used_page.keyboard.press(key)
        expect(focused).to_be_focused()
    used_page.keyboard.press("Escape")
    expect(confirm).to_be_hidden()
    expect(delete).to_be_focused()


def type_into_table(page, name, new_name):
    page.get_by_role("gridcell", name=name, exact=True).click()
    field = page.get_by_role("gridcell").get_by_role("textbox")
    field.fill(new_name)
    field.press("Enter")


def test_a_name_is_changed_in_place_in_the_table(used_page):
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    show_runs(used_page, "run 1", "run 2")
    type_into_table(used_page, "run 2", "the second")
    expect(used_page.get_by_role("gridcell", name="the second", exact=True)).to_be_visible()
    expect_active(used_page, "the second")


def test_a_taken_name_is_refused_in_the_table(used_page):
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    show_runs(used_page, "run 1", "run 2")
    type_into_table(used_page, "run 1", "run 2")
    expect(used_page.get_by_text("There is a run named 'run 2' already.").first).to_be_visible()
    expect(used_page.get_by_role("gridcell", name="run 1", exact=True)).to_be_visible()


def test_a_reset_and_a_deletion_are_undone(page):
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)
    before = page.locator(".bp-status").inner_text()
    press(page, "Reset")
    expect_step(page, 0)
    expect(page.get_by_text("reset of run 1")).to_be_visible()
    press(page, "Undo")
    expect(page.locator(".bp-status")).to_have_text(before)
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_hidden()
    press(page, "New run")
    expect_active(page, "run 2")
    press(page, "Delete")
    press(page, "Delete run")
    expect_active(page, "run 1")
    press(page, "Undo")
    expect_active(page, "run 2")


def test_a_run_that_was_searched_for_is_unticked(used_page):
    for number in (2, 3):
        press(used_page, "New run")
        expect_active(used_page, f"run {number}")
        press(used_page, "Run Batch")
        expect_step(used_page, 1)
    show_runs(used_page, "run 1", "run 2", "run 3")
    search = used_page.get_by_role("grid").get_by_placeholder("search").first
    search.press_sequentially("run 2")
    expect(used_page.get_by_role("gridcell", name="run 1", exact=True)).to_have_count(0)
    row = used_page.get_by_role("row").filter(has=used_page.get_by_role("gridcell", name="run 2"))
    row.get_by_role("checkbox").uncheck()
    show_tab(used_page, "Loss")
    expect_curves(used_page, "loss", "run 3")
    show_tab(used_page, "Runs")
    search.fill("")  # the table of the next test shows all runs


def test_a_table_that_cannot_be_drawn_leaves_the_browser_at_rest(used_page):
    show_runs(used_page, "run 1")
    assert 1 <= used_page.evaluate(LOOKS) <= 10


def test_a_loss_that_there_is_not_is_a_dash_with_its_reason(used_page):
    press(used_page, "Reset")
    expect_step(used_page, 0)
    show_runs(used_page, "run 1")
    dashes = used_page.get_by_role("gridcell", name="—", exact=True).locator("span")
    expect(dashes).to_have_count(2)
    for dash, why in zip(dashes.all(), ABSENT.values(), strict=True):
        expect(dash).to_have_attribute("title", why)


def test_a_shade_shows_that_the_table_has_more_columns(used_page):
    show_runs(used_page, "run 1")
    used_page.wait_for_function(f"() => ({SHADE})(0) === '1'")
    used_page.wait_for_function(f"() => ({SHADE})(1e6) === '0'")


def test_tab_goes_through_the_names_of_a_table_and_out_of_it(used_page):
    show_runs(used_page, "run 1")
    row = used_page.get_by_role("grid").locator(".tabulator-row")
    tick, name = row.get_by_role("checkbox"), row.get_by_role("textbox")
    after = used_page.get_by_role("button", name="Show timeline of the loss as a table")
    tick.focus()
    used_page.keyboard.press("Tab")
    expect(name).to_be_focused()
    used_page.keyboard.press("Tab")
    expect(after).to_be_focused()
    used_page.keyboard.press("Shift+Tab")
    expect(name).to_be_focused()
    for leave in ("Shift+Tab", "Escape", "Enter"):
        used_page.keyboard.press(leave)
        tick.focus()
        used_page.keyboard.press("Tab")
        expect(name).to_be_focused()
