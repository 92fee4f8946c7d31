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

# Whether a number stands right of its token, and the sign right of the last line of a text.
COUNT_AFTER_TOKEN = """(counts) => counts.map((count) => {
  const range = document.createRange()
  range.selectNode(count.lastChild)
  return range.getBoundingClientRect().left >= count.firstChild.getBoundingClientRect().right
})"""
ROW_LABELS = """() => {
  // The heatmaps of the network before are kept, out of sight.
  const seen = ({el, model}) => model.name === "X" && el.checkVisibility()
  const [view] = [...Bokeh.index.query(seen)]
  const axis = view.model.left[0]
  return axis.formatter.doFormat([0, -1, -2], {loc: 0})
}"""
COLUMN_LABELS = """() => {
  const [plot] = [...Bokeh.index.query(({model}) => model.name === "confusion")]
  const [axis] = [...Bokeh.index.query(({model}) => model === plot.model.below[0])]
  const texts = [], context = CanvasRenderingContext2D.prototype, {fillText} = context
  context.fillText = (text) => texts.push(text)
  axis.paint(plot.canvas.primary.ctx)
  context.fillText = fillText
  return texts.join("")
}"""
"""The labels that are drawn of the confusion matrix's columns."""
END_AFTER_TEXT = """(texts) => texts.map((text) => {
  const lines = text.querySelector("bdi").getClientRects()
  const end = text.querySelector("i").getBoundingClientRect()
  const last = [...lines].filter((line) => line.bottom > end.top && line.top < end.bottom)
  return last.every((line) => end.left >= line.right)
})"""


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


def test_each_column_of_a_confusion_matrix_of_22_letters_has_its_label(used_page):
    letters = "abcdefghijklmnopqrstuv"
    fill(used_page, "Vocabulary", " ".join(letters))
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    show_tab(used_page, "Data")
    expect(used_page.get_by_text("Confusion")).to_be_visible()
    expect_drawn(used_page)
    used_page.wait_for_function(f"(letters) => ({COLUMN_LABELS})() === letters", arg=letters)


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
    used_page.locator("input[accept^='.txt,.csv,.tsv']").set_input_files(names)
    expect(used_page.get_by_text("7 windows")).to_be_visible()
    expect(used_page.get_by_label("Sequence length", exact=True)).to_have_value("3")
    fill(used_page, "Boundary token", ".")
    expect(used_page.get_by_label("Sequence length", exact=True)).to_have_value("8")
    expect(used_page.get_by_text("16 windows")).to_be_visible()
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    expect(used_page.get_by_label("Text", exact=True)).to_have_value("emma\nolivia\nava\n")
    show_tab(used_page, "Data")
    expect(used_page.locator(".bp-text")).to_have_count(10)
    press(used_page, "Test loss")
    expect(used_page.get_by_text("windows at step 0")).to_be_visible()


def test_text_written_right_to_left_turns_nothing_around_it(used_page, tmp_path):
    text = tmp_path / "odd\u202e.txt"
    text.write_text("\n".join(["שלום \u202eabc", "\u200fאבגד ab\u0301\t"] * 8), "utf-8")
    choose(used_page, "Source", "Text")
    used_page.locator("input[accept^='.txt,.csv,.tsv']").set_input_files(text)
    fill(used_page, "Boundary token", ".")
    expect(used_page.get_by_text("oddU+202E.txt")).to_be_visible()
    expect(used_page.locator(".bp-count", has_text="U+202E")).to_be_visible()
    counts = used_page.locator(".bp-count").evaluate_all(COUNT_AFTER_TOKEN)
    assert len(counts) > 12 and all(counts)
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    show_tab(used_page, "Data")
    expect(used_page.locator(".bp-text")).to_have_count(10)
    assert all(used_page.locator(".bp-text").evaluate_all(END_AFTER_TEXT))


def test_a_long_label_is_cut_between_its_characters(used_page, tmp_path):
    text = tmp_path / "emoji.txt"
    text.write_text("😀😃😄😁😆😅😂🙂" * 4, "utf-8")
    choose(used_page, "Source", "Text")
    used_page.locator("input[accept^='.txt,.csv,.tsv']").set_input_files(text)
    expect(used_page.locator(".bp-preview")).to_contain_text("25 windows")
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    expect_drawn(used_page)
    labels = used_page.evaluate(ROW_LABELS)
    assert all(label.startswith("…") and label.isprintable() for label in labels)
