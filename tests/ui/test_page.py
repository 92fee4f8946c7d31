"""The page in a real browser: user actions and their visible effects."""

import re

import pytest
from playwright.sync_api import expect

from tests.ui.browsing import (
    STATUS,
    choose,
    expect_active,
    expect_drawn,
    expect_step,
    fill,
    hovered,
    press,
    same_run,
    show_tab,
    standing,
)


@pytest.fixture
def page(used_page):
    """The shared page with its run reset."""
    return used_page


def test_at_first_load_one_pass_has_been_made(page, kept):
    step, epoch, loss, _ = STATUS.match(kept.first_status).groups()
    assert (step, epoch) == ("0", "0")
    assert float(loss) > 0


def test_a_single_step_and_a_batch_each_make_one_update(page):
    press(page, "Run Single Step")
    expect_step(page, 1)
    press(page, "Run Batch")
    expect_step(page, 2)


def test_a_full_epoch_ends_the_epoch(page):
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)


def test_visualizing_computes_a_loss_and_moves_nothing(page):
    page.get_by_role("button", name="Visualize Only", exact=True).click()
    press(page, "Run Batch")
    press(page, "Run Batch")
    page.get_by_role("button", name="Train", exact=True).click()
    press(page, "Run Batch")
    expect_step(page, 1)


def test_play_trains_until_paused(page):
    press(page, "Play")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect(page.locator(".bp-status")).to_have_text(re.compile(r"^step [\d,]{2,} "))
    press(page, "Pause")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    paused = standing(page)
    page.wait_for_timeout(300)
    assert standing(page) == paused


def test_a_changed_learning_rate_is_used_without_losing_the_step(page):
    press(page, "Run Batch")
    expect_step(page, 1)
    fill(page, "Learning rate", "0.5")
    press(page, "Run Batch")
    expect_step(page, 2)


def test_a_bad_learning_rate_is_refused_beside_its_control(page):
    fill(page, "Learning rate", "-1")
    expect(
        page.get_by_text(
            "Learning rate must be a finite number above 0 and at most 3.4e+38, got -1.0"
        )
    ).to_be_visible()
    press(page, "Run Batch")
    expect_step(page, 1)


@pytest.mark.parametrize(("label", "option"), [("Loss function", "MSE"), ("Optimizer", "Momentum")])
def test_a_training_setting_changes_at_once(page, label, option):
    choose(page, label, option)
    press(page, "Run Batch")
    expect_step(page, 1)


@pytest.mark.parametrize(
    ("tab", "text"),
    [
        ("Loss", "dashed: validation, after each epoch · dotted: floor"),
        ("Runs", "Ticked runs are compared"),
        ("Data", "Master sequences"),
    ],
)
def test_every_tab_shows_its_view(page, tab, text):
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)
    show_tab(page, tab)
    expect(page.get_by_text(text).first).to_be_visible()
    expect_drawn(page)


def test_visualizing_moves_no_weight(page):
    expected = same_run().model.weights[1][3, 17]
    page.get_by_role("button", name="Visualize Only", exact=True).click()
    for name in ("Run Single Step", "Run Batch", "Run Full Epoch"):
        press(page, name)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect_step(page, 0)
    assert float(hovered(page, "W2", 3, 17)["W2[3, 17]"]) == pytest.approx(expected, rel=5e-6)


def test_a_long_epoch_shows_its_progress_and_can_be_stopped(page):
    fill(page, "Training samples", "1000000")
    press(page, "New run")
    expect_active(page, "run 2")
    fill(page, "Batch size", "1")
    press(page, "Run Full Epoch")
    progress = page.locator(".bp-toolbar").get_by_role("progressbar")
    expect(progress).to_be_visible()
    expect(progress).to_have_attribute("aria-valuenow", re.compile(r"^[1-9]"))
    press(page, "Pause")
    expect(progress).to_be_hidden()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    step, epoch, _ = standing(page)
    assert epoch == 0
    press(page, "Run Batch")
    expect_step(page, step + 1)


IN_THE_NEXT_FRAME = """async (tab, content) => {
  tab.click()
  await new Promise(requestAnimationFrame)
  return content.checkVisibility({contentVisibilityAuto: true})
}"""


def test_a_tab_that_was_opened_before_is_in_sight_in_the_next_frame(page):
    show_tab(page, "Loss")
    field = page.get_by_label("Smoothing").element_handle()
    show_tab(page, "Network")
    expect(page.get_by_label("Smoothing")).to_be_hidden()
    tab = page.get_by_role("tab", name="Loss", exact=True)
    assert tab.evaluate(IN_THE_NEXT_FRAME, field)
