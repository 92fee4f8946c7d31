"""What the browser tests do and look at, in a person's words."""

import ast
import re
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, TimeoutError, expect

from backprop_panel import TrainingRunManager
from backprop_panel.views.plots.color_scales import ColorScale
from tests.ui.resetting import SETTLED

APP = Path(__file__).resolve().parents[2] / "apps" / "main.py"
STATUS = re.compile(r"^step ([\d,]+) · epoch ([\d,]+) · loss (?:([\d.]+)(?:×10(\S+))?)$")

# A text of each tab, by its title.
TABS = {
    "Loss": "solid: loss",
    "Runs": "Ticked runs",
    "Data": "Confusion",
    "Health": "Gradient norm",
    "Difference": "Compare with",
    "Surface": "its beginning",
    "Sweep": "What varies",
    "Network": "weights",
}

# Found by its view: the page keeps the models of a run that is no longer shown for a while.
_FIGURE = """
  const views = [...Bokeh.index.query((each) => each.model.name === name)]
  // The heatmaps of the network before are kept, out of sight.
  const view = views.find(({el}) => el.checkVisibility()) ?? views[0]
  const figure = view?.model
"""

# Resolved with the first frame after React has shown what its components were given; a second later
# if there is none.
NEXT_FRAME = f"""{SETTLED}.then(() => new Promise((go) => {{
  requestAnimationFrame(go)
  setTimeout(go, 1000)
}}))"""


def standing(page):
    """Return step, epoch and loss as the status line reads."""
    match = STATUS.match(page.locator(".bp-status").inner_text().strip())
    assert match, page.locator(".bp-status").inner_text()
    step, epoch = (int(number.replace(",", "")) for number in match.groups()[:2])
    power = (match[4] or "⁰").translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
    return step, epoch, float(f"{match[3]}e{power}")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def export(page, path):
    """Take the run that is shown out of the page, to a file."""
    with page.expect_download() as download:
        press(page, "Export")
    download.value.save_as(path)


def give(page, path):
    """Import a run from a file."""
    # By what is written on it: a button that took a file bears that file's name besides.
    field = page.get_by_text("Import a run", exact=True).locator("input")
    # It lets go of a file two seconds after taking it: to the browser the same is no change before.
    expect(field).to_have_value("")
    field.set_input_files(path)


def pause(page):
    """Pause if it plays. A press is answered before the next: a second would have it play again."""
    button = page.get_by_role("button", name="Pause", exact=True)
    while button.count():
        # Where an epoch ends just then, it is gone before it is pressed, or the press is on Play.
        # A click by the mouse can be given up and take place all the same.
        with suppress(TimeoutError, AssertionError):
            button.dispatch_event("click", timeout=10_000)
            expect(button).to_have_count(0, timeout=30_000)


# What stands in the first view of some kind that has it. To find it by its role or class takes a
# search of the whole page, and `expect` soon looks no more than twice a second.
_TEXT = """(is_view, selector) => {
  for (const view of window.Bokeh?.index.query(is_view) ?? []) {
    const found = (view.el.shadowRoot ?? view.el).querySelector(selector)
    if (found) return found.textContent
  }
  return ""
}"""

STATUS_MATCHES = f"""(pattern) => new RegExp(pattern).test(({_TEXT})(
  ({{model}}) => model.css_classes?.includes?.("bp-standing"), ".bp-status"
))"""

ACTIVE_CONTAINS = f"""(run) => ({_TEXT})(
  ({{model}}) => model.data?.attributes?.label === "Active run", "[role=combobox]"
).includes(run)"""


def expect_step(page, step, epoch=0):
    pattern = rf"^step {step:,} · epoch {epoch:,} "
    if isinstance(page, Page):
        with suppress(TimeoutError):
            page.wait_for_function(STATUS_MATCHES, arg=pattern, polling=30)
            return
    expect(page.locator(".bp-status")).to_have_text(re.compile(pattern))


def expect_active(page, run):
    with suppress(TimeoutError):
        page.wait_for_function(ACTIVE_CONTAINS, arg=run, polling=30)
        return
    expect(page.get_by_label("Active run", exact=True)).to_contain_text(run)


def expect_drawn(page):
    """Wait until all that the server sent is drawn."""
    page.wait_for_function("() => Bokeh.documents.every((document) => document.is_idle)")
    expect_map(page)


def settle(page):
    """Wait until React shows what its components were given."""
    page.evaluate(f"() => {SETTLED}")


def at_rest(locator):
    """Return the box of an element, once it has come to rest."""
    # An element that the page replaces meanwhile is looked for again.
    while (box := _box_at_rest(locator)) is None:
        pass
    return box


def _box_at_rest(locator):
    expect(locator).to_be_visible()
    return locator.evaluate(
        f"""async (element) => {{
          const place = () => {{
            const {{x, y, width, height}} = element.getBoundingClientRect()
            return {{x, y, width, height}}
          }}
          let before
          do {{
            before = JSON.stringify(place())
            await {NEXT_FRAME}
          }} while (JSON.stringify(place()) !== before)
          return element.isConnected ? place() : null
        }}"""
    )


def fill(page, label, value):
    field = page.get_by_label(label, exact=True)
    field.fill(value)
    field.press("Enter")
    field.blur()


def choose(page, label, option):
    page.get_by_role("combobox", name=label, exact=True).click()
    page.get_by_role("menuitem", name=option, exact=True).click()
    # A list that is still closing bears the same label.
    expect(page.get_by_role("listbox")).to_have_count(0)


def choose_fault(page, label):
    """Choose a fault in the fault lab, which is opened if it is closed."""
    lab = page.get_by_role("button", name="Choose a fault", exact=True)
    if lab.get_attribute("aria-pressed") == "false":
        # The field of the test before is still there until the page has heard that it was closed.
        expect(page.get_by_role("combobox", name="Fault", exact=True)).to_be_hidden()
        lab.click()
    choose(page, "Fault", label)


def timeline(page, at):
    """Focus the slider below the page, once it stands at a step: the status may tell it before."""
    slider = page.get_by_role("slider", name="Timeline", exact=True)
    expect(slider).to_have_attribute("aria-valuenow", f"{at}")
    slider.focus()
    return slider


def show_tab(page, name):
    page.get_by_role("tab", name=name, exact=True).click()


def show_runs(page, *names):
    """Open the table of runs, and wait until it has a row for each of them."""
    show_tab(page, "Runs")
    expect(page.get_by_role("grid").get_by_role("checkbox")).to_have_count(len(names) + 1)
    for name in names:
        expect(page.get_by_role("gridcell", name=name, exact=True)).to_be_visible()


def same_run():
    """Return a run that begins as the page's first one: the same seed makes the same run."""
    calls = (node for node in ast.walk(ast.parse(APP.read_text())) if isinstance(node, ast.Call))
    workbench = next(call for call in calls if getattr(call.func, "id", None) == "Workbench")
    settings = {
        each.arg: ast.literal_eval(each.value)
        for each in workbench.keywords
        if each.arg not in ("store", "user", "shared", "link")
    }
    return TrainingRunManager().create(**settings)


def window(page, name):
    """Return what part of a plot is in sight: its x and y range."""
    return page.evaluate(
        f"""(name) => {{ {_FIGURE}
          return [figure.x_range, figure.y_range].map(({{start, end}}) => [start, end])
        }}""",
        name,
    )


def expect_window(page, name, ranges):
    """Wait until just that part of a plot is in sight."""
    page.wait_for_function(
        f"""([name, ranges]) => {{ {_FIGURE}
          const now = [figure.x_range, figure.y_range].map(({{start, end}}) => [start, end])
          return JSON.stringify(now) === JSON.stringify(ranges)
        }}""",
        arg=[name, ranges],
    )


def expect_map(page):
    """Wait until no heatmap is still to come; those of a network that is out of sight may be."""
    page.wait_for_function(
        """() => [...Bokeh.index.query(({model}) => model.css_classes?.includes?.("bp-awaited")
          || (model.styles?.["--cover"] ?? '""') !== '""')]
          .filter(({el}) => el.checkVisibility()).length === 0""",
        polling=100,
    )


def on_screen(page, name, x, y):
    """Return where a point of a plot is on the screen, once it has come to rest."""
    (place,) = places_on_screen(page, name, [(x, y)])
    return place


def places_on_screen(page, name, points):
    """Return where points of a plot are on the screen, once it has come to rest."""
    expect_map(page)
    page.wait_for_function(f"(name) => {{ {_FIGURE} return view != null }}", arg=name)
    places = page.evaluate(
        f"""async ([name, points]) => {{
          const places = () => {{ {_FIGURE}
            const {{x, y}} = view.el.getBoundingClientRect(), {{x_scale, y_scale}} = view.frame
            return points.map(([at, up]) => [x + x_scale.compute(at), y + y_scale.compute(up)])
          }}
          let before
          do {{
            before = String(places())
            await {NEXT_FRAME}
          }} while (String(places()) !== before)
          return places()
        }}""",
        [name, points],
    )
    return list(map(tuple, places))


def point_at(page, heatmap, row, column):
    """Move the pointer onto a cell of a heatmap that is not zoomed."""
    page.mouse.move(*on_screen(page, heatmap, column, -row))


def tooltip(page, heatmap, row, column):
    """Return all that is said of the cell under the pointer."""
    text = page.locator(".bk-Tooltip").get_by_text(f"{heatmap}[{row}, {column}] = ")
    said = []
    while not said:  # a frame that comes meanwhile may take it away
        point_at(page, heatmap, row, column)
        expect(text).to_be_visible()
        said = text.all_inner_texts()
    return said[0]


def hovered(page, heatmap, row, column):
    """Return the numbers that are given for the cell under the pointer, by their names."""
    return numbers(tooltip(page, heatmap, row, column))


def numbers(said):
    """Return the numbers of what is said of a cell, by their names."""
    return dict(re.findall(r"^(.+) = (\S+)$", said, re.MULTILINE))


def zoom_in(page, name, x, y):
    """Turn the wheel over a point of a plot, and wait until less of the plot is in sight."""
    before = window(page, name)
    page.mouse.move(*on_screen(page, name, x, y))
    page.mouse.wheel(0, -400)
    page.wait_for_function(
        f"""([name, start, end]) => {{ {_FIGURE}
          const range = figure.x_range
          return Math.abs(range.end - range.start) < 0.95 * Math.abs(end - start)
        }}""",
        arg=[name, *before[0]],
    )


def show_part(page, name, rows, columns):
    """Have a heatmap show the first to the last of some rows and columns."""
    page.evaluate(
        f"""([name, left, right, bottom, top]) => {{ {_FIGURE}
          figure.x_range.setv({{start: left, end: right}})
          figure.y_range.setv({{start: bottom, end: top}})
        }}""",
        [name, columns[0] - 0.5, columns[1] + 0.5, -rows[1] - 0.5, 0.5 - rows[0]],
    )


def write_down_texts(page):
    """Keep all texts that are painted from now on, each with its canvas."""
    page.evaluate(
        """() => {
          const {fillText} = CanvasRenderingContext2D.prototype
          CanvasRenderingContext2D.prototype.fillText = function(text, ...place) {
            (this.canvas.texts ??= []).push(text)
            fillText.call(this, text, ...place)
          }
        }"""
    )


def texts_on(page, name, count):
    """Return the last so many numbers that were painted on a heatmap's cells."""
    return page.evaluate(
        f"""([name, count]) => {{ {_FIGURE}
          const canvas = view.canvas_view.underlays_el.querySelector(".bp-numbers")
          return canvas.texts.slice(-count)
        }}""",
        [name, count],
    )


def curves(page, name):
    """Return the labels of the curves that a plot shows."""
    return page.evaluate(
        f"""(name) => {{ {_FIGURE}
          return figure.renderers.flatMap(({{data_source}}) => data_source.data.label ?? [])
        }}""",
        name,
    )


def expect_curves(page, name, *runs):
    """Wait until a plot shows curves of these runs and no others; its legend may come before."""
    page.wait_for_function(
        f"""([name, runs]) => {{ {_FIGURE}
          const labels = figure?.renderers.flatMap((each) => each.data_source.data.label ?? [])
          const shown = new Set(labels?.map((label) => label.split(", ")[0]))
          return shown.size === runs.length && runs.every((run) => shown.has(run))
        }}""",
        arg=[name, list(runs)],
    )


def boxes(page, heatmap):
    """Return the outlines of marked cells in a heatmap: left, right, top and bottom of each.

    The border of the matrix, whose colour is translucent, is left out.
    """
    return page.evaluate(
        f"""(name) => {{ {_FIGURE}
          return figure.renderers.flatMap(({{data_source: {{data}}}}) => [...(data.left ?? [])]
            .map((left, at) => [left, data.right[at], data.top[at], data.bottom[at]])
            .filter((box, at) => (data.color?.[at] ?? "#000000").length < 9))
        }}""",
        heatmap,
    )


def scale(page, heatmap):
    """Return the colours of a heatmap, and its `ColorScale`."""
    palette, end, linear = page.evaluate(
        f"""(name) => {{ {_FIGURE}
          const {{color_mapper}} = figure.renderers.find((each) => each.glyph.color_mapper).glyph
          return [color_mapper.palette, color_mapper.high, color_mapper.tags[0] ?? null]
        }}""",
        heatmap,
    )
    return palette, ColorScale(end, linear)


def expected_colours(page, heatmap, values, cells):
    """Return the colours that cells have on the heatmap's scale."""
    palette, color_scale = scale(page, heatmap)
    shares = (color_scale.shares(np.array([values[cell] for cell in cells])) + 1) / 2
    return [palette[index] for index in np.clip(shares * len(palette), 0, 254).astype(int)]


def colours(page, heatmap, cells):
    """Return the colour that the screen has in the middle of each of some (row, column) cells."""
    places = places_on_screen(page, heatmap, [(column, -row) for row, column in cells])
    image = Image.open(BytesIO(page.screenshot()))
    return ["#{:02x}{:02x}{:02x}".format(*image.getpixel(place)[:3]) for place in places]
