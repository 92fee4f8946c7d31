"""The health of a run at the steps that were shown, and at others of a short training."""

from math import inf
from time import sleep

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.state import health_logs
from backprop_panel.views.state.health_logs import HealthLogs
from backprop_panel.views.state.session import Session


@pytest.fixture
def session(monkeypatch):
    monkeypatch.setattr(health_logs, "MOST_SECONDS", inf)
    manager = TrainingRunManager()
    manager.create(num_samples=100)
    return Session(manager)


def run_unseen_epoch(session):
    """Train an epoch that ends before any of its steps is shown."""
    session.run_full_epoch()
    while session.run.worker.running:
        sleep(0.01)
    session.tick()


def test_steps_of_an_unseen_epoch_are_replayed(session):
    logs = HealthLogs(session)
    for _ in range(4):
        before = len(logs.current().steps)
        run_unseen_epoch(session)
        logs.add_missing()
        steps = logs.current().steps
        assert len(steps) >= before + 3
        assert steps[-1] == session.run.trainer.step


def test_steps_of_unseen_epochs_are_replayed_after_a_shown_step(session):
    logs = HealthLogs(session)
    for _ in range(3):
        run_unseen_epoch(session)
    session.run_batch()
    logs.add_missing()
    steps = logs.current().steps
    assert steps == sorted(set(steps))
    assert len(steps) >= 10
    assert steps[-1] == session.run.trainer.step


def test_missing_steps_of_a_deleted_run_are_forgotten(session):
    logs, gone = HealthLogs(session), session.run
    session.run_full_epoch()
    session.pause()
    session.manager.create(num_samples=100)
    session.manager.delete(gone.id)
    logs.add_missing()
    assert logs.current().steps == []
