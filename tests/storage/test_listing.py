"""A store opens by its list: a run is loaded when it is first looked at."""

import math
import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from stores import SMALL, everything, look_at_all, train

from backprop_panel import SettingError, StoreError, TrainingRunManager
from backprop_panel.training import engine as engines
from backprop_panel.views.panels.runs_table import runs_table, settings_in_words
from tests.storage.test_faults import back_to_first_format

RUNS = 100
NAMES = [f"run {number}" for number in range(RUNS)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A store with many runs, closed; the run used last is the last one."""
    path = tmp_path_factory.mktemp("filled") / "runs.sqlite"
    with opened(path) as manager:
        for name in NAMES:
            manager.create(name=name, **SMALL)
        train(manager.runs[3], 30)
        manager.runs[3].trainer.learning_rate = 0.25
    return path


@pytest.fixture
def filled(path, template):
    """A copy of the store with many runs."""
    return shutil.copy(template, path)


@pytest.fixture
def engines_made(monkeypatch):
    """A list that grows by one with each engine."""
    made, build = [], engines.Engine.__init__

    def counted(self, *arguments):
        made.append(self)
        build(self, *arguments)

    monkeypatch.setattr(engines.Engine, "__init__", counted)
    return made


def on_file(path, statement, *values):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        return db.execute(statement, values).fetchall()


def opened(path):
    return closing(TrainingRunManager(path))


def loaded(manager):
    return [run.name for run in manager.runs if run.loaded]


def test_opening_a_store_loads_the_current_run_alone(filled, engines_made):
    with opened(filled) as manager:
        assert [run.name for run in manager.runs] == NAMES
        assert loaded(manager) == [manager.current.name] == [NAMES[-1]]
        assert len(engines_made) == 1


def test_the_first_use_of_a_run_loads_it_alone(filled):
    with opened(filled) as manager:
        assert manager.runs[3].trainer.step == 30
        assert loaded(manager) == [NAMES[3], NAMES[-1]]


@pytest.mark.parametrize("part", ["dataset", "model", "trainer", "worker", "history"])
def test_any_part_of_a_run_loads_it(filled, part):
    with opened(filled) as manager:
        run = manager.runs[3]
        found = getattr(run, part)
        assert run.loaded and getattr(run, part) is found
        assert run.model.run is run


def test_a_listed_run_has_its_configuration_and_summary(path, engines_made):
    with opened(path) as manager:
        for settings in ({}, {"hidden_dimension": [5, 4]}, {"master_sequences": "abcab\nddccb"}):
            train(manager.create(**{**SMALL, **settings}), 30)
            manager.current.trainer.learning_rate = 0.25
        manager.fork(manager.current.id, step=12)
        manager.create(**SMALL)
        shown = [(run.config, run.settings, run.parent, run.summary) for run in manager.runs[:4]]
    engines_made.clear()
    with opened(path) as manager:
        listed = manager.runs[:4]
        assert [(run.config, run.settings, run.parent, run.summary) for run in listed] == shown
        assert not any(run.loaded for run in listed)
        look_at_all(manager)
        assert [(run.config, run.settings, run.parent, run.summary) for run in listed] == shown


def test_the_table_of_runs_is_the_same_before_and_after_loading(filled):
    def table(manager):
        return runs_table(manager.runs, [settings_in_words(run) for run in manager.runs])

    with opened(filled) as manager:
        before = table(manager)
        assert loaded(manager) == [NAMES[-1]]
        assert before.loc[3, ["step", "learning rate"]].tolist() == [30, "0.25"]
        assert before.equals(table(look_at_all(manager)))


def test_a_loss_that_is_not_a_number_is_listed_as_such(path):
    with opened(path) as manager:
        run = manager.create(**SMALL)
        run.trainer.run_epoch()
        run.trainer.engine.network.parameters[...] = np.nan
        train(run, 1)
        manager.create(**SMALL)
    with opened(path) as manager:
        summary = manager.runs[0].summary
        assert math.isnan(summary.losses.last)
        assert summary.losses.best > 0 and summary.losses.best_of == "validation"
        assert not manager.runs[0].loaded


def test_a_run_that_an_older_version_saved_is_loaded_for_its_summary(path):
    with opened(path) as manager:
        train(manager.create(**SMALL), 30)
        manager.create(**SMALL)
        summary = manager.runs[0].summary
    back_to_first_format(path)
    with opened(path) as manager:
        assert not manager.runs[0].loaded
        assert manager.runs[0].summary == summary
        assert manager.runs[0].loaded


def test_saving_refreshing_and_renaming_load_no_run(filled, engines_made):
    with opened(filled) as manager, closing(sqlite3.connect(filled)) as db:
        train(manager.current, 10)
        manager._link.autosave.save()
        manager.rename(manager.runs[5].id, "renamed")
        manager.delete(manager.runs[6].id)
        manager.refresh()
        assert loaded(manager) == [NAMES[-1]]
        stored = db.execute("SELECT name FROM runs ORDER BY position").fetchall()
    assert len(engines_made) == 1
    assert stored == [
        ("renamed" if name == NAMES[5] else name,) for name in NAMES if name != NAMES[6]
    ]


def test_a_run_trained_elsewhere_is_listed_anew_and_not_loaded(filled):
    with (
        opened(filled) as manager,
        opened(filled) as other,
    ):
        train(other.runs[7], 20)
        other._link.autosave.save()
        assert manager.refresh() == [manager.runs[7]]
        assert manager.runs[7].summary == other.runs[7].summary
        assert loaded(manager) == [NAMES[-1]]
        assert everything(manager.runs[7]) == everything(other.runs[7])
        assert manager.refresh() == []


def test_a_listed_run_is_trained_under_a_lease(filled):
    with (
        opened(filled) as manager,
        opened(filled) as other,
    ):
        train(manager.runs[3], 5)
        manager._link.autosave.save()
        with pytest.raises(SettingError, match="being trained in another window or process"):
            other.runs[3].trainer.run_batch()
        assert other.runs[3].trainer.step == 35


def test_a_run_found_unreadable_raises_a_setting_error_and_hides_no_other(filled):
    (run_id,) = on_file(filled, "SELECT id FROM runs WHERE name = ?", NAMES[3])[0]
    on_file(filled, "UPDATE states SET digest = 'x' WHERE run = ?", run_id)
    with opened(filled) as manager:
        run, seen = manager.runs[3], []
        manager.param.watch(lambda event: seen.append(len(event.new)), ["runs", "unreadable"])
        assert manager.unreadable == []
        for _ in range(2):
            with pytest.raises(SettingError, match="'run 3' cannot be read: the state of step 30"):
                run.load()
        assert [each.name for each in manager.unreadable] == [NAMES[3]]
        assert [each.name for each in manager.runs] == [name for name in NAMES if name != NAMES[3]]
        assert seen == [1, RUNS - 1]
        assert manager.refresh() == [] and len(manager.unreadable) == 1
        with pytest.raises(SettingError, match="There is no run with the id"):
            manager.switch(run_id)


def test_switching_to_an_unreadable_run_leaves_the_current_one(filled):
    on_file(filled, "UPDATE states SET digest = 'x'")
    with opened(filled) as manager:
        assert manager.current is None and len(manager.unreadable) == RUNS
    on_file(filled, "DELETE FROM runs WHERE name NOT IN ('run 1', 'run 2')")
    with opened(filled) as manager:
        whole = manager.create(name="whole", **SMALL)
        on_file(filled, "UPDATE runs SET saves = saves + 1")
        manager.refresh()
        assert [run.name for run in manager.runs] == ["run 1", "run 2", "whole"]
        with pytest.raises(SettingError, match="'run 1' cannot be read"):
            manager.switch(manager.runs[0].id)
        assert manager.current is whole
        with pytest.raises(SettingError, match="is the only run"):
            manager.delete(whole.id)


def test_the_run_after_a_deleted_one_is_a_readable_one(filled):
    on_file(
        filled,
        "UPDATE states SET digest = 'x' WHERE run IN "
        "(SELECT id FROM runs WHERE name IN ('run 97', 'run 98'))",
    )
    with opened(filled) as manager:
        manager.delete(manager.current.id)
        assert manager.current.name == "run 96"
        assert [run.name for run in manager.unreadable] == ["run 97", "run 98"]


def test_a_run_deleted_elsewhere_is_refused_at_the_first_look(filled):
    with (
        opened(filled) as manager,
        opened(filled) as other,
    ):
        run = manager.runs[3]
        other.delete(other.runs[3].id)
        with pytest.raises(SettingError, match="was deleted in another window or process"):
            run.load()
        assert manager.unreadable == []
        manager.refresh()
        assert run not in manager.runs


def test_a_run_cannot_be_loaded_after_its_store_is_closed(filled):
    manager = TrainingRunManager(filled)
    manager.close()
    with pytest.raises(StoreError, match="its store has been closed"):
        manager.runs[3].load()
    assert manager.unreadable == []
