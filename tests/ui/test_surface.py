"""The Surface tab in a browser: the path and the present on the loss surface."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import expect

from tests.ui.browsing import (
    choose,
    expect_drawn,
    expect_step,
    fill,
    on_screen,
    press,
    same_run,
    show_tab,
    timeline,
)

DONE = re.compile("· 57×57 points")

_SOURCES = """
  const [view] = [...Bokeh.index.query(({model}) => model.name === "surface")]
  const sources = view?.model.renderers.map(({data_source}) => data_source.data) ?? []
  const places = sources.find((data) => data.text)
  const now = places?.text.findIndex((text) => /^(now|the past)/.test(text))
"""


def open_surface(page, plane="Main directions of the path"):
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)
    show_tab(page, "Surface")
    choose(page, "Plane", plane)


def expect_point(page, text, x, y):
    """Wait until the point of the moment that is shown has this text and lies there."""
    page.wait_for_function(
        f"""([text, x, y]) => {{ {_SOURCES}
          return places?.text[now] === text
            && Math.hypot(places.x[now] - x, places.y[now] - y) < 1e-6
        }}""",
        arg=[text, float(x), float(y)],
    )


def weights_at(run, step):
    state = run.at(step)
    return state.weights[1][3, 17], state.biases[0][4]


@pytest.fixture
def run():
    """The page's run after an epoch."""
    run = same_run()
    run.trainer.run_epoch()
    return run


def test_the_surface_shows_the_path_from_its_beginning_to_the_present(used_page):
    open_surface(used_page)
    expect(used_page.get_by_text(DONE)).to_be_visible()
    expect_point(used_page, "now, after step 16", 0, 0)
    path, cells, levels = used_page.evaluate(
        f"""() => {{ {_SOURCES}
          const lines = sources.filter(({{xs}}) => xs)
          const [image] = sources.find(({{image}}) => image).image
          return [[...lines[1].xs[0]], [...image.shape], new Set(lines[0].color).size]
        }}"""
    )
    assert len(path) >= 12 and path[0] < path[-1] == 0
    assert cells == [57, 57] and levels > 3
    expect_drawn(used_page)
    hover = used_page.locator(".bk-Tooltip").get_by_text(re.compile(r"^loss \d\.\d+"))
    expect_hovered(used_page, hover)


def expect_hovered(page, hover):
    """Move over the surface until its hover text shows; a plot that is laid out anew drops it."""
    for x in (-1, -0.5) * 5:
        page.mouse.move(*on_screen(page, "surface", x, 0), steps=4)
        with suppress(AssertionError):
            expect(hover).to_be_visible(timeout=2000)
            return
    expect(hover).to_be_visible()


def test_the_point_of_two_weights_moves_with_the_timeline(used_page, run):
    open_surface(used_page, "Two weights")
    fill(used_page, "Weight across", "W2[3, 17]")
    fill(used_page, "Weight up", "b1[4]")
    expect(used_page.get_by_text("all other weights as at step 16")).to_be_visible()
    expect_point(used_page, "now, after step 16", *weights_at(run, 16))
    timeline(used_page, at=16)
    for _ in range(6):
        used_page.keyboard.press("ArrowLeft")
    expect_point(used_page, "the past, after step 10", *weights_at(run, 10))
    press(used_page, "Back to now")
    expect_point(used_page, "now, after step 16", *weights_at(run, 16))


def test_a_playing_run_moves_its_point(used_page):
    open_surface(used_page)
    expect_point(used_page, "now, after step 16", 0, 0)
    press(used_page, "Play")
    used_page.wait_for_function(
        f"""() => {{
            {_SOURCES} return /now, after step ([2-9]\\d|\\d{{3}})/.test(places?.text[now])
        }}"""
    )
    press(used_page, "Pause")


def test_a_weight_that_does_not_exist_is_refused_beside_its_field(used_page):
    open_surface(used_page, "Two weights")
    fill(used_page, "Weight up", "W9[0, 0]")
    expect(used_page.get_by_text("has W1 to W3 and b1 to b3; got 'W9[0, 0]'.")).to_be_visible()
    expect(used_page.get_by_text("Name two weights")).to_be_visible()


def test_an_untrained_run_has_no_surface_and_the_tab_says_why(used_page):
    show_tab(used_page, "Surface")
    choose(used_page, "Plane", "Main directions of the path")
    expect(used_page.get_by_text("train a few steps more, or choose two weights")).to_be_visible()
