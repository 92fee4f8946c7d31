"""The workbench as a part of something else."""

import re
import urllib.request

from playwright.sync_api import expect

from tests.ui.browsing import expect_step, press
from tests.ui.conftest import FIRST_LOAD, WHOLE, new_page

# A plot whose axes were never laid out draws their labels over its cells, or not at all.
LABELLED = """() => {
  const [{model}] = [...Bokeh.index.query(({model}) => model.name === 'X')]
  return [...model.below, ...model.left].every((axis) => {
    const [view] = [...Bokeh.index.query((each) => each.model === axis)]
    return view.bbox.width > 0 && view.bbox.height > 0
  })
}"""


def test_within_another_layout_it_works_and_the_map_has_its_labels(context, server):
    page = new_page(context)
    page.goto(server.url.replace("main", "embedded"), timeout=FIRST_LOAD)
    expect(page.locator(".bp-status")).to_have_text(re.compile("^step 0 "), timeout=FIRST_LOAD)
    page.wait_for_function(WHOLE, timeout=FIRST_LOAD)
    press(page, "Run Batch")
    expect_step(page, 1)
    page.wait_for_function(LABELLED)


def test_a_served_page_names_its_scripts_and_brings_none(server):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(server.url) as answer:
        text = answer.read().decode()
    assert re.search(r"<script[^>]* src=", text)
    assert len(text) < 100_000  # Bokeh's scripts alone are 20 times that
