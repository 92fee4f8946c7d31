"""The Loss tab: its curves, its zoom, and which runs it compares."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from backprop_panel.views.plots.numbers import NUMBER_JS, exact, number
from tests.ui.browsing import (
    at_rest,
    choose,
    curves,
    expect_active,
    expect_curves,
    expect_drawn,
    expect_step,
    fill,
    on_screen,
    press,
    same_run,
    show_runs,
    show_tab,
    standing,
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
    expect(used_page.locator(".bp-run-name", has_text="run 1")).to_be_visible()
    expect_curves(used_page, "loss", "run 1", "run 2")
    assert {"run 1", "run 1, validation", "run 2", "run 2, validation"} <= set(
        curves(used_page, "loss")
    )
    show_runs(used_page, "run 1", "run 2")
    # It is deleted with its tick before the next test; run 1 stays.
    choose(used_page, "Active run", "run 1")
    untick(used_page, "run 2")
    show_tab(used_page, "Loss")
    expect(used_page.locator(".bp-run-name", has_text="run 2")).to_be_hidden()
    expect(used_page.locator(".bp-run-name", has_text="run 1")).to_be_visible()
    expect_curves(used_page, "loss", "run 1")
    expect_curves(used_page, "timeline", "run 1")
    assert curves(used_page, "timeline") == ["run 1"]


def test_a_run_that_is_ticked_again_is_compared_again(used_page):
    make_two_runs(used_page)
    show_runs(used_page, "run 1", "run 2")
    untick(used_page, "run 1")
    tick(used_page, "run 1")
    show_tab(used_page, "Loss")
    expect(used_page.locator(".bp-run-name", has_text="run 1")).to_be_visible()
    expect_curves(used_page, "loss", "run 1", "run 2")


def test_the_axis_below_a_long_legend_stands_above_the_timeline(used_page):
    for run in range(4):
        fill(used_page, "Run name", f"{run} {'of a long name ' * 7}")
        press(used_page, "New run")
        expect_active(used_page, f"{run} of a long")
        press(used_page, "Run Batch")
        expect_step(used_page, 1)
    show_tab(used_page, "Loss")
    expect(used_page.locator(".bp-run-name")).to_have_count(5)
    expect_drawn(used_page)
    plot = at_rest(used_page.get_by_role("img", name="loss of the compared runs over their steps"))
    foot = at_rest(used_page.get_by_role("button", name="Back to now"))
    assert plot["y"] + plot["height"] <= foot["y"]


def test_browser_and_server_write_numbers_alike(used_page):
    random = np.random.default_rng(0)
    powers = 10.0 ** random.integers(-12, 12, 500)
    values = [0.0, 0.9, 9999.99, 0.25, 1e-8, *(random.normal(size=500) * powers).tolist()]
    written = f"(values) => {{ {NUMBER_JS} return values.map((value) => written(value, 4)) }}"
    assert used_page.evaluate(written, values) == list(map(number, values))


def test_last_and_best_loss_stand_in_the_legend_and_the_table_alike(used_page):
    press(used_page, "Run Full Epoch")
    expect_step(used_page, 16, epoch=1)
    run = same_run()
    run.trainer.run_epoch()
    losses = run.summary.losses
    show_tab(used_page, "Loss")
    text = f"last batch {number(losses.last)}, best {number(losses.best)} (validation)"
    expect(used_page.get_by_text(text)).to_be_visible()
    assert standing(used_page)[2] == pytest.approx(losses.last, rel=1e-3)
    show_tab(used_page, "Runs")
    for loss in (losses.last, losses.best):
        cell = used_page.get_by_role("row", name="run 1").get_by_text(number(loss), exact=True)
        expect(cell).to_have_attribute("title", exact(loss))


def test_a_curve_tells_the_number_of_its_nearest_point(used_page):
    press(used_page, "Run Full Epoch")
    expect_step(used_page, 16, epoch=1)
    show_tab(used_page, "Loss")
    expect_curves(used_page, "loss", "run 1")
    expect_drawn(used_page)
    tell = """() => {
      const [view] = [...Bokeh.index.query(({model}) => model.name === "loss")]
      const [renderer] = view.model.renderers.filter((each) => each.glyph?.type === "MultiLine")
      const {xs, ys, label} = renderer.data_source.data
      const line = label.indexOf("run 1, floor"), at = 25
      return [xs[line][at], ys[line][at]]
    }"""
    used_page.mouse.move(*on_screen(used_page, "loss", *used_page.evaluate(tell)))
    floor = number(same_run().dataset.optimal_loss("cross_entropy"), digits=7)
    expect(used_page.locator(".bk-Tooltip").get_by_text(f"loss {floor}")).to_be_visible()
    expect(used_page.locator(".bk-Tooltip").get_by_text("No network does better")).to_be_visible()
