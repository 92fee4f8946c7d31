"""The health of a run is known at some of its steps, however fast they passed."""

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


def pass_an_epoch(session):
    """Let a worker make an epoch that is over before anything of it is shown."""
    session.run_full_epoch()
    while session.run.worker.running:
        sleep(0.01)
    session.tick()


def test_steps_that_passed_too_fast_to_be_shown_are_looked_at_again(session):
    logs = HealthLogs(session)
    for _ in range(4):
        before = len(logs.current().steps)
        pass_an_epoch(session)
        logs.add_missing()
        steps = logs.current().steps
        assert len(steps) >= before + 3
        assert steps[-1] == session.run.trainer.step


def test_steps_that_passed_too_fast_are_looked_at_again_after_others_were_shown(session):
    logs = HealthLogs(session)
    for _ in range(3):
        pass_an_epoch(session)
    session.run_batch()
    logs.add_missing()
    steps = logs.current().steps
    assert steps == sorted(set(steps))
    assert len(steps) >= 10
    assert steps[-1] == session.run.trainer.step


def test_what_is_to_be_looked_at_again_goes_with_its_run(session):
    logs, gone = HealthLogs(session), session.run
    session.run_full_epoch()
    session.pause()
    session.manager.create(num_samples=100)
    session.manager.delete(gone.id)
    logs.add_missing()
    assert logs.current().steps == []
