"""What a press shows at once, and that it counts although its button moves away."""

import re

from playwright.sync_api import expect

from tests.ui.browsing import at_rest, choose, expect_active, press, show_tab

# Presses a control and tells whether its button shows work in the next frame.
SHOWS_WORK = """async (pressed) => {
  const button = pressed.getRootNode().querySelector("button")
  const shown = () => button.ariaBusy === "true" && getComputedStyle(button).opacity < 0.9
  const before = shown()
  pressed.click()
  await new Promise(requestAnimationFrame)
  return [before, shown()]
}"""


def expect_work_at_once(control):
    assert control.evaluate(SHOWS_WORK) == [False, True]


def test_a_button_shows_its_work_in_the_next_frame(used_page):
    show_tab(used_page, "Health")
    button = used_page.get_by_role("button", name="Start detective", exact=True)
    expect(button).to_be_visible()
    expect_work_at_once(button)
    expect(button).not_to_have_attribute("aria-busy", "true")


def test_a_demonstration_shows_its_work_in_the_next_frame(used_page):
    press(used_page, "Demonstrations")
    choice = used_page.get_by_role("menuitem", name="Vanishing gradients")
    expect(choice).to_be_visible()
    expect_work_at_once(choice)
    expect_active(used_page, "Vanishing gradients")
    button = used_page.get_by_role("button", name="Demonstrations")
    expect(button).not_to_have_attribute("aria-busy", "true")


def test_a_press_counts_although_its_button_moves_away_under_it(used_page):
    choose(used_page, "Source", "Text")
    used_page.get_by_label("Text", exact=True).fill("hello world\nfoo bar baz")
    offer = used_page.get_by_role("button", name="New run with these settings", exact=True)
    before, pressed = at_rest(offer), offer.element_handle()
    used_page.mouse.move(before["x"] + 20, before["y"] + 10)
    used_page.mouse.down()  # the text is taken, and the offer now stands below it
    expect(used_page.get_by_text(re.compile("12 tokens"))).to_be_visible()
    used_page.wait_for_function(
        "([button, y]) => !button.isConnected || button.getBoundingClientRect().y !== y",
        arg=[pressed, before["y"]],
    )
    used_page.mouse.up()
    expect_active(used_page, "run 2")


# Presses a button twice, the second time before the browser comes to what waits since the first.
TWO_PRESSES = """async (button) => {
  let made = 0
  document.addEventListener("click", () => made++, {capture: true})
  const {x, y} = button.getBoundingClientRect()
  const place = {clientX: x + 3, clientY: y + 3}
  const options = {bubbles: true, composed: true, pointerType: "mouse", ...place}
  const event = (type) => button.dispatchEvent(new PointerEvent(type, options))
  event("pointerdown"); event("pointerup"); event("click"); event("pointerdown")
  await new Promise((done) => setTimeout(done))
  event("pointerup"); event("click")
  await new Promise((done) => setTimeout(done))
  return made
}"""


def test_a_press_right_after_another_counts_once(used_page):
    button = used_page.get_by_role("button", name="Run Batch", exact=True)
    assert button.evaluate(TWO_PRESSES) == 2
