"""The last and the best loss of a run: of what, and of which steps."""

import shutil
import sqlite3
from contextlib import closing
from math import isnan, nan
from pathlib import Path

import numpy as np
import pytest
from stores import SMALL, train

from backprop_panel import TrainingRunManager
from backprop_panel.storage.run_summary import STEPS_AVERAGED, Losses, losses_of

OLD = Path(__file__).parent / "stores" / "format_5.sqlite"


def losses(batches, validation=()):
    batches = np.array(batches, np.float32)
    column = np.full(len(batches), nan, np.float32)
    column[len(batches) - len(validation) :] = validation
    return losses_of({"loss": batches, "validation_loss": column})


def test_best_is_the_lowest_validation_loss_if_there_is_one():
    assert losses([0.5, 0.001, 0.4], [0.375, 0.25, 0.5]) == (pytest.approx(0.4), 0.25, "validation")


def test_one_lucky_batch_is_not_the_best_loss():
    found = losses([0.5] * STEPS_AVERAGED + [0.25] * (STEPS_AVERAGED - 1) + [0.0])
    assert found.best_of == "batches"
    assert 0.24 < found.best < 0.25


def test_few_steps_are_averaged_all():
    assert losses([0.5, 0.25]) == (0.25, 0.375, "batches")


def test_losses_that_are_not_finite_are_no_best():
    found = losses([0.5] * STEPS_AVERAGED + [nan] * STEPS_AVERAGED)
    assert isnan(found.last) and found[1:] == (0.5, "batches")
    assert isnan(losses([nan, nan]).best)
    assert losses([0.5, 0.5], [nan, np.inf]).best_of == "batches"


def test_without_a_step_there_is_no_loss():
    assert str(losses([])) == str(Losses())


def test_a_fork_that_made_no_step_has_the_last_loss_of_its_parent():
    manager = TrainingRunManager()
    parent = manager.create(**SMALL)
    parent.trainer.run_epoch()
    at = parent.trainer.step - 1
    fork = manager.fork(parent.id, at, fault="no_bias_gradient")
    assert fork.summary.losses.last == parent.history["loss"][at - 1]
    assert fork.summary.losses.best_of == ""


def test_losses_of_another_loss_function_are_not_compared():
    run = TrainingRunManager().create(**SMALL)
    run.trainer.run_epoch()
    run.trainer.change(loss_type="mse")
    assert isnan(run.summary.losses.best)
    run.trainer.run_epoch()
    since = run.history["validation_loss"][-1]
    assert run.summary.losses.best == since
    run.trainer.change(loss_type="cross_entropy")
    run.trainer.run_epoch()
    assert run.summary.losses.best > since  # of cross-entropy, which is larger


def test_an_older_store_gets_the_best_losses_of_its_runs(tmp_path):
    path = shutil.copy(OLD, tmp_path / "old.sqlite")
    with closing(TrainingRunManager(path)) as manager:
        runs = {run.name: run for run in manager.runs}
        listed = {name: run.summary.losses for name, run in runs.items()}
        assert not runs["unvalidated"].loaded
        for name in ("validated", "unvalidated"):
            runs[name].load()
            assert listed[name] == runs[name].summary.losses
    assert [listed[name].best_of for name in ("validated", "unvalidated", "untrained")] == [
        "validation",
        "batches",
        "",
    ]


def test_a_damaged_history_does_not_keep_an_older_store_from_opening(tmp_path):
    path = shutil.copy(OLD, tmp_path / "old.sqlite")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE history SET columns = x'00'")
    with closing(TrainingRunManager(path)) as manager:
        assert {run.name for run in (*manager.runs, *manager.unreadable)} == {
            "validated",
            "unvalidated",
            "untrained",
        }


def test_the_summary_in_a_store_says_what_its_best_loss_is_of(tmp_path):
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        run = manager.create(**SMALL)
        train(run, 40)
        manager.create(**SMALL)
        summary = run.summary
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        assert manager.runs[0].summary == summary
        assert not manager.runs[0].loaded
