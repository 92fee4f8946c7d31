"""The Loss tab: how much of each compared run it draws."""

import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.loss_tab import NEVER_CUT, LossTab
from backprop_panel.views.plots.colors import RUN_COLORS, RUN_DASHES
from backprop_panel.views.plots.html import line_sample
from backprop_panel.views.state.comparison import Comparison
from backprop_panel.views.state.session import Session


@pytest.fixture
def loss_tab():
    """The tab of a run of 300 steps beside one of 5,000."""
    manager = TrainingRunManager()
    for steps in (5000, 300):
        losses = np.ones(steps, np.float32)
        manager.create(num_samples=64).history.extend(0, 0, losses, losses, 1.0)
    tab = LossTab(Comparison(Session(manager)))
    tab.visible = True
    return tab


def ends(tab):
    return [wanted.end for _, wanted in tab._wanted().values()]


def test_a_much_longer_run_is_cut_so_that_the_one_on_the_page_is_seen(loss_tab):
    assert ends(loss_tab) == [600, None]
    assert "longer runs are cut at step 600" in loss_tab._legend.object


def test_all_of_a_longer_run_is_drawn_once_the_plot_is_zoomed(loss_tab):
    loss_tab._curves.window = (0.0, 4000.0)
    loss_tab._draw()
    assert ends(loss_tab) == [None, None]
    assert "longer runs" not in loss_tab._legend.object


def test_runs_beside_a_very_short_one_keep_their_first_steps(loss_tab):
    session = loss_tab.comparison.session
    session.manager.create(num_samples=64).trainer.run_batch()
    loss_tab._draw()
    assert ends(loss_tab) == [NEVER_CUT, NEVER_CUT, None]


def test_beside_a_run_without_a_step_all_of_the_others_is_drawn(loss_tab):
    loss_tab.comparison.session.manager.create(num_samples=64)
    assert ends(loss_tab) == [None, None, None]


def test_a_run_whose_colour_was_used_before_has_its_dash_in_the_legend():
    manager = TrainingRunManager()
    for _ in range(len(RUN_COLORS) + 1):
        manager.create(num_samples=64).trainer.run_batch()
    tab = LossTab(Comparison(Session(manager)))
    tab.visible = True
    assert tab._legend.object.startswith("solid or as before its name: ")
    first, *_, last = manager.runs
    samples = [line_sample(RUN_COLORS[0], dash) for dash in RUN_DASHES[:2]]
    assert f"{samples[0]} {first.name}" in tab._legend.object
    assert f"{samples[1]} {last.name}" in tab._legend.object
