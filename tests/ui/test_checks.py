"""The gradient check on the map, and the audit in the toolbar and for a whole run."""

import re

import pytest
from playwright.sync_api import expect

from tests.ui.browsing import choose_fault, expect_drawn, expect_step, press, show_tab, tooltip

SWITCH = "Show gradient check, not dW"


@pytest.fixture
def checked_page(used_page):
    """A page whose gradients are checked; the check is switched off afterwards."""
    used_page.get_by_label(SWITCH, exact=True).check()
    yield used_page
    used_page.get_by_label(SWITCH, exact=True).uncheck()
    expect(used_page.get_by_text("relative error").filter(visible=True)).to_have_count(0)


def verdict(page):
    return page.get_by_text(re.compile("Gradients of step"))


def test_correct_gradients_are_told_to_be_right(checked_page):
    press(checked_page, "Run Batch")
    expect(verdict(checked_page)).to_contain_text("step 1: ✓ none is wrong. 1,732 of 1,732 checked")
    expect_drawn(checked_page)
    assert "relative error of dW2[3, 17] = " in tooltip(checked_page, "dW2", 3, 17)
    checked_page.get_by_role("button", name=re.compile("^Worst: d")).click()
    facts = checked_page.get_by_text(re.compile("Gradient check ✓: recorded .*, step h = "))
    expect(facts).to_be_visible()


def test_a_fault_turns_the_light_red_and_the_errors_large(checked_page):
    page = checked_page
    choose_fault(page, "Weights not transposed")
    press(page, "Run Batch")
    expect_step(page, 1)
    light = page.get_by_role("button", name=re.compile("^Step 1 does not follow from its inputs"))
    expect(light).to_contain_text("✕ da1[")
    light.click()
    expect(page.get_by_text("first number that does not follow")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile(r"^da1\["))).to_be_visible()
    expect(verdict(page)).to_contain_text("✕ 544 wrong")
    page.get_by_role("button", name=re.compile(r"^Worst: d(W|b)1")).click()
    expect(page.get_by_text(re.compile("Gradient check ✕ wrong: recorded"))).to_be_visible()


def test_a_whole_run_is_audited_in_the_background(used_page):
    for step in (1, 2):
        press(used_page, "Run Batch")
        expect_step(used_page, step)
    show_tab(used_page, "Health")
    press(used_page, "Audit the whole run")
    expect(used_page.get_by_text("to step 2: all numbers follow.")).to_be_visible()
    choose_fault(used_page, "Update with the wrong sign")
    press(used_page, "Run Batch")
    expect_step(used_page, 3)
    press(used_page, "Audit the whole run")
    expect(used_page.get_by_text("to step 3: 1 with numbers that do not follow.")).to_be_visible()
    press(used_page, "Go to step 3")
    expect(used_page.get_by_role("heading", name=re.compile(r"^ΔW1\["))).to_be_visible()
