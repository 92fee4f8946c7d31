"""The health of a run is known at some of its steps, however fast they passed."""

from math import inf
from time import sleep

from backprop_panel import TrainingRunManager
from backprop_panel.views import health_tab
from backprop_panel.views.health_tab import HealthLogs
from backprop_panel.views.session import Session


def test_steps_that_passed_too_fast_to_be_shown_are_looked_at_again(monkeypatch):
    monkeypatch.setattr(health_tab, "MOST_SECONDS", inf)
    manager = TrainingRunManager()
    manager.create(num_samples=100)
    session = Session(manager)
    logs = HealthLogs(session)
    for _ in range(4):
        before = len(logs.now().steps)
        session.run_full_epoch()
        while session.run.worker.running:
            sleep(0.01)
        session.tick()
        logs.look_again()
        steps = logs.now().steps
        assert len(steps) >= before + 3
        assert steps[-1] == session.run.trainer.step


def test_steps_that_passed_too_fast_are_looked_at_again_after_others_were_shown(monkeypatch):
    monkeypatch.setattr(health_tab, "MOST_SECONDS", inf)
    manager = TrainingRunManager()
    manager.create(num_samples=100)
    session = Session(manager)
    logs = HealthLogs(session)
    for _ in range(3):
        session.run_full_epoch()
        while session.run.worker.running:
            sleep(0.01)
        session.tick()
    session.run_batch()
    logs.look_again()
    steps = logs.now().steps
    assert steps == sorted(set(steps))
    assert len(steps) >= 10
    assert steps[-1] == session.run.trainer.step


def test_what_is_to_be_looked_at_again_goes_with_its_run():
    manager = TrainingRunManager()
    run = manager.create(num_samples=100)
    session = Session(manager)
    logs = HealthLogs(session)
    session.run_full_epoch()
    session.pause()
    manager.create(num_samples=100)
    manager.delete(run.id)
    logs.look_again()
    assert logs.now().steps == []
