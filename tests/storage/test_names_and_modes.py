"""What belongs to a run beside its events, and is saved with it: its name and its mode."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from stores import SMALL, everything, train

from backprop_panel import SettingError, StoreError, TrainingRun, TrainingRunManager
from backprop_panel.interchange import import_run
from tests.bundles import exported


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


def reopened(path):
    with closing(TrainingRunManager(path)) as manager:
        for run in manager.runs:
            run.load()
        return manager


def test_a_name_that_is_set_on_a_run_is_saved(path):
    with closing(TrainingRunManager(path)) as manager:
        manager.create(**SMALL).name = " mine "
        assert manager.current.name == "mine"
        assert TrainingRunManager(path).current.name == "mine"


def test_a_name_that_is_set_on_a_listed_run_is_saved(path):
    with closing(TrainingRunManager(path)) as manager:
        manager.create(**SMALL)
        manager.create(**SMALL)
    with closing(TrainingRunManager(path)) as manager:
        manager.runs[0].param.update(name="mine")
        assert not manager.runs[0].loaded
    assert [run.name for run in reopened(path).runs] == ["mine", "run 2"]


def test_a_draft_is_stored_with_the_name_that_is_set(path):
    with closing(TrainingRunManager(path)) as manager:
        manager.draft(**SMALL).name = "mine"
    assert reopened(path).current.name == "mine"


@pytest.mark.parametrize(
    "name", ["run 2", "", "  ", 3, None, "x" * 121, "a\nb", "\ud800"], ids=repr
)
def test_a_name_that_cannot_be_stored_is_refused_where_it_is_set(name, path):
    with closing(TrainingRunManager(path)) as manager:
        run = manager.create(**SMALL)
        manager.create(**SMALL)
        with pytest.raises(SettingError):
            run.name = name
        assert run.name == "run 1"


def test_views_are_told_of_a_name_that_is_set():
    manager, told = TrainingRunManager(), []
    run = manager.create(**SMALL)
    manager.param.watch(told.append, "runs", onlychanged=False)
    run.name = "mine"
    assert len(told) == 1


def test_a_deleted_run_takes_any_name():
    manager = TrainingRunManager()
    run, _ = manager.create(**SMALL), manager.create(**SMALL)
    manager.delete(run.id)
    run.name = "run 2"
    assert [other.name for other in manager.runs] == ["run 2"]


def test_a_name_is_refused_after_the_manager_closed(path):
    with closing(TrainingRunManager(path)) as manager:
        run = manager.create(**SMALL)
    with pytest.raises(StoreError, match="is closed"):
        run.name = "mine"


def test_a_run_of_a_store_is_not_added_to_another_manager(path, tmp_path):
    with (
        closing(TrainingRunManager(path)) as manager,
        closing(TrainingRunManager(tmp_path / "other.sqlite")) as other,
    ):
        run = manager.create(**SMALL)
        with pytest.raises(SettingError, match="in another manager already"):
            other.add(run)
        with pytest.raises(SettingError, match="in this manager already"):
            manager.add(run)
        assert (run.name, manager.runs, other.runs) == ("run 1", [run], [])


def test_a_run_in_memory_can_be_added_to_a_store(path):
    run = TrainingRunManager().create(**SMALL)
    train(run, 5)
    with closing(TrainingRunManager(path)) as manager:
        manager.add(run)
        train(run, 5)
        before = everything(run)
    with closing(TrainingRunManager(path)) as manager:
        assert everything(manager.current) == before


@pytest.mark.parametrize("modes", [("train", "visualize"), ("visualize", "train")])
def test_a_mode_that_was_changed_is_there_after_a_restart(modes, path):
    created, changed = modes
    with closing(TrainingRunManager(path)) as manager:
        run = manager.create(**SMALL, mode=created)
        run.trainer.mode = changed
    run = reopened(path).current
    assert (run.trainer.mode, run.config["mode"]) == (changed, created)
    with pytest.warns(UserWarning):
        run.trainer.run_batch()
    assert run.trainer.step == (changed == "train")


def test_a_changed_mode_is_among_the_settings_of_a_listed_run(path):
    with closing(TrainingRunManager(path)) as manager:
        manager.create(**SMALL).trainer.mode = "visualize"
        manager.create(**SMALL)
    with closing(TrainingRunManager(path)) as manager:
        assert [run.settings["mode"] for run in manager.runs] == ["visualize", "train"]
        assert not manager.runs[0].loaded


def test_a_mode_is_saved_while_another_window_trains_the_run(path):
    first, second = TrainingRunManager(path), TrainingRunManager(path)
    train(first.create(**SMALL), 5)
    second.refresh()
    second.runs[0].trainer.mode = "visualize"
    second.close()
    assert first.refresh() == []
    train(first.current, 5)
    first.close()
    assert (first.store_problem, second.store_problem) == ("", "")
    run = reopened(path).current
    assert (run.trainer.mode, run.trainer.step) == ("visualize", 10)


def test_a_mode_stores_no_draft(path):
    with closing(TrainingRunManager(path)) as manager:
        manager.draft(**SMALL).trainer.mode = "visualize"
    assert reopened(path).runs == []


def test_a_draft_is_stored_in_the_mode_that_was_chosen_before(path):
    with closing(TrainingRunManager(path)) as manager:
        run = manager.draft(**SMALL)
        run.trainer.mode = "visualize"
        run.trainer.learning_rate = 0.5
    assert reopened(path).current.trainer.mode == "visualize"


def test_a_mode_of_another_program_is_that_of_the_configuration(path):
    with closing(TrainingRunManager(path)) as manager:
        manager.create(**SMALL, mode="visualize")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE runs SET mode = 'dream'")
    with closing(TrainingRunManager(path)) as manager:
        assert manager.runs[0].settings["mode"] == "visualize"
        assert manager.runs[0].trainer.mode == "visualize"


OLD = "x\u202ey" + 300 * "z"


@pytest.fixture
def old_store(path):
    """A store with a run whose name was allowed once."""
    with closing(TrainingRunManager(path)) as manager:
        train(manager.create(**SMALL), 5)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE runs SET name = ?", (OLD,))
    return path


def test_a_run_of_an_older_store_with_a_long_name_opens(old_store):
    with closing(TrainingRunManager(old_store)) as manager:
        assert manager.current.name == OLD and manager.unreadable == []
        train(manager.current, 5)
    with closing(TrainingRunManager(old_store)) as manager:
        assert manager.current.trainer.step == 10


def test_a_fork_and_a_copy_of_a_long_old_name_are_short(old_store):
    with closing(TrainingRunManager(old_store)) as manager:
        run = manager.current
        assert len(manager.fork(run.id).name) <= 120
        copy = manager.add(import_run(exported(run)))
        assert len(copy.name) <= 120 and "\u202e" not in copy.name


@pytest.mark.parametrize(
    "name",
    ["", 1000 * "x", "a\nb", 5, [1], np.array(["a", "b"]), np.array([]), np.ma.masked],
    ids=repr,
)
def test_a_run_refuses_a_wrong_name_with_and_without_a_manager(name):
    manager = TrainingRunManager()
    run = manager.create(num_samples=64)
    alone = TrainingRun("alone", {"num_samples": 64})
    for each in (run, alone):
        before = each.name
        with pytest.raises(SettingError, match="A run"):
            each.name = name
        assert each.name == before
    with pytest.raises(SettingError, match="A run"):
        manager.rename(run.id, name)
