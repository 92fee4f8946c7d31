"""The fault lab and the demonstrations in the browser."""

import re

from playwright.sync_api import expect

from tests.ui.browsing import choose_fault, expect_active, expect_step, press, show_tab

LABEL = "Update with the wrong sign"


def test_a_fault_is_chosen_stated_wherever_numbers_are_and_taken_off(used_page):
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    badges = used_page.get_by_text(f"fault: {LABEL}", exact=True)
    expect(badges).to_have_count(0)
    choose_fault(used_page, LABEL)
    expect(badges).to_have_count(2)  # below the status line, and below the map
    expect(used_page.get_by_text("What reveals it:")).to_be_visible()
    press(used_page, "Run Batch")
    expect_step(used_page, 2)  # the status line has its pattern
    show_tab(used_page, "Runs")
    expect(used_page.get_by_text(LABEL, exact=True).first).to_be_visible()
    show_tab(used_page, "Network")
    choose_fault(used_page, "None")
    expect(badges).to_have_count(0)


def test_a_fault_that_cannot_act_says_what_it_needs(used_page):
    choose_fault(used_page, "Last batch dropped")
    expect(used_page.get_by_text("does not divide them")).to_be_visible()
    expect(used_page.get_by_role("combobox", name="Fault", exact=True)).to_have_text("None")


def test_a_demonstration_takes_two_clicks(used_page):
    press(used_page, "Demonstrations")
    used_page.get_by_role("menuitem", name="Wrong update", exact=True).click()
    expect_active(used_page, "Wrong update")
    status = used_page.locator(".bp-status")
    expect(status).to_have_text(re.compile(r"^step 300 · epoch \d+ · loss "))
    expect(used_page.get_by_text("three to seven times too large").first).to_be_visible()
