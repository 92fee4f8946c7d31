"""The Loss tab: its curves, its zoom, and which runs it compares."""

import re

from playwright.sync_api import expect

from tests.ui.browsing import (
    choose,
    curves,
    expect_active,
    expect_curves,
    expect_drawn,
    expect_step,
    press,
    show_runs,
    show_tab,
    window,
    zoom_in,
)


def make_two_runs(page):
    """Train a run for an epoch and a second one of the same settings as well."""
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)
    press(page, "New run")
    expect_active(page, "run 2")
    expect_step(page, 0)
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)


TICKED = re.compile("tabulator-selected")


def untick(page, run):
    """Take a run's tick away, once the table shows it."""
    expect_drawn(page)
    row = page.get_by_role("row", name=run)
    expect(row).to_have_class(TICKED)
    row.get_by_role("checkbox").click()
    expect(row).not_to_have_class(TICKED)


def tick(page, run):
    """Tick a run again."""
    row = page.get_by_role("row", name=run)
    row.get_by_role("checkbox").click()
    expect(row).to_have_class(TICKED)


def test_a_zoom_of_the_loss_survives_training(page):
    press(page, "Run Full Epoch")
    expect_step(page, 16, epoch=1)
    show_tab(page, "Loss")
    expect_curves(page, "loss", "run 1")
    expect_drawn(page)
    zoom_in(page, "loss", 8, 1)
    zoomed = window(page, "loss")
    press(page, "Run Full Epoch")
    expect_step(page, 32, epoch=2)
    assert window(page, "loss")[0] == zoomed[0]


def test_a_run_that_is_not_ticked_has_no_curve(used_page):
    make_two_runs(used_page)
    show_tab(used_page, "Loss")
    expect(used_page.get_by_text("● run 1")).to_be_visible()
    expect_curves(used_page, "loss", "run 1", "run 2")
    assert {"run 1", "run 1, validation", "run 2", "run 2, validation"} <= set(
        curves(used_page, "loss")
    )
    show_runs(used_page, "run 1", "run 2")
    # It is deleted with its tick before the next test; run 1 stays.
    choose(used_page, "Active run", "run 1")
    untick(used_page, "run 2")
    show_tab(used_page, "Loss")
    expect(used_page.get_by_text("● run 2")).to_be_hidden()
    expect(used_page.get_by_text("● run 1")).to_be_visible()
    expect_curves(used_page, "loss", "run 1")
    expect_curves(used_page, "timeline", "run 1")
    assert curves(used_page, "timeline") == ["run 1"]


def test_a_run_that_is_ticked_again_is_compared_again(used_page):
    make_two_runs(used_page)
    show_runs(used_page, "run 1", "run 2")
    untick(used_page, "run 1")
    tick(used_page, "run 1")
    show_tab(used_page, "Loss")
    expect(used_page.get_by_text("● run 1")).to_be_visible()
    expect_curves(used_page, "loss", "run 1", "run 2")
