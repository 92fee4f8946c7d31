"""The workbench in a notebook: JupyterLab in a browser without a network."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from backprop_panel.views.plots.colors import DARK
from tests.ui.browsing import (
    boxes,
    expect_curves,
    expect_step,
    pause,
    press,
    scale,
    show_runs,
    show_tab,
    standing,
    timeline,
)
from tests.ui.conftest import (
    FIRST_LOAD,
    ROOT,
    SERVER_START,
    WITHOUT_TORCH,
    Watch,
    new_context,
    new_page,
)

HEATMAPS = ("X", "W1", "a1", "W2", "a2", "W3", "ŷ")

CELLS = (
    "from backprop_panel.views import Workbench\nfirst = Workbench()\nfirst",
    "import panel as pn\npn.Column('# Within something else', Workbench(hidden_layers=0))",
)

CODE = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    # By name: otherwise JupyterLab asks which kernel it is to be.
    "metadata": {"kernelspec": {"display_name": "Python 3", "name": "python3"}},
    "cells": [{**CODE, "id": f"cell-{at}", "source": code} for at, code in enumerate(CELLS)],
}

KERNEL_IS_IDLE = """() => {
  const session = window.jupyterapp?.shell.currentWidget?.sessionContext
  return session?.isReady && session.session?.kernel?.status === "idle"
}"""

# Both workbenches have the plot of this name, and all that they show is built.
WHOLE = """(name) => {
  const figures = [...Bokeh.index.query(({model}) => model.name === name)]
  return figures.length === 2 && figures.every((view) => view.root.has_finished())
}"""

SHOWS_LAYERS = """() => [...Bokeh.index.query(({model}) => model.name === "gradient_norm")]
  .some(({model}) => model.renderers.some(({data_source}) => data_source.data.xs?.length === 3))"""

CONFUSED = """() => [...Bokeh.index.query(({model}) => model.name === "confusion")]
  .some(({model}) => model.renderers.some(({data_source}) =>
    Math.max(...data_source.data.image?.[0] ?? [0])))"""

ZERO_IS = """(colour) => [...Bokeh.index.query(({model}) => model.name === "W1")]
  .every(({model}) => model.renderers[0].glyph.color_mapper.palette[127] === colour)"""

LABELS = """() => [...Bokeh.index.query(({model}) => model.name === "X")].flatMap(({model}) =>
  [...model.left, ...model.below].map((axis) => axis.major_label_text_font_size))"""

# Collects the names of the properties whose change the page reports to the kernel.
LISTEN = """() => {
  window.told = []
  const {kernel} = jupyterapp.shell.currentWidget.sessionContext.session
  kernel.anyMessage.connect((_, {msg, direction}) => {
    if (direction === "send" && msg.header.msg_type === "comm_msg")
      told.push(...msg.content.data.content.events.map(({kind, attr}) => attr ?? kind))
  })
}"""

# Runs code as a cell does.
EXECUTE = """(code) => jupyterapp.shell.currentWidget.sessionContext.session.kernel
  .requestExecute({code}).done"""

# Saves the first cell and its output below so many others that JupyterLab runs the output's scripts
# before the output is in the page.
SAVE = """(path) => {
  const content = jupyterapp.shell.currentWidget.content.model.toJSON()
  const [cell] = content.cells
  const empty = {...cell, source: "", outputs: []}
  content.cells = [...Array.from({length: 20}, (_, at) => ({...empty, id: `empty-${at}`})), cell]
  return jupyterapp.serviceManager.contents.save(path, {type: "notebook", format: "json", content})
}"""

NOT_CONNECTED = "Run the cell again to go on."

MARGIN = 16
"""Pixels at each side of the middle part that are empty, by which it overlaps what is beside it."""

# The left and right of each part by its CSS class, and the classes of buttons and of a map of which
# something is cut off.
PARTS = """() => {
  const found = {}, cut = []
  const look = (root) => {
    for (const element of root.querySelectorAll("*")) {
      const {left, right} = element.getBoundingClientRect()
      for (const name of ["bp-workbench", "bp-beside", "bp-middle", "bp-toolbar"])
        if (element.classList.contains(name)) (found[name] ??= []).push([left, right])
      if (element.matches(".bp-map, button") && element.scrollWidth > element.clientWidth + 1)
        cut.push(element.className)
      if (element.shadowRoot) look(element.shadowRoot)
    }
  }
  look(document.querySelector(".jp-Notebook .jp-CodeCell"))
  return [found, cut]
}"""


class Lab:
    """JupyterLab in a process and folders of its own, with one notebook in it."""

    def __init__(self, folder: Path):
        root = folder / "root"
        root.mkdir()
        (root / "notebook.ipynb").write_text(json.dumps(NOTEBOOK))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.host = f"127.0.0.1:{probe.getsockname()[1]}"
        self.log = folder / "lab.log"
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        command += ["--expose-app-in-browser", "--ip=127.0.0.1", f"--port={self.host[10:]}"]
        command += ["--IdentityProvider.token=", f"--ServerApp.root_dir={root}"]
        command += ["--LabApp.news_url=None", "--LabApp.extension_manager=readonly"]
        command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
        names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
        names += ("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
        own = {name: str(folder / name.lower()) for name in names}
        own["PYTHONPATH"] = f"{ROOT}{os.pathsep}{WITHOUT_TORCH['PYTHONPATH']}"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                env=os.environ | own,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_it_answers(self) -> None:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        deadline = time.monotonic() + SERVER_START
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                opener.open(f"http://{self.host}/api", timeout=SERVER_START).close()
                return
            except OSError:  # nobody listens yet
                time.sleep(0.1)
        pytest.fail(f"JupyterLab did not answer:\n{self.log.read_text(errors='replace')}")

    def stop(self) -> None:
        self.process.terminate()  # and its kernels with it
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    lab = Lab(tmp_path_factory.mktemp("lab"))
    try:
        lab.wait_until_it_answers()
        yield lab
    finally:
        lab.stop()


def open_notebook(page, lab, path="notebook.ipynb"):
    page.goto(f"http://{lab.host}/lab/tree/{path}?reset", timeout=FIRST_LOAD)
    page.wait_for_function(KERNEL_IS_IDLE, timeout=FIRST_LOAD)


def command(page, name, **arguments):
    page.evaluate("([name, given]) => jupyterapp.commands.execute(name, given)", [name, arguments])


@pytest.fixture(scope="module")
def opened(browser, lab):
    """Return the notebook's page, all of its cells run, and what it may not do."""
    context = new_context(browser)
    watch = Watch(context, lab.host)
    page = new_page(context)
    open_notebook(page, lab)
    command(page, "notebook:run-all-cells")
    page.wait_for_function(WHOLE, arg="timeline", timeout=FIRST_LOAD)
    yield page, watch
    context.close()


def expect_quiet(watch):
    """Expect that a page asked no other host and raised no error."""
    assert not watch.foreign, f"requests to other hosts: {set(watch.foreign)}"
    # Panel looks for its output once it is embedded, and a cell that is run again meanwhile has
    # replaced it.
    errors = [error for error in watch.errors if "at embed_document" not in error]
    assert not errors, f"errors raised in the page: {errors}"


@pytest.fixture
def page(opened):
    page, watch = opened
    watch.foreign.clear()
    watch.errors.clear()
    yield page
    expect_quiet(watch)


@pytest.fixture
def cells(page):
    found = page.locator(".jp-Notebook .jp-CodeCell")
    expect(found).to_have_count(len(CELLS))
    first = found.first
    show_tab(first, "Network")
    press(first, "Reset")
    expect_step(first, 0)
    return [found.nth(number) for number in range(len(CELLS))]


def box_of(page, name):
    """Return where the first workbench's plot of this name is on the screen."""
    return page.evaluate(
        """(name) => {
          const {el} = [...Bokeh.index.query(({model}) => model.name === name)][0]
          el.scrollIntoView({block: "nearest"})
          const {x, y, width, height} = el.getBoundingClientRect()
          return {x, y, width, height}
        }""",
        name,
    )


def colours_of(page, name):
    """Return how many colours the screen has within a plot of the first workbench."""
    image = Image.open(BytesIO(page.screenshot(clip=box_of(page, name)))).convert("RGB")
    return len(image.getcolors(maxcolors=1 << 24))


def test_in_a_notebook_a_batch_counts_a_step(cells):
    press(cells[0], "Run Batch")
    expect_step(cells[0], 1)


def test_in_a_notebook_the_page_follows_what_cells_do(page, cells):
    run = "first.manager.current.trainer"
    page.evaluate(EXECUTE, f"{run}.run_epoch(); {run}.change(learning_rate=0.5)")
    expect_step(cells[0], 16, epoch=1)
    expect(cells[0].get_by_label("Learning rate", exact=True)).to_have_value("0.5")


@pytest.mark.parametrize("prefix", ["", "d"])
def test_in_a_notebook_the_heatmaps_are_drawn(page, cells, prefix):
    press(cells[0], "Run Batch")
    expect_step(cells[0], 1)
    assert all(colours_of(page, prefix + name) > 4 for name in HEATMAPS)


def test_in_a_notebook_labels_are_legible(page, cells):
    assert set(page.evaluate(LABELS)) == {"11px"}


def test_in_a_notebook_the_page_returns_no_change_to_the_kernel(page, cells):
    page.evaluate(LISTEN)
    press(cells[0], "Run Batch")
    expect_step(cells[0], 1)
    press(cells[0], "Run Batch")  # after whatever the first made the page report
    expect_step(cells[0], 2)
    told = page.evaluate("() => told")
    assert "MessageSent" in told
    assert not {"text", "data"} & set(told)


def test_in_a_notebook_play_shows_frames_until_paused(cells):
    status = cells[0].locator(".bp-status")
    press(cells[0], "Play")
    for _ in range(3):
        expect(status).not_to_have_text(status.inner_text())
    press(cells[0], "Pause")
    expect(cells[0].get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_in_a_notebook_a_clicked_cell_is_marked_and_explained(page, cells):
    marked, box = len(boxes(page, "W2")), box_of(page, "W2")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(cells[0].locator(".bp-explanation")).to_contain_text("W2[")
    assert len(boxes(page, "W2")) > marked
    press(cells[0], "Deselect")
    expect(cells[0].get_by_text("Click a cell of the map")).to_be_visible()


def test_in_a_notebook_the_timeline_leads_back(cells):
    press(cells[0], "Run Full Epoch")
    expect_step(cells[0], 16, epoch=1)
    timeline(cells[0], at=16).press("ArrowLeft")
    expect_step(cells[0], 15)


def test_in_a_notebook_each_tab_shows_its_plots(page, cells):
    press(cells[0], "Run Full Epoch")
    expect_step(cells[0], 16, epoch=1)
    show_tab(cells[0], "Loss")
    expect_curves(page, "loss", "run 1")
    show_tab(cells[0], "Data")
    page.wait_for_function(CONFUSED)
    show_tab(cells[0], "Health")
    expect(cells[0].get_by_text("Gradient norm")).to_be_visible()
    page.wait_for_function(SHOWS_LAYERS)
    expect(cells[0].locator(".material-icons")).to_have_count(0)  # needs a font


def test_in_a_notebook_the_table_of_runs_is_laid_out(cells):
    show_runs(cells[0], "run 1")
    name, step = (
        cells[0].get_by_role("columnheader", name=title, exact=True).bounding_box()
        for title in ("name", "step")
    )
    assert name["y"] == step["y"] and name["x"] + name["width"] <= step["x"] + 1


@pytest.mark.parametrize("side_bar", ["open", "closed"])
def test_in_a_notebook_nothing_is_cut_off_beside_a_side_bar(page, cells, side_bar):
    bar = page.locator("#jp-left-stack")
    if bar.is_visible() != (side_bar == "open"):
        command(page, "application:toggle-left-area")
    expect(bar).to_be_visible(visible=side_bar == "open")
    page.wait_for_function(f"() => {{ const [, cut] = ({PARTS})(); return !cut.length }}")
    parts, _ = page.evaluate(PARTS)
    ((left, right),) = parts["bp-workbench"]
    ((middle, end),) = parts["bp-middle"]
    assert left <= min(start for start, _ in parts["bp-beside"])
    assert end <= right + MARGIN
    assert all(
        stop <= middle + MARGIN or start >= end - MARGIN for start, stop in parts["bp-beside"]
    )
    explained = cells[0].get_by_label("Find", exact=True).bounding_box()
    play = cells[0].get_by_role("button", name="Play", exact=True).bounding_box()
    assert abs(explained["y"] - play["y"]) < 40


def test_in_a_notebook_confusions_stand_below_predictions(page, cells):
    show_tab(cells[0], "Data")
    page.wait_for_function(CONFUSED)
    plot, whole = box_of(page, "confusion"), cells[0].locator(".bp-workbench").bounding_box()
    assert plot["x"] + plot["width"] <= whole["x"] + whole["width"]


def test_in_a_notebook_heatmaps_follow_the_theme_of_jupyterlab(page, cells):
    command(page, "apputils:change-theme", theme="JupyterLab Dark")
    # JupyterLab loads the theme's style sheets first.
    page.wait_for_function(ZERO_IS, arg=DARK.background, timeout=FIRST_LOAD)
    assert scale(page, "W1")[0] == DARK.diverging()


def test_in_a_notebook_a_second_workbench_works_in_a_layout(cells):
    press(cells[1], "Reset")
    press(cells[1], "Run Batch")
    expect_step(cells[1], 1)
    expect_step(cells[0], 0)


def test_a_cell_run_again_after_the_page_was_loaded_anew_works(page, lab):
    open_notebook(page, lab)
    page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 0 }")
    command(page, "notebook:run-cell")
    cell = page.locator(".jp-Notebook .jp-CodeCell").first
    expect(cell.locator(".jp-OutputPrompt").last).to_have_text(re.compile(r"\[[3-9]\]"))
    press(cell, "Run Batch")
    expect_step(cell, 1)


def test_a_saved_notebook_works_in_another_browser(browser, page, lab):
    page.evaluate(SAVE, "saved.ipynb")
    with closing(new_context(browser)) as context:
        watch = Watch(context, lab.host)
        other = new_page(context)
        open_notebook(other, lab, "saved.ipynb")
        expect(other.get_by_text(NOT_CONNECTED)).to_be_visible()  # from the saved output
        expect_quiet(watch)
        command(other, "notebook:run-all-cells")
        cell = other.locator(".jp-Notebook .jp-CodeCell").last
        press(cell, "Run Batch")
        expect_step(cell, 1)
        expect_quiet(watch)


def test_a_second_browser_says_that_the_workbench_does_not_follow_the_kernel(
    browser, page, lab, cells
):
    press(cells[0], "Play")
    page.evaluate("() => jupyterapp.shell.currentWidget.context.save()")
    with closing(new_context(browser)) as context:
        watch = Watch(context, lab.host)
        other = new_page(context)
        open_notebook(other, lab)
        cell = other.locator(".jp-Notebook .jp-CodeCell").first
        expect(cell.get_by_text(NOT_CONNECTED)).to_be_visible()
        expect_step(cell, 0)
        expect_quiet(watch)
        pause(cells[0])
        before = standing(cells[0])[0]
        assert before > 0
        press(cell, "Run Batch")
        for _ in range(2):
            press(cells[0], "Run Batch")
        step = f"{before + 2:,}"
        expect(cells[0].locator(".bp-status")).to_have_text(re.compile(f"^step {step} "))
    expect(cells[0].get_by_text(NOT_CONNECTED)).to_have_count(0)
