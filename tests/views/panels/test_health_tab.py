"""The Health tab: findings with a button for each, and the lines of its plots."""

import numpy as np
import panel as pn
import panel_material_ui as pmui
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis.health import Finding, HealthLog
from backprop_panel.views.panels.health_tab import FindingList, measure_lines, quantile_lines
from backprop_panel.views.state.session import Session

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=64)
    return Session(manager)


@pytest.fixture
def log(session):
    """The health of two steps."""
    log = HealthLog()
    for _ in range(2):
        log.add(session.run.trainer.run_batch())
    return log


def test_the_button_of_a_finding_selects_its_layer(session):
    findings = FindingList(session)
    findings.show([Finding(1, "W2 does not learn.")])
    (button,) = findings.__panel__().select(pmui.Button)
    assert button.label == "Show W2"
    button.clicks += 1
    assert session.question is not None


def test_without_findings_every_layer_learns(session):
    findings = FindingList(session)
    findings.show([Finding(0, "W1 does not learn.")])
    findings.show([])
    (note,) = findings.__panel__().select(pn.pane.HTML)
    assert note.object.startswith("Every layer learns")


def test_a_measure_has_a_line_for_each_layer(session, log):
    lines = list(measure_lines(log, "gradient_norm"))
    assert len(lines) == session.run.model.network.depth
    assert all(np.array_equal(line.x, log.steps) for line in lines)


def test_the_usual_ratio_is_drawn_beside_the_update_ratio(log):
    usual, *layers = measure_lines(log, "update_ratio")
    assert usual.dash == "dotted" and len(layers) == 3


def test_an_empty_log_has_no_lines():
    assert not list(measure_lines(HealthLog(), "weight_norm"))
    assert not list(quantile_lines(HealthLog(), "gradients", 0))


def test_quantiles_are_those_of_one_layer(log):
    labels = [line.label for line in quantile_lines(log, "gradients", 1)]
    assert labels == ["5% are below", "50% are below", "95% are below"]
