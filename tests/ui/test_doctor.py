"""The doctor, its light and the detective in the browser."""

import re

import pytest
from playwright.sync_api import expect

from backprop_panel import TrainingRunManager
from backprop_panel.interchange import export_run
from backprop_panel.nn.faults import FAULTS
from backprop_panel.runs.demonstrations import DEMONSTRATIONS, demonstrate
from tests.ui.browsing import (
    choose,
    choose_fault,
    expect_active,
    expect_step,
    fill,
    give,
    press,
    show_tab,
)


def light(page, text):
    """Return the doctor's light that says something."""
    return page.get_by_role("button", name=re.compile(text))


def finding(page, text):
    return page.locator(".bp-told", has_text=text).first


@pytest.mark.parametrize("fault", FAULTS)
def test_each_mistake_of_the_fault_lab_is_caught(used_page, fault):
    if fault == "dropped_last_batch":
        fill(used_page, "Batch size", "30")
    choose_fault(used_page, FAULTS[fault].label)
    for epoch in (1, 2):
        press(used_page, "Run Full Epoch")
        expect(used_page.locator(".bp-status")).to_contain_text(f"epoch {epoch} ")
    expect(light(used_page, "At step 3[24]: ")).to_be_visible()
    light(used_page, "At step 3[24]: ").click()
    named = {"zero_weights": "Symmetric units", "dropped_last_batch": "Unused data"}
    expect(finding(used_page, named.get(fault, FAULTS[fault].sentence))).to_be_visible()


def test_a_healthy_run_has_a_quiet_light(used_page):
    press(used_page, "Run Full Epoch")
    expect_step(used_page, 16, epoch=1)
    expect(light(used_page, "No fault was found at step 16")).to_have_text("Doctor ✓")


def test_the_remedy_is_tried_in_a_fork(used_page):
    fill(used_page, "Learning rate", "20")
    for epoch in (1, 2):
        press(used_page, "Run Full Epoch")
        expect(used_page.locator(".bp-status")).to_contain_text(f"epoch {epoch} ")
    light(used_page, "Learning rate too high").click()
    expect(finding(used_page, "The learning rate of 20 is too high")).to_be_visible()
    # What follows from it may have a remedy, too, and is told later.
    used_page.get_by_role("button", name="Try it in a fork", exact=True).first.click()
    expect_active(used_page, "run 1.1")
    expect_step(used_page, 0)
    expect(used_page.get_by_label("Learning rate", exact=True)).not_to_have_value("20")


def test_the_cause_of_a_sick_run_from_elsewhere_is_named(used_page, tmp_path):
    run = demonstrate(TrainingRunManager(), "vanishing_gradients")
    engine, steps = run.trainer.engine, DEMONSTRATIONS["vanishing_gradients"].steps
    while engine.step < steps:
        engine.advance(engine.settings.batch_size, steps - engine.step)
    export_run(run, tmp_path / "sick.zip")
    give(used_page, tmp_path / "sick.zip")
    expect_active(used_page, run.name)
    # It repeats the run once.
    expect(light(used_page, "Vanishing gradients")).to_be_visible()
    light(used_page, "Vanishing gradients").click()
    expect(finding(used_page, "Gradients vanish on their way back")).to_be_visible()


def test_a_detective_finds_a_hidden_cause(used_page):
    show_tab(used_page, "Health")
    press(used_page, "Start detective")
    expect_active(used_page, "hidden cause")
    expect(used_page.get_by_label("Learning rate", exact=True)).to_be_hidden()
    expect(used_page.get_by_text("Checks left: 4 · points: 100.")).to_be_visible()
    expect(used_page.locator(".bp-status")).to_contain_text("step 300 ")
    press(used_page, "Audit a step")
    expect(used_page.get_by_text("The first number that does not follow is db3[")).to_be_visible()
    choose(used_page, "Suspect", "Bias gradients missing")
    press(used_page, "Name the suspect")
    expect(used_page.get_by_text("Solved: 90 of 100 points.")).to_be_visible()
    expect(used_page.get_by_label("Learning rate", exact=True)).to_be_visible()
    expect(finding(used_page, "Wrong gradients")).to_be_visible()
