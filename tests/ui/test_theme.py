"""The theme that a person chose stays when the page is made anew."""

import signal
from contextlib import closing

from playwright.sync_api import expect

from tests.ui.browsing import press
from tests.ui.conftest import FIRST_LOAD, Server, expect_whole, new_context

MAP_COLOR = """() => [...Bokeh.index.query(({model}) => model.name === "dŷ")]
  .map(({model}) => model.background_fill_color)[0]"""

# Notes the colours of the text and of the background of some elements, each frame in which they are
# others than before, until `window.colors` is taken away.
NOTE_COLORS = """(elements) => {
  window.colors = []
  const note = () => {
    if (!window.colors) return
    const now = elements.map((element) => {
      const {color, backgroundColor} = getComputedStyle(element)
      return [color, backgroundColor]
    })
    if (String(now) !== String(window.colors.at(-1))) window.colors.push(now)
    requestAnimationFrame(note)
  }
  note()
}"""


def expect_theme(page, theme):
    """Wait until page and map have a theme."""
    expect(page.locator(f".page.mui-{theme}")).to_be_attached(timeout=FIRST_LOAD)
    color = {"light": "#fbfbfa", "dark": "#121417"}[theme]
    page.wait_for_function(f"({MAP_COLOR})() === '{color}'", timeout=FIRST_LOAD)


def test_a_chosen_theme_stays_after_a_reload_and_after_a_restart_of_the_server(browser, tmp_path):
    server = Server(tmp_path / "first.log", store=tmp_path / "runs.sqlite")
    with closing(new_context(browser)) as context:
        try:
            server.wait_until_it_listens()
            page = context.new_page()
            page.goto(server.url, timeout=FIRST_LOAD)
            expect_whole(page)
            expect_theme(page, "light")
            press(page, "Toggle theme")
            expect_theme(page, "dark")
            lost = page.locator("dialog.bp-lost-connection")
            server.stop(signal.SIGKILL)
            expect(lost).to_be_visible()
            server = Server(
                tmp_path / "second.log", store=tmp_path / "runs.sqlite", port=server.port
            )
            server.wait_until_it_listens()
            expect(lost).to_have_count(0, timeout=FIRST_LOAD)  # it connects again by itself
            expect_whole(page)
            expect_theme(page, "dark")
            page.reload()
            expect_whole(page)
            expect_theme(page, "dark")
            page.goto(f"{server.url}?theme=default", timeout=FIRST_LOAD)
            expect_whole(page)
            expect_theme(page, "light")
        finally:
            server.stop()


def test_texts_and_their_backgrounds_change_in_the_same_frame(used_page):
    page = used_page
    parts = (".MuiAppBar-root", ".sidebar", ".main", ".contextbar")
    page.evaluate(NOTE_COLORS, [page.locator(part).element_handle() for part in parts])
    for theme in ("dark", "light"):
        press(page, "Toggle theme")
        expect_theme(page, theme)
    light, dark, again = page.evaluate(
        "() => { const all = colors; window.colors = null; return all }"
    )
    assert light == again
    for (text, background), (other_text, other_background) in zip(light, dark, strict=True):
        assert text != other_text
        assert background != other_background
