"""A store whose file is lost while it is open says that it saves nothing."""

import os
import shutil
from contextlib import closing

import pytest
from stores import SMALL, train, wait_until

from backprop_panel import StoreError, TrainingRunManager
from backprop_panel.interchange import export_run, import_run

LOST = "was deleted, moved, emptied or replaced while it was open"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store" / "runs.sqlite"


@pytest.fixture
def manager(path):
    manager = TrainingRunManager(path)
    train(manager.create(**SMALL), 10)
    manager._link.autosave.save()
    yield manager
    manager.close()
    assert LOST in manager.store_problem


def replace_by_a_new_store(path):
    path.unlink()
    TrainingRunManager(path).close()


LOSSES = {
    "deleted": os.unlink,
    "moved": lambda path: path.rename(path.with_name("elsewhere.sqlite")),
    "emptied": lambda path: path.write_bytes(b""),
    "replaced": replace_by_a_new_store,
    "its log deleted": lambda path: path.with_name(path.name + "-wal").unlink(),
    "its folder deleted": lambda path: shutil.rmtree(path.parent),
}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_a_lost_file_is_noticed_with_nothing_new_to_save(lose, path, manager):
    lose(path)
    manager.refresh()
    assert LOST in manager.store_problem
    assert "Export the runs that you need" in manager.store_problem


def test_runs_of_a_lost_file_go_on_and_can_be_exported(path, manager, tmp_path):
    path.unlink()
    run = manager.current
    train(run, 10)
    export_run(run, tmp_path / "run.zip")
    assert import_run(tmp_path / "run.zip").history["loss"].tolist() == run.history["loss"].tolist()
    with pytest.warns(UserWarning, match=f"last changes of 'run 1' are not saved: .* {LOST}"):
        manager.close()


def test_the_runs_of_a_lost_file_stay_though_another_has_its_place(path, manager, tmp_path):
    path.unlink()
    with closing(TrainingRunManager(path)) as another:
        another.draft(**SMALL)  # as of a page that is opened
        run = manager.current
        manager.refresh()
        assert manager.runs == [run] and manager.current is run
        assert LOST in manager.store_problem
        export_run(run, tmp_path / "run.zip")
    assert import_run(tmp_path / "run.zip").trainer.step == 10


def test_runs_of_a_lost_file_that_were_only_listed_can_be_read(path, manager):
    other = TrainingRunManager(path)
    path.unlink()
    assert other.runs[0].trainer.step == 10
    other.close()


def test_a_change_that_must_be_saved_at_once_is_refused_in_a_lost_file(path, manager):
    path.unlink()
    with pytest.raises(StoreError, match=LOST):
        manager.rename(manager.current.id, "x")
    assert manager.current.name == "run 1"


def test_a_new_store_in_place_of_a_lost_one_keeps_its_own_runs(path, manager):
    path.unlink()
    with_new_file = TrainingRunManager(path)
    train(with_new_file.create(name="new", **SMALL), 5)
    train(manager.current, 5)
    with pytest.warns(UserWarning, match=f"last changes of 'run 1' are not saved: .* {LOST}"):
        manager.close()
    with_new_file.close()
    again = TrainingRunManager(path)
    assert [(run.name, run.trainer.step) for run in again.runs] == [("new", 5)]
    again.close()


def is_lost(manager):
    manager.refresh()
    return LOST in manager.store_problem


def test_a_file_that_comes_back_is_saved_to_again(path, tmp_path):
    manager = TrainingRunManager(path)
    run = manager.create(**SMALL)
    for old, new in ((path, tmp_path / "away"), (tmp_path / "away", path)):
        old.rename(new)
        train(run, 5)
        wait_until(lambda new=new: is_lost(manager) == (new != path))
    manager.close()
    assert manager.store_problem == ""
    again = TrainingRunManager(path)
    assert again.current.trainer.step == 10
    again.close()
