"""The page in a real browser: what a person does, and what they then see."""

import re

import pytest
from playwright.sync_api import expect

STATUS = re.compile(r"^step ([\d]+) · epoch ([\d]+) · loss ([\d.]+)$")


def standing(page):
    """Return step, epoch and loss as the status line reads."""
    match = STATUS.match(page.locator(".bp-status").inner_text().strip())
    assert match, page.locator(".bp-status").inner_text()
    return int(match[1]), int(match[2]), float(match[3])


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def expect_step(page, step, epoch=0):
    expect(page.locator(".bp-status")).to_have_text(re.compile(rf"^step {step} · epoch {epoch} "))


def fill(page, label, value):
    field = page.get_by_label(label, exact=True)
    field.fill(value)
    field.press("Enter")
    field.blur()


def choose(page, label, option):
    page.get_by_label(label, exact=True).click()
    page.get_by_role("menuitem", name=option, exact=True).click()


def test_at_first_load_one_pass_has_been_made(page):
    expect_step(page, 0)
    assert standing(page)[2] > 0


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
    expect(page.locator(".bp-status")).to_have_text(re.compile(r"^step \d{2,} "))
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
        page.get_by_text("learning_rate must be a finite number above 0, got -1.0")
    ).to_be_visible()
    press(page, "Run Batch")
    expect_step(page, 1)


@pytest.mark.parametrize(("label", "option"), [("Loss function", "MSE"), ("Optimizer", "Momentum")])
def test_a_training_setting_changes_at_once(page, label, option):
    choose(page, label, option)
    press(page, "Run Batch")
    expect_step(page, 1)


def test_a_setting_of_the_network_makes_a_new_run_and_keeps_the_old_one(page):
    press(page, "Run Batch")
    expect_step(page, 1)
    fill(page, "Hidden dimension", "8")
    press(page, "New run")
    expect(page.get_by_text("16×8", exact=True)).to_be_visible()
    expect_step(page, 0)
    choose(page, "Active run", "run 1")
    expect(page.get_by_text("16×32", exact=True)).to_be_visible()
    expect_step(page, 1)


def test_the_text_that_comes_with_the_package_can_be_learned_from(page):
    choose(page, "Source", "Alice in Wonderland")
    press(page, "New run")
    expect(page.get_by_label("Active run", exact=True)).to_contain_text("run 2")
    press(page, "Run Batch")
    expect_step(page, 1)
    page.get_by_role("tab", name="Data", exact=True).click()
    expect(page.get_by_text("more master sequences")).to_be_visible()


def test_a_reset_goes_back_to_the_beginning(page):
    first = standing(page)
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)
    press(page, "Reset")
    expect_step(page, 0)
    assert standing(page) == first


def test_a_fork_goes_on_from_where_its_parent_is(page):
    press(page, "Run Batch")
    expect_step(page, 1)
    press(page, "Fork")
    expect(page.get_by_label("Active run", exact=True)).to_contain_text("run 1 1")
    expect_step(page, 1)


def test_html_in_a_run_name_is_shown_as_text(page):
    fill(page, "Run name", "<img src=x onerror=alert(1)>")
    press(page, "Rename")
    expect(page.get_by_label("Active run", exact=True)).to_contain_text("<img src=x")


def test_a_taken_name_is_refused(page):
    press(page, "New run")
    expect(page.get_by_label("Active run", exact=True)).to_contain_text("run 2")
    fill(page, "Run name", "run 1")
    press(page, "Rename")
    expect(page.get_by_text("There is a run named 'run 1' already.").first).to_be_visible()


def test_deleting_is_asked_for_and_the_last_run_stays(page):
    press(page, "New run")
    expect(page.get_by_label("Active run", exact=True)).to_contain_text("run 2")
    press(page, "Delete")
    press(page, "Delete run")
    expect(page.get_by_label("Active run", exact=True)).to_contain_text("run 1")
    press(page, "Delete")
    press(page, "Delete run")
    expect(page.get_by_text("'run 1' is the only run; there must be one.").first).to_be_visible()


def test_choosing_a_cell_explains_it(page):
    caption = page.locator(".bp-caption", has_text="W2").first.bounding_box()
    page.mouse.click(caption["x"] + 30, caption["y"] + 60)
    expect(page.get_by_role("heading", name=re.compile(r"^W2\[\d+, \d+\]$"))).to_be_visible()


@pytest.mark.parametrize(
    ("tab", "text"),
    [
        ("Loss", "solid training · dashed validation · dotted floor"),
        ("Runs", "Ticked runs are compared"),
        ("Data", "Master sequences"),
    ],
)
def test_every_tab_shows_its_view(page, tab, text):
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)
    page.get_by_role("tab", name=tab, exact=True).click()
    expect(page.get_by_text(text).first).to_be_visible()
    page.wait_for_timeout(500)
