"""Data: the text that comes with the package, and tokens that look like HTML."""

from playwright.sync_api import expect

from tests.ui.browsing import (
    choose,
    expect_active,
    expect_drawn,
    expect_step,
    fill,
    on_screen,
    press,
    show_tab,
    tooltip,
)


def test_the_text_that_comes_with_the_package_can_be_learned_from(page):
    choose(page, "Source", "Alice in Wonderland")
    press(page, "New run")
    expect_active(page, "run 2")
    press(page, "Run Batch")
    expect_step(page, 1)
    show_tab(page, "Data")
    expect(page.get_by_text("more master sequences")).to_be_visible()


def test_long_tokens_leave_the_inputs_in_their_place(page):
    fill(page, "Vocabulary", "breakfast supercalifragilistic")
    press(page, "New run")
    expect_active(page, "run 2")
    expect_drawn(page)
    assert on_screen(page, "X", 7.5, 0)[0] < on_screen(page, "W1", -0.5, 0)[0]


def test_html_in_a_token_is_shown_as_text_and_runs_no_script(page):
    script = "<script>window.harmed=1</script>"
    image = "<img/src=x/onerror=window.harmed=1>"
    fill(page, "Vocabulary", f"{script} {image} b")
    press(page, "New run")
    expect_active(page, "run 2")
    show_tab(page, "Data")
    for token in (script, image):
        expect(page.locator(".bp-token", has_text=token).first).to_be_visible()
    show_tab(page, "Network")
    assert image in tooltip(page, "X", 3, 1)
    page.mouse.click(*on_screen(page, "X", 1, -3))
    expect(page.locator(".bp-explanation", has_text=image)).to_be_visible()
    assert page.evaluate("() => window.harmed") is None
    assert page.locator("img").count() == 0
