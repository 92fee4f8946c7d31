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


def test_the_text_that_comes_with_the_package_can_be_learned_from(used_page):
    choose(used_page, "Source", "Alice in Wonderland")
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    show_tab(used_page, "Data")
    expect(used_page.get_by_text("more master sequences")).to_be_visible()


def test_long_tokens_leave_the_inputs_in_their_place(used_page):
    fill(used_page, "Vocabulary", "breakfast supercalifragilistic")
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    expect_drawn(used_page)
    assert on_screen(used_page, "X", 7.5, 0)[0] < on_screen(used_page, "W1", -0.5, 0)[0]


def test_html_in_a_token_is_shown_as_text_and_runs_no_script(used_page):
    script = "<script>window.harmed=1</script>"
    image = "<img/src=x/onerror=window.harmed=1>"
    fill(used_page, "Vocabulary", f"{script} {image} b")
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    show_tab(used_page, "Data")
    for token in (script, image):
        expect(used_page.locator(".bp-token", has_text=token).first).to_be_visible()
    show_tab(used_page, "Network")
    assert image in tooltip(used_page, "X", 3, 1)
    used_page.mouse.click(*on_screen(used_page, "X", 1, -3))
    expect(used_page.locator(".bp-explanation", has_text=image)).to_be_visible()
    assert used_page.evaluate("() => window.harmed") is None
    assert used_page.locator("img").count() == 0


def test_a_text_is_uploaded_previewed_and_learned_from(used_page, tmp_path):
    names = tmp_path / "names.txt"
    names.write_bytes("\ufeffemma\r\nolivia\r\nava\r\n".encode())
    choose(used_page, "Source", "Text")
    used_page.locator("input[accept='.txt,.csv,.tsv']").set_input_files(names)
    expect(used_page.get_by_text("longest master sequence has only 6 tokens")).to_be_visible()
    fill(used_page, "Boundary token", ".")
    expect(used_page.get_by_text("16 windows")).to_be_visible()
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    expect(used_page.get_by_label("Text", exact=True)).to_have_value("emma\nolivia\nava\n")
    show_tab(used_page, "Data")
    expect(used_page.locator(".bp-text")).to_have_count(10)
    press(used_page, "Test loss")
    expect(used_page.get_by_text("windows at step 0")).to_be_visible()
