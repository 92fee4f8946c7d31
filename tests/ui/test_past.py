"""Going back to any step, and training on from there."""

import re

import pytest
from playwright.sync_api import expect

from backprop_panel.views.plots.numbers import steady
from tests.ui.browsing import (
    at_rest,
    choose,
    expect_active,
    expect_curves,
    expect_drawn,
    expect_step,
    fill,
    hovered,
    on_screen,
    press,
    same_run,
    show_tab,
    timeline,
)
from tests.ui.resetting import ELEMENTS


def train_an_epoch(page):
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)


def step_back(page, times, key="ArrowLeft"):
    timeline(page, at=16)
    for _ in range(times):
        page.keyboard.press(key)


def test_arrow_keys_go_back_and_the_map_shows_the_weights_of_that_step(used_page):
    train_an_epoch(used_page)
    step_back(used_page, 6)
    expect_step(used_page, 10)
    expect(used_page.get_by_text("the past: now at step 16")).to_be_visible()
    run = same_run()
    for _ in range(10):
        record = run.trainer.run_batch()
    weight = float(hovered(used_page, "W2", 3, 17)["W2[3, 17]"])
    assert abs(weight - record.weights[1][3, 17]) < 1e-6
    assert used_page.locator(".bp-status").inner_text().endswith(f"loss {steady(record.loss)}")


# The second value comes when the component has shown the first one and not yet written it back.
TWO_VALUES = """([label, first, second]) => new Promise((resolve) => {
  const {data} = [...Bokeh.documents[0].all_models]
    .find((model) => model.data?.attributes?.label === label)
  const shown = (ELEMENTS)(document).find((each) => each.getAttribute("aria-label") === label)
  new MutationObserver((changes, observer) => {
    observer.disconnect()
    data.setv({value: second}, {sync: false})
    window.values = []
    data.properties.value.change.connect(() => window.values.push(data.value))
    resolve()
  }).observe(shown, {attributes: true, attributeFilter: ["aria-valuenow"]})
  data.setv({value: first}, {sync: false})
})""".replace("ELEMENTS", ELEMENTS)


def test_of_two_steps_in_quick_succession_the_slider_keeps_the_newer_one(used_page):
    train_an_epoch(used_page)
    step_back(used_page, 0)
    used_page.evaluate(TWO_VALUES, ["Timeline", 3, 16])
    slider = used_page.get_by_role("slider", name="Timeline", exact=True)
    expect(slider).to_have_attribute("aria-valuenow", "16")
    used_page.wait_for_timeout(500)  # until the older one would have been written back
    assert used_page.evaluate("window.values") == []
    expect_step(used_page, 16, epoch=1)


def test_back_to_now_shows_the_present(used_page):
    train_an_epoch(used_page)
    step_back(used_page, 3)
    expect_step(used_page, 13)
    press(used_page, "Back to now")
    expect_step(used_page, 16, epoch=1)
    expect(used_page.get_by_text("the past:")).to_be_hidden()


@pytest.mark.parametrize("width", [1280, 1000])
def test_the_header_keeps_its_height_in_the_past(used_page, width):
    train_an_epoch(used_page)
    used_page.set_viewport_size({"width": width, "height": 720})
    try:
        tab = used_page.get_by_role("tab", name="Network", exact=True)
        place = at_rest(tab)
        step_back(used_page, 1)
        expect(used_page.get_by_text("the past: now at step 16")).to_be_visible()
        assert at_rest(tab) == place
    finally:
        used_page.set_viewport_size({"width": 1280, "height": 800})


def test_the_home_key_goes_to_the_beginning_each_time(used_page):
    train_an_epoch(used_page)
    for _ in range(2):
        step_back(used_page, 1, "Home")
        expect_step(used_page, 0)
        press(used_page, "Back to now")
        expect_step(used_page, 16, epoch=1)


def test_training_from_a_past_step_forks_and_the_old_run_keeps_its_steps(used_page):
    train_an_epoch(used_page)
    step_back(used_page, 6)
    expect_step(used_page, 10)
    press(used_page, "Run Batch")
    expect_active(used_page, "run 1.1")
    expect_step(used_page, 11)
    choose(used_page, "Active run", "run 1")
    expect_step(used_page, 16, epoch=1)


def test_a_click_on_the_curve_goes_to_its_step(used_page):
    train_an_epoch(used_page)
    # The curve may be drawn after the status.
    used_page.wait_for_function(
        """() => [...Bokeh.index.query(({model}) => model.name === 'timeline')]
          .some(({model}) => model.x_range.end >= 16)"""
    )
    expect_drawn(used_page)
    used_page.mouse.click(*on_screen(used_page, "timeline", 8, 0.9))
    expect_step(used_page, 8)


def test_a_changed_setting_is_a_marked_point_that_names_the_change(used_page):
    train_an_epoch(used_page)
    fill(used_page, "Learning rate", "0.05")
    press(used_page, "Run Batch")
    expect_step(used_page, 17, epoch=1)
    show_tab(used_page, "Loss")
    expect(used_page.locator(".bp-run-name", has_text="run 1")).to_be_visible()
    used_page.wait_for_function(
        """() => [...Bokeh.index.query(({model}) => model.name === 'loss')][0].model.renderers
          .some(({data_source: {data}}) => data.what
            && `${[...data.x, ...data.what]}` === '16,learning rate 0.05')"""
    )
    expect_curves(used_page, "loss", "run 1")


def test_a_difference_shows_one_step_minus_another(used_page):
    train_an_epoch(used_page)
    show_tab(used_page, "Difference")
    fill(used_page, "At step", "3")
    press(used_page, "Compare")
    expect(
        used_page.get_by_text(re.compile("^The map shows run 1 at step 16 minus run 1 at step 3"))
    ).to_be_visible()
    show_tab(used_page, "Network")
    expect(
        used_page.get_by_text(re.compile("^Difference: run 1 at step 16 minus run 1 at step 3"))
    ).to_be_visible()
    run = same_run()
    run.trainer.run_epoch()
    expected = run.model.weights[1][3, 17] - run.at(3).weights[1][3, 17]
    assert abs(float(hovered(used_page, "W2", 3, 17)["difference of W2[3, 17]"]) - expected) < 1e-6


def test_comparing_networks_of_different_shape_is_refused_at_the_button(used_page):
    fill(used_page, "Hidden dimension", "8")
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    show_tab(used_page, "Difference")
    choose(used_page, "Compare with", "run 1")
    fill(used_page, "At step", "0")
    press(used_page, "Compare")
    expect(used_page.get_by_text("Networks of 16-8-8-4 and 16-32-32-4 units")).to_be_visible()


def test_a_set_weight_is_used_and_a_frozen_layer_keeps_its_weights(used_page):
    used_page.mouse.click(*on_screen(used_page, "W2", 17, -3))
    fill(used_page, "Set value", "abc")
    expect(used_page.get_by_text("weight takes a number such as 0.01, got 'abc'.")).to_be_visible()
    fill(used_page, "Set value", "0.75")
    expect(used_page.locator(".bp-value")).to_have_text("0.75")
    used_page.get_by_label("Freeze W2 and b2", exact=True).click()
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    assert hovered(used_page, "W2", 3, 17)["W2[3, 17]"] == "0.750000"
