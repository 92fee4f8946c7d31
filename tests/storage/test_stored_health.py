"""The health of a run's layers in its store: after a restart, and in a store without it."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from stores import SMALL, everything, train

from backprop_panel import TrainingRunManager
from backprop_panel.training import health_log, health_meter

OLD = Path(__file__).parent / "stores" / "format_5.sqlite"


@pytest.fixture(autouse=True)
def measured(monkeypatch):
    """Measure every step, whatever it costs."""
    monkeypatch.setattr(health_meter, "MOST_SAVED_SECONDS", 1e9)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


def rows(path):
    with closing(sqlite3.connect(path)) as db:
        return [step for (step,) in db.execute("SELECT step FROM health ORDER BY step")]


def test_health_is_there_after_a_restart_and_goes_on(path):
    with closing(TrainingRunManager(path)) as manager:
        train(manager.create(**SMALL), 12)
        before = everything(manager.current)
    with closing(TrainingRunManager(path)) as manager:
        run = manager.current
        assert everything(run) == before
        train(run, 3)
        assert run.trainer.engine.health.steps.tolist() == list(range(1, 16))


def test_rows_follow_a_log_that_is_thinned(path, monkeypatch):
    monkeypatch.setattr(health_log, "MOST_MOMENTS", 10)
    with closing(TrainingRunManager(path)) as manager:
        run = manager.create(**SMALL)
        for _ in range(7):
            train(run, 4)
            manager._link.autosave.save()
            assert rows(path) == run.trainer.engine.health.steps.tolist()
        assert len(rows(path)) <= 10


def test_a_reset_deletes_the_rows(path):
    with closing(TrainingRunManager(path)) as manager:
        train(manager.create(**SMALL), 12)
        manager.reset(manager.current.id)
    assert rows(path) == []


def test_another_window_follows_the_health(path):
    with closing(TrainingRunManager(path)) as ours:
        train(ours.create(**SMALL), 5)
        ours._link.autosave.save()
        with closing(TrainingRunManager(path)) as theirs:
            theirs.current.load()
            train(ours.current, 5)
            ours._link.autosave.save()
            theirs.refresh()
            assert theirs.current.trainer.engine.health.steps.tolist() == list(range(1, 11))


def test_a_run_whose_health_does_not_fit_its_network_opens_without_it(path):
    with closing(TrainingRunManager(path)) as manager:
        train(manager.create(**SMALL), 5)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE health SET layers = x'00' WHERE step > 2")
    with closing(TrainingRunManager(path)) as manager:
        assert manager.current.trainer.step == 5
        assert manager.current.trainer.engine.health.steps.tolist() == [1, 2]


def test_runs_of_an_older_store_are_measured_from_their_next_step_on(path):
    shutil.copy(OLD, path)
    with closing(TrainingRunManager(path)) as manager:
        run = next(run for run in manager.runs if run.name == "validated")
        engine = run.trainer.engine
        assert (run.trainer.step, engine.health.moments) == (108, [])
        run.trainer.run_batch()
        assert engine.health.steps.tolist() == [109]
        assert np.isfinite(engine.health.measure("gradient_norm")).all()
