"""Unreadable runs are listed with the reason, exported and deleted, and hide no other run."""

import io
import os
import sqlite3
from contextlib import closing

import pytest
from stores import SMALL, everything, look_at_all, train

from backprop_panel import SettingError, TrainingRunManager
from tests.full_disk import full_disk

DAMAGES = {
    "another tensor": (
        "UPDATE states SET tensors = zeroblob(length(tensors)) WHERE run = ?",
        "header",
    ),
    "another digest": ("UPDATE states SET digest = 'x' WHERE run = ?", "the state of step 30"),
    "no state": ("DELETE FROM states WHERE run = ?", "has no state"),
    "a setting of another version": (
        """UPDATE runs SET config = json_set(config, '$.dropout', 0.5) WHERE id = ?""",
        "Unknown setting 'dropout'",
    ),
    "a bad setting": (
        """UPDATE runs SET config = json_set(config, '$.hidden_dimension', 'x') WHERE id = ?""",
        "hidden_dimension must be a whole number",
    ),
    "no JSON": ("UPDATE runs SET config = '{' WHERE id = ?", "Expecting"),
    "another kind of JSON": ("UPDATE runs SET config = '[1]' WHERE id = ?", ""),
    "an unknown event": (
        """UPDATE events SET event = '{"kind": "pruned", "step": 0}' WHERE run = ?""",
        "There is no event of the kind 'pruned'",
    ),
    "no history": ("DELETE FROM history WHERE run = ?", "its history has 0 rows for 30 steps"),
    "no events": (
        "DELETE FROM events WHERE run = ?",
        "its log has 0 events and 0 updates where its state has 4 and 30",
    ),
    "no last event": (
        "DELETE FROM events WHERE run = ? AND number = 3",
        "its log has 3 events and 15 updates where its state has 4 and 30",
    ),
    "a missing change": (
        "DELETE FROM events WHERE run = ? AND number = 1",
        "the event number 1 of its log is missing",
    ),
    "events of other steps": (
        """UPDATE events SET event = json_set(event, '$.step', 3) WHERE run = ? AND number = 2""",
        "events before number 2 of its log are missing",
    ),
    "an event of other types": (
        """UPDATE events SET event = '{"kind": "trained", "step": 0, "size": 7, "updates": []}'
        WHERE run = ?""",
        "Not an event",
    ),
    "a state of other types": (
        """UPDATE states SET meta = json_set(meta, '$.epoch', json('[1]')) WHERE run = ?""",
        "a state does not say where it stands",
    ),
    "deep JSON": (
        "UPDATE states SET meta = replace(hex(zeroblob(50000)), '00', '[') WHERE run = ?",
        "its JSON cannot be read",
    ),
    "a history of zeros": (
        "UPDATE history SET columns = zeroblob(length(columns)) WHERE run = ?",
        "header",
    ),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


@pytest.fixture
def ids(path):
    """A store with the runs first, second and third, closed; their ids."""
    with closing(TrainingRunManager(path)) as manager:
        for name in ("first", "second", "third"):
            run = manager.create(name=name, **SMALL)
            train(run, 15)
            run.trainer.change(learning_rate=0.5)
            run.trainer.engine.edits.set_weight(0, 1, 2, 0.25)
            train(run, 15)
        return [run.id for run in manager.runs]


def on_file(path, statement, *values):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        return db.execute(statement, values).fetchall()


def damage(path, run_id, kind="another digest"):
    on_file(path, DAMAGES[kind][0], run_id)


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_run_that_cannot_be_read_is_listed_with_the_reason(path, ids, kind):
    with closing(TrainingRunManager(path)) as manager:
        others = [everything(run) for run in manager.runs if run.name != "second"]
    damage(path, ids[1], kind)
    with closing(TrainingRunManager(path)) as manager:
        look_at_all(manager)
        assert [everything(run) for run in manager.runs] == others
        (unreadable,) = manager.unreadable
        assert (unreadable.id, unreadable.name) == (ids[1], "second")
        assert DAMAGES[kind][1] in unreadable.reason
        assert unreadable.reason
        assert manager.store_problem == ""


def test_a_store_whose_runs_are_all_unreadable_opens_and_takes_new_ones(path, ids):
    for run_id in ids:
        damage(path, run_id)
    with closing(TrainingRunManager(path)) as manager:
        assert (manager.runs, manager.current) == ([], None)
        assert [run.name for run in manager.unreadable] == ["first", "second", "third"]
        train(manager.create(name="fourth", **SMALL), 5)
    with closing(TrainingRunManager(path)) as manager:
        look_at_all(manager)
        assert [(run.name, run.trainer.step) for run in manager.runs] == [("fourth", 5)]


def test_the_run_used_last_may_be_unreadable(path, ids):
    damage(path, ids[2])
    with closing(TrainingRunManager(path)) as manager:
        assert manager.current.name == "second"


def test_the_name_of_an_unreadable_run_is_taken(path, ids):
    damage(path, ids[1])
    with closing(TrainingRunManager(path)) as manager:
        look_at_all(manager)
        with pytest.raises(SettingError, match="There is a run named 'second' already"):
            manager.create(name="second", **SMALL)


def test_a_run_that_becomes_unreadable_elsewhere_stays_as_it_is_here(path, ids):
    with closing(TrainingRunManager(path)) as manager, closing(TrainingRunManager(path)) as other:
        look_at_all(manager)
        train(other.runs[0], 5)
        other._link.autosave.save()
        damage(path, ids[0])
        train(other.runs[2], 5)
        other._link.autosave.save()
        newer = manager.refresh()
        assert [run.name for run in newer] == ["third"]
        assert [run.trainer.step for run in manager.runs] == [30, 30, 35]
        assert "the state of step 35" in manager.store_problem


def test_an_unreadable_run_is_read_again_after_the_next_save(path, ids):
    (digest,) = on_file(path, "SELECT digest FROM states WHERE run = ?", ids[1])[0]
    damage(path, ids[1])
    with closing(TrainingRunManager(path)) as manager:
        look_at_all(manager)
        on_file(path, "UPDATE states SET digest = ? WHERE run = ?", digest, ids[1])
        manager.refresh()
        assert manager.unreadable  # nobody said that it changed
        on_file(path, "UPDATE runs SET saves = saves + 1 WHERE id = ?", ids[1])
        manager.refresh()
        look_at_all(manager)
        assert manager.unreadable == []
        assert [run.name for run in manager.runs] == ["first", "second", "third"]


def test_an_unreadable_run_is_copied_out_as_it_is(path, ids, tmp_path):
    damage(path, ids[1])
    rows = {
        table: on_file(path, f"SELECT * FROM {table} WHERE run = ?", ids[1])
        for table in ("states", "events", "history", "checkpoints")
    }
    with closing(TrainingRunManager(path)) as manager:
        look_at_all(manager)
        manager.export_raw(ids[1], tmp_path / "second.sqlite")
        manager.export_raw(ids[1], target := io.BytesIO())
    assert target.getvalue() == (tmp_path / "second.sqlite").read_bytes()
    for table, expected in rows.items():
        assert on_file(tmp_path / "second.sqlite", f"SELECT * FROM {table}") == expected
    with closing(TrainingRunManager(tmp_path / "second.sqlite")) as manager:
        assert [run.name for run in manager.unreadable] == ["second"]


def test_only_unreadable_runs_are_copied_out_raw(path, ids):
    with closing(TrainingRunManager(path)) as manager:
        with pytest.raises(SettingError, match="no unreadable run with the id"):
            manager.export_raw(ids[0], io.BytesIO())


@pytest.mark.parametrize("before", [[], [b"before"]], ids=["a new file", "an existing file"])
def test_a_raw_copy_that_cannot_be_written_changes_no_file(before, path, ids, tmp_path):
    damage(path, ids[1])
    target = tmp_path / "out" / "second.sqlite"
    target.parent.mkdir()
    for content in before:
        target.write_bytes(content)
    with closing(TrainingRunManager(path)) as manager:
        look_at_all(manager)
        with full_disk(), pytest.raises(SettingError, match="cannot be written"):
            manager.export_raw(ids[1], target)
    assert [file.read_bytes() for file in target.parent.iterdir()] == before


def test_a_raw_copy_is_not_written_into_a_folder(path, ids, tmp_path):
    damage(path, ids[1])
    with closing(TrainingRunManager(path)) as manager:
        look_at_all(manager)
        with pytest.raises(SettingError, match="cannot be written: Is a directory"):
            manager.export_raw(ids[1], tmp_path)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a disk that is always full, on Linux")
def test_a_device_is_left_alone_where_a_raw_copy_cannot_be_written(path, ids):
    damage(path, ids[1])
    with closing(TrainingRunManager(path)) as manager:
        look_at_all(manager)
        with pytest.raises(SettingError, match="'/dev/full' cannot be written: No space left"):
            manager.export_raw(ids[1], "/dev/full")
    assert os.path.exists("/dev/full")


def test_a_closed_manager_refuses_a_raw_copy(path, ids):
    damage(path, ids[1])
    with closing(TrainingRunManager(path)) as manager:
        look_at_all(manager)
    with pytest.raises(SettingError, match="is closed"):
        manager.export_raw(ids[1], io.BytesIO())


def test_an_unreadable_run_is_deleted(path, ids):
    for run_id in ids:
        damage(path, run_id)
    with closing(TrainingRunManager(path)) as manager:
        for run_id in ids:
            manager.delete(run_id)
        assert manager.unreadable == []
        manager.refresh()
        assert manager.unreadable == []
    assert on_file(path, "SELECT count(*) FROM states") == [(0,)]


def test_pages_that_sqlite_cannot_read_hide_no_other_run(path, ids):
    with closing(TrainingRunManager(path)) as manager:
        wide = manager.create(name="wide", **{**SMALL, "hidden_dimension": 60})
        train(wide, 5)
    (blob,) = on_file(path, "SELECT tensors FROM states WHERE run = ?", wide.id)[0]
    on_file(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    # So long a blob continues on pages of its own, each of which begins with the next one's number.
    data = bytearray(path.read_bytes())
    page = data.index(blob[9000:9064]) // 4096 * 4096
    data[page : page + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    with closing(TrainingRunManager(path)) as manager:
        assert [run.name for run in manager.runs] == ["first", "second", "third"]
        (unreadable,) = manager.unreadable
        assert unreadable.reason == "SQLite cannot read all of it"
        manager.export_raw(wide.id, target := io.BytesIO())
        assert target.getvalue()
