"""Live training: page, model and curve agree after any action."""

import os
import random
import re
import signal
import time
from contextlib import contextmanager, suppress

import numpy as np
import pytest
from playwright.sync_api import TimeoutError, expect

from backprop_panel.interchange import import_run
from backprop_panel.training.checkpoints import Checkpoints
from tests.ui.browsing import (
    choose,
    expect_active,
    expect_curves,
    expect_step,
    export,
    fill,
    pause,
    press,
    show_tab,
    standing,
)

ACTIONS = int(os.environ.get("RANDOM_ACTIONS", "40"))
"""`make soak` does a thousand."""

EVERY_SETTING = {
    "Learning rate": ["0.02", "0.001"],
    "Batch size": ["7", "64"],
    "Weight decay": ["0.01", "0"],
    "Stop after epochs": ["100000", ""],
}
EVERY_CHOICE = {
    "Loss function": ["MSE", "Cross-Entropy"],
    "Optimizer": ["SGD", "Momentum", "RMSProp", "Adam", "AdamW"],
    "Speed": ["25 steps a second", "As fast as possible"],
}
TABS = ["Network", "Loss", "Runs", "Data", "Health", "Difference"]


@pytest.fixture
def page(used_page):
    """The shared page with its run reset."""
    return used_page


def expect_training(page):
    """Wait until training has gone on from where it stands."""
    before = standing(page)[0]
    expect(page.locator(".bp-status")).not_to_have_text(re.compile(f"^step {before:,} "))


def expect_served(page):
    """Wait until the server has done all that was asked before: a bad value is refused after it."""
    fill(page, "Learning rate", "-7")
    expect(page.get_by_text("got -7.0")).to_be_visible()


def exported(page, tmp_path):
    """Return the run that the page shows, as it is taken out of the page."""
    target = tmp_path / "run.zip"
    export(page, target)
    return import_run(target)


def test_page_and_model_agree_after_every_setting_is_changed_in_play(page, tmp_path):
    press(page, "Play")
    for label, values in EVERY_SETTING.items():
        for value in values:
            fill(page, label, value)
            expect_training(page)
    for label, options in EVERY_CHOICE.items():
        for option in options:
            choose(page, label, option)
            expect_training(page)
    press(page, "Pause")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    step, epoch, loss = standing(page)
    run = exported(page, tmp_path)
    assert (run.trainer.step, run.trainer.epoch) == (step, epoch)
    run.trainer.engine.checkpoints = Checkpoints()
    assert not run.replay(step).deviation
    assert loss == pytest.approx(run.history["loss"][-1], rel=1e-3)
    show_tab(page, "Loss")
    expect_curves(page, "loss", "run 1")
    page.wait_for_function(
        """(step) => [...Bokeh.index.query(({model}) => model.name === 'loss')][0].model.renderers
          [0].data_source.data.xs[0].at(-1) === step""",
        arg=step,
    )


@contextmanager
def stopped(server):
    """Stop the server's process, for as long as that."""
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


def press_at_once(page, name, times):
    """Press a button again and again, without a moment in between."""
    page.get_by_role("button", name=name, exact=True).evaluate(
        "(button, times) => { while (times--) button.click() }", times
    )


def test_presses_that_had_to_wait_are_served_as_one(page, server):
    with stopped(server):
        press_at_once(page, "Run Batch", 30)
    expect(page.locator(".bp-status")).not_to_have_text(re.compile("^step 0 "))
    expect_served(page)
    steps = standing(page)[0]
    assert steps < 30  # some come when one has been served already, the more the busier it is
    press(page, "Run Batch")
    expect_step(page, steps + 1)


def test_however_fast_play_is_pressed_its_label_says_what_the_worker_does(page):
    press_at_once(page, "Play", 22)
    expect_served(page)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    press(page, "Play")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    expect_training(page)


def test_play_stops_by_itself_and_says_why(page):
    fill(page, "Stop after epochs", "2")
    press(page, "Play")
    expect(page.get_by_text("stopped: epoch 2 is completed")).to_be_visible()
    assert standing(page)[:2] == (32, 2)


def test_play_goes_at_the_speed_that_was_chosen(page):
    choose(page, "Speed", "5 steps a second")
    press(page, "Play")
    expect(page.locator(".bp-status")).to_have_text(re.compile(r"^step [1-9]"))
    first, begin = standing(page)[0], time.monotonic()
    expect(page.locator(".bp-status")).to_have_text(re.compile(r"^step ([2-9]\d|[\d,]{3,}) "))
    last, seconds = standing(page)[0], time.monotonic() - begin
    press(page, "Pause")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    # The page may tell of the first step late; of as fast as possible, hundreds are made a second.
    assert (last - first) / (seconds + 5) <= 5


def test_a_layer_that_dies_is_named_and_selected(used_page):
    choose(used_page, "Activation", "ReLU")
    press(used_page, "New run")
    expect_active(used_page, "run 2")
    fill(used_page, "Learning rate", "100")
    for step in (16, 32):
        press(used_page, "Run Full Epoch")
        expect(used_page.locator(".bp-status")).to_have_text(re.compile(f"^step {step} "))
    show_tab(used_page, "Health")
    dead = used_page.locator(".bp-told", has_text="are dead: they are zero for")
    expect(dead.first).to_be_visible()
    used_page.get_by_role("button", name=re.compile(r"^Show W\d$")).first.click()
    expect(used_page.get_by_role("heading", name=re.compile(r"^W\d\[0, \d+\]$"))).to_be_visible()
    expect(used_page.get_by_role("tab", name="Network")).to_have_attribute("aria-selected", "true")


def random_action(page, chance):
    """Do one thing that a person can do, on the controls that are there at this moment."""
    buttons = ["Run Single Step", "Run Batch", "Run Full Epoch", "Play", "Pause", "Fork", "Reset"]
    buttons += ["New run", "Back to now", "Visualize Only", "Train", "Compare", "Stop comparing"]
    kind = chance.choice(["button", "button", "setting", "choice", "tab", "run", "slider"])
    if kind == "button":
        found = page.get_by_role("button", name=chance.choice(buttons), exact=True)
        # What was done before may take it away, or disable it, before it is pressed.
        with suppress(TimeoutError):
            if found.count() and found.first.is_enabled(timeout=2000):
                found.first.click(timeout=2000)
    elif kind == "setting":
        label = chance.choice(list(EVERY_SETTING))
        fill(page, label, chance.choice([*EVERY_SETTING[label], "nan", "-1", "x"]))
    elif kind == "choice":
        label = chance.choice(list(EVERY_CHOICE))
        choose(page, label, chance.choice(EVERY_CHOICE[label]))
    elif kind == "tab":
        show_tab(page, chance.choice(TABS))
    elif kind == "run":
        page.get_by_role("combobox", name="Active run", exact=True).click()
        expect(page.get_by_role("menuitem").first).to_be_visible()
        chance.choice(page.get_by_role("menuitem").all()).click()
        expect(page.get_by_role("listbox")).to_have_count(0)
    else:
        slider = page.get_by_role("slider", name="Timeline", exact=True)
        if slider.is_enabled():
            slider.focus()
            page.keyboard.press(chance.choice(["ArrowLeft", "ArrowRight", "Home", "End"]))


def test_random_actions_leave_the_page_at_work_and_no_traceback(page, tmp_path):
    chance = random.Random(0)
    for _ in range(ACTIONS):
        random_action(page, chance)
    expect_served(page)
    pause(page)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    show_tab(page, "Network")
    back = page.get_by_role("button", name="Back to now", exact=True)
    if back.is_enabled():
        back.click()
    expect(page.get_by_text("the past:")).to_be_hidden()
    run = exported(page, tmp_path)
    assert run.trainer.step == standing(page)[0]
    assert np.isfinite(run.history["step"]).all()
