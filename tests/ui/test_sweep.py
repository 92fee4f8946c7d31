"""A sweep in a browser: defined from the run on the page, trained, compared, and opened."""

import re

import pytest
from playwright.sync_api import expect

from tests.ui.browsing import expect_drawn, expect_step, fill, press, show_tab

pytest.importorskip("distributed")

FIGURE = """(name) => {
  const [view] = [...Bokeh.index.query(({model}) => model.name === name)]
  if (!view) return null
  const sources = view.model.renderers.map(({data_source}) => data_source.data)
  return sources.map((data) => Object.values(data)[0]?.length ?? 0)
}"""


def begin(page, epochs="2", seeds="2"):
    show_tab(page, "Sweep")
    fill(page, "Learning rate values", "0.001, 0.05")
    page.get_by_role("checkbox", name="hidden dimension", exact=True).check()
    # What is suggested there comes first: it would replace what is typed before.
    widths = page.get_by_role("textbox", name="Hidden dimension values", exact=True)
    expect(widths).not_to_have_value("")
    fill(page, "Hidden dimension values", "4, 8, 6")
    fill(page, "Seeds", seeds)
    fill(page, "Epochs of each", epochs)


def expect_parts(page, name, count):
    """Wait until a part of a figure has so many lines or points."""
    page.wait_for_function(
        f"([name, count]) => ({FIGURE})(name)?.includes(count)", arg=[name, count]
    )


def test_a_sweep_is_defined_trained_compared_and_opened(used_page):
    begin(used_page)
    expect(used_page.get_by_text(re.compile("12 runs of 2 epochs: about"))).to_be_visible()
    press(used_page, "Start sweep")
    expect(used_page.get_by_text(re.compile("100% · 12 finished"))).to_be_visible()
    expect(used_page.get_by_text("training loss of 6 configurations")).to_be_visible()
    expect_drawn(used_page)
    expect_parts(used_page, "sweep curves", 6)
    expect_parts(used_page, "sweep heatmap", 6)
    expect_parts(used_page, "sweep parallel", 12)
    expect_parts(used_page, "sweep importance", 36)
    used_page.get_by_role("checkbox", name="Mean and band over seeds", exact=True).uncheck()
    expect(used_page.get_by_text("training loss of 12 runs")).to_be_visible()
    row = used_page.get_by_role("row").filter(has_text="finished").first
    name = row.get_by_text(re.compile(r"^#\d+$")).inner_text()
    row.get_by_text("finished").click()
    expect(used_page.get_by_label("Active run", exact=True)).to_contain_text(f"sweep 1 {name}")
    expect_step(used_page, 32, epoch=2)
    expect(used_page.get_by_role("tab", name="Network")).to_have_attribute("aria-selected", "true")


def test_a_sweep_is_paused_goes_on_and_is_cancelled(used_page):
    begin(used_page, epochs="4000", seeds="1")
    expect(used_page.get_by_text(re.compile("6 runs of 4,000 epochs: about"))).to_be_visible()
    press(used_page, "Start sweep")
    expect(used_page.get_by_text(re.compile("[1-9] running"))).to_be_visible()
    press(used_page, "Pause sweep")
    expect(used_page.get_by_text(re.compile("waiting.* · paused"))).to_be_visible()
    fill(used_page, "Epochs of each", "4001")  # the form stays as it is meanwhile
    press(used_page, "Go on")
    expect(used_page.get_by_text(re.compile("[1-9] running"))).to_be_visible()
    press(used_page, "Cancel sweep")
    expect(used_page.get_by_text(re.compile("waiting.* · cancelled"))).to_be_visible()


def test_a_sweep_that_cannot_work_is_refused_beside_its_form(used_page):
    show_tab(used_page, "Sweep")
    fill(used_page, "Learning rate values", "0.1, -1")
    refused = used_page.get_by_text(re.compile("must be a finite number above 0.*got -1"))
    expect(refused.first).to_be_visible()
    press(used_page, "Start sweep")
    expect(used_page.get_by_text(re.compile("got -1")).first).to_be_visible()
    expect(used_page.get_by_role("button", name="Pause sweep", exact=True)).to_be_hidden()
