"""Further questions about a number in a real browser: what if, activation, which data."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from backprop_panel.analysis import RecordCell, loss_along, loss_along_learning_rate
from backprop_panel.analysis.data_attribution import batch_pushes, training_set_pushes
from backprop_panel.views.panels.what_if_text import END
from backprop_panel.views.plots.numbers import number, numbers, signed, steady
from tests.ui.browsing import (
    at_rest,
    expect_drawn,
    expect_step,
    hovered,
    on_screen,
    press,
    same_run,
    settle,
)

WEIGHT = RecordCell("weights", 1, (3, 17))


@pytest.fixture
def page(used_page):
    """The shared page after one step, with no card open."""
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    return used_page


@pytest.fixture
def run():
    """The same run after that step."""
    run = same_run()
    run.trainer.run_batch()
    return run


@pytest.fixture
def record():
    """What that step was."""
    return same_run().trainer.run_batch()


def ask(page, heatmap, row, column, question):
    """Choose a cell and open a card about it."""
    page.mouse.click(*on_screen(page, heatmap, column, -row))
    press(page, question)
    expect(page.get_by_role("button", name=question, exact=True, pressed=True)).to_be_visible()


def slider(page, name="W2[3, 17]"):
    return page.get_by_role("slider", name=f"What if {name}")


def said(page):
    return page.locator(".bp-said[role=status]")


def move_slider(page, keys, name="W2[3, 17]"):
    """Press keys on the slider; return its position."""
    expect(slider(page, name)).to_be_enabled()
    slider(page, name).focus()
    for key in keys:
        page.keyboard.press(key)
    settle(page)
    return int(slider(page, name).get_attribute("aria-valuenow"))


def expect_changes(page, curve, value):
    """Wait until the true and the predicted change of the loss are shown."""
    true, predicted = (at(value) - curve.loss for at in (curve.true, curve.predicted))
    expect(said(page)).to_contain_text(f"loss changes by {signed(true)}")
    expect(said(page)).to_contain_text(f"the slope alone says {signed(predicted)}")


def standing_still(element):
    """Wait for an element's transitions, and return it."""
    element.evaluate("(it) => Promise.all(it.getAnimations().map((each) => each.finished))")
    return element


def value_at(curve, position):
    return curve.now + (curve.values[-1] - curve.now) * position / END


def test_the_slider_shows_true_and_predicted_change_and_keep_sets_the_weight(page, record):
    ask(page, "W2", 3, 17, "What if")
    curve = loss_along(record, WEIGHT)
    expect(said(page)).to_contain_text(number(curve.loss))
    position = move_slider(page, ["PageDown"] * 5 + ["ArrowRight"])
    assert position == -49
    value = value_at(curve, position)
    expect_changes(page, curve, value)
    expect(slider(page)).to_have_attribute("aria-valuetext", number(value))
    press(page, "Keep")
    expect(page.locator(".bp-inspector .bp-value").first).to_have_text(number(value))
    expect(slider(page)).to_have_attribute("aria-valuenow", "0")
    expect_drawn(page)
    shown = hovered(page, "W2", 3, 17)["W2[3, 17]"].replace("\N{MINUS SIGN}", "-")
    assert float(shown) == pytest.approx(value, rel=1e-4)
    expect(page.locator(".bp-status")).to_have_text(re.compile("^step 1 "))


def test_a_card_stands_below_the_explanation_and_is_scrolled_to(page):
    ask(page, "dW2", 3, 17, "What if")
    expect(said(page)).to_be_in_viewport()
    # The bar of slow motion, once it was used, comes before and is hidden.
    explanation = at_rest(page.locator(".bp-inspector:visible").first)
    toggle = at_rest(page.get_by_role("button", name="What if", exact=True))
    assert explanation["y"] + explanation["height"] <= toggle["y"]


@pytest.mark.parametrize("kind", ["this number", "the learning rate"])
def test_the_thumb_stands_below_its_point_of_the_curve(page, record, kind):
    ask(page, "W2", 3, 17, "What if")
    press(page, kind)
    of_rate = kind != "this number"
    name = kind if of_rate else "W2[3, 17]"
    curve = loss_along_learning_rate(record) if of_rate else loss_along(record, WEIGHT)
    expect(said(page)).to_contain_text(number(curve.loss))
    for keys in ([], ["PageUp"] * 5, ["Home"]):
        position = move_slider(page, keys, name)
        expect(slider(page, name)).to_have_attribute("aria-valuenow", str(position))
        expect_drawn(page)
        share = position / END
        value = curve.now * 100**share if of_rate else value_at(curve, position)
        thumb = standing_still(slider(page, name).locator("xpath=..")).bounding_box()
        across, _ = on_screen(page, "what if", value, curve.loss)
        assert thumb["x"] + thumb["width"] / 2 == pytest.approx(across, abs=1.5)
    press(page, "Drop")
    press(page, "this number")


def test_the_slider_is_dragged_and_drop_changes_nothing(page, record):
    ask(page, "W2", 3, 17, "What if")
    curve = loss_along(record, WEIGHT)
    expect(said(page)).to_contain_text(number(curve.loss))
    status = page.locator(".bp-status").inner_text()
    expect_drawn(page)
    thumb = slider(page).locator("xpath=..")
    thumb.hover()  # once it stands still: the plot above it is laid out as it arrives
    box = thumb.bounding_box()
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    expect(slider(page)).not_to_have_attribute("aria-valuenow", "0")
    settle(page)  # the thumb comes to where the pointer is
    position = int(slider(page).get_attribute("aria-valuenow"))
    assert position > 50
    expect_changes(page, curve, value_at(curve, position))
    press(page, "Drop")
    expect(said(page)).to_contain_text("move the slider")
    expect(slider(page)).to_have_attribute("aria-valuenow", "0")
    expect(page.locator(".bp-inspector .bp-value").first).to_have_text(number(curve.now))
    expect(page.locator(".bp-status")).to_have_text(status)
    press(page, "Run Batch")
    expect_step(page, 2)
    run = same_run()
    run.trainer.run_batch()
    expect(page.locator(".bp-status")).to_contain_text(
        f"loss {steady(run.trainer.run_batch().loss)}"
    )


DOTS = """() => [...Bokeh.index.query(({model}) => model.name === "what if")]
  .map(({model}) => model.renderers.at(-1).data_source.data.x.length)"""


def test_after_keep_nothing_is_tried_any_more(page):
    ask(page, "W2", 3, 17, "What if")
    for _ in range(3):
        move_slider(page, ["PageUp"] * 6)
        page.wait_for_function(f"({DOTS})()[0] === 2")
        press(page, "Keep")
        expect(said(page)).to_contain_text("move the slider")
        page.wait_for_function(f"({DOTS})()[0] === 1")


def test_keep_sets_the_learning_rate_of_the_next_step(page, record):
    ask(page, "W2", 3, 17, "What if")
    press(page, "the learning rate")
    curve = loss_along_learning_rate(record)
    expect(said(page)).to_contain_text(number(curve.loss))
    position = move_slider(page, ["PageUp"] * 5, "the learning rate")
    rate = float(f"{curve.now * 100 ** (position / END):.3g}")
    expect_changes(page, curve, rate)
    press(page, "Keep")
    expect(page.get_by_label("Learning rate", exact=True)).to_have_value(f"{rate:g}")


def test_the_loss_with_each_token_is_listed_at_an_input(page, record):
    ask(page, "X", 3, 5, "What if")
    present = record.contexts[3][1]
    rows = page.locator("table tr", has_text=re.compile("loss"))
    expect(rows).to_have_count(4)
    expect(rows.filter(has_text="now")).to_contain_text(same_run().dataset.vocabulary[present])
    expect(rows.filter(has_text="now")).to_contain_text(number(record.loss))
    expect(page.get_by_role("button", name="Keep", exact=True)).to_be_disabled()


def test_the_curve_follows_the_run_while_it_plays(page):
    ask(page, "W2", 3, 17, "What if")
    expect(said(page)).to_contain_text("move the slider")
    before = said(page).inner_text()
    press(page, "Play")
    expect(said(page)).not_to_have_text(before)
    between = said(page).inner_text()
    expect(said(page)).not_to_have_text(between)
    press(page, "Pause")


def test_the_batch_lies_on_the_activation_function_of_a_unit(page, record):
    ask(page, "a1", 3, 7, "Activation")
    smallest = np.abs(record.activation_slopes[0][:, 7]).min()
    assert smallest >= 0.01
    card = page.locator(".bp-said", has_text="flat")
    expect(card).to_contain_text(number(float(smallest)))
    press(page, "the layer")
    count = int((np.abs(record.activation_slopes[0]) < 0.01).sum())
    expect(card).to_contain_text(f"{count} of 1,024" if count else "No unit is flat")


def test_windows_of_batch_and_training_set_are_ranked_by_their_push(page, record, run):
    ask(page, "dW2", 3, 17, "Which data")
    text = page.locator(".bp-inspector", has_text="Training goes against the gradient")
    expect_windows(text, batch_pushes(record, WEIGHT, run.dataset))
    press(page, "the training set")
    *_, whole = training_set_pushes(record, WEIGHT, run.dataset)
    expect_windows(text, whole)
    press(page, "this batch")
    expect_windows(text, batch_pushes(record, WEIGHT, run.dataset))


def expect_windows(text, pushes):
    """Wait until the strongest windows and the sum of all are shown."""
    expect(text).to_contain_text(f"gradient of W2[3, 17], {number(pushes.gradient)}")
    written = [
        *numbers(push.term for push in pushes.up(5)),
        *numbers(push.term for push in pushes.down(5)),
    ]
    terms = text.locator("tr[data-ring] td:last-child")
    expect(terms).to_have_text(written)
