"""The Health tab: the lines of its plots."""

import numpy as np
import panel as pn
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.training import health_meter
from backprop_panel.training.health_log import COLUMNS, HealthLog, StepHealth
from backprop_panel.views.panels.health_tab import (
    HealthTab,
    foot_of,
    measure_lines,
    measured_steps,
    quantile_lines,
)
from backprop_panel.views.state.diagnosis import Diagnosis
from backprop_panel.views.state.session import Session

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=64)
    return Session(manager)


@pytest.fixture
def log(session, monkeypatch):
    """The health of two steps."""
    monkeypatch.setattr(health_meter, "MOST_SAVED_SECONDS", 1e9)
    for _ in range(2):
        session.run.trainer.run_batch()
    return session.run.trainer.engine.health


def texts(tab):
    return [pane.object for pane in tab.__panel__().select(pn.pane.HTML)]


def test_steps_trained_before_the_page_was_opened_are_plotted(session, log):
    tab = HealthTab(Diagnosis(Session(session.manager)))
    tab.visible = True
    assert any("measured at 2 of the steps 1 to 2" in text for text in texts(tab))


def test_the_tab_says_from_which_step_on_there_are_measures(log):
    assert measured_steps(HealthLog()) == "no step has been measured yet"
    assert measured_steps(HealthLog(log.moments[1:])) == "measured at step 2 alone"


def test_a_measure_has_a_line_for_each_layer(session, log):
    lines = list(measure_lines(log, "gradient_norm"))
    assert len(lines) == session.run.model.network.depth
    assert all(np.array_equal(line.x, log.steps) for line in lines)


def test_a_gradient_of_zero_is_drawn_at_the_foot_of_its_axis_and_not_left_out():
    layer = np.full((1, COLUMNS), 2, np.float32)
    log = HealthLog([StepHealth(1, layer), StepHealth(2, 0 * layer)])
    lines = list(measure_lines(log, "gradient_norm"))
    assert [line.y.tolist() for line in lines] == [[2.0, 0.0]]
    assert foot_of(lines, "gradient_norm") == 1.0


def test_the_usual_ratio_is_drawn_beside_the_update_ratio(log):
    usual, *layers = measure_lines(log, "update_ratio")
    assert usual.dash == "dotted" and len(layers) == 3


def test_an_empty_log_has_no_lines():
    assert not list(measure_lines(HealthLog(), "weight_norm"))
    assert not list(quantile_lines(HealthLog(), "gradients", 0))


def test_quantiles_are_those_of_one_layer(log):
    labels = [line.label for line in quantile_lines(log, "gradients", 1)]
    assert labels == ["5% are below", "50% are below", "95% are below"]


def test_a_hidden_tab_forgets_the_curves_of_another_run(session, log):
    tab = HealthTab(Diagnosis(session))
    tab.visible = True
    assert any("measured at" in text for text in texts(tab))
    tab.visible = False
    session.run = session.manager.create(num_samples=64)
    assert not any("measured at" in text for text in texts(tab))
