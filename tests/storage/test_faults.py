"""Files that cannot be used are named and left as they are; a page goes on in memory."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from stores import SMALL, everything, train, wait_until

from backprop_panel import SettingError, StoreError, TrainingRunManager
from backprop_panel.storage import leases
from backprop_panel.storage import schema as store_schema
from tests.bundles import weights_file
from tests.full_disk import full_disk

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A store with two runs, closed."""
    path = tmp_path_factory.mktemp("filled") / "runs.sqlite"
    manager = TrainingRunManager(path)
    run = manager.create(**SMALL, optimizer="adam")
    train(run, 500)
    manager.fork(run.id, step=200)
    manager.close()
    return path


@pytest.fixture
def filled(path, template):
    """A copy of the store with two runs."""
    return shutil.copy(template, path)


def refusal(path):
    """The message with which a file is refused; the file must be unchanged."""
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError) as caught:
        TrainingRunManager(path)
    assert (path.read_bytes() if path.is_file() else None) == before
    assert repr(str(path)) in str(caught.value)
    return str(caught.value)


def on_file(path, *statements):
    db = sqlite3.connect(path, isolation_level=None)
    answers = [db.execute(statement).fetchall() for statement in statements]
    db.close()
    return answers


def test_a_file_cut_short_anywhere_is_refused(filled, tmp_path):
    whole, cut = filled.read_bytes(), tmp_path / "cut.sqlite"
    places = sorted({1 + place * (len(whole) - 2) // 99 for place in range(100)})
    for place in places:
        cut.write_bytes(whole[:place])
        assert "is damaged" in refusal(cut)
    print(f"{len(places)} places of {len(whole)} bytes")
    assert len(places) == 100


@pytest.mark.parametrize("pages", range(1, 100, 7))
def test_a_file_cut_short_between_pages_is_refused(filled, pages):
    size = filled.stat().st_size
    os.truncate(filled, min(pages * 4096, size - 4096))
    assert "is damaged" in refusal(filled)


def test_a_truncated_log_keeps_the_saves_before(tmp_path, monkeypatch):
    """As after a loss of power: the file and its log are copied while they are in use."""
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0)
    path = tmp_path / "live.sqlite"
    manager = TrainingRunManager(path)
    run = manager.create(**SMALL)
    for _ in range(10):
        train(run, 20)
        manager._link.autosave.save()
    copies = tmp_path / "copies"
    copies.mkdir()
    log = path.with_name("live.sqlite-wal").read_bytes()
    shutil.copy(path, copies / "main")
    manager.close()
    steps = set()
    for place in range(50):
        copy = copies / f"{place}.sqlite"
        shutil.copy(copies / "main", copy)
        copy.with_name(copy.name + "-wal").write_bytes(log[: len(log) * place // 49])
        manager = TrainingRunManager(copy)
        steps |= {run.trainer.step for run in manager.runs}
        for run in manager.runs:
            train(run, 5)
        manager.close()
    print(f"50 places of a log of {len(log)} bytes, steps found: {sorted(steps)}")
    assert steps == set(range(0, 201, 20))


def test_a_newer_schema_is_refused_and_both_versions_are_named(filled):
    on_file(filled, "PRAGMA user_version = 99")
    message = refusal(filled)
    assert "the format 99" in message
    assert f"formats up to {len(store_schema.MIGRATIONS)}" in message


def test_an_older_schema_is_migrated_in_order(filled, monkeypatch):
    newer = (
        *store_schema.MIGRATIONS,
        "ALTER TABLE runs ADD COLUMN note TEXT",
        "UPDATE runs SET note = name",
    )
    monkeypatch.setattr(store_schema, "MIGRATIONS", newer)
    TrainingRunManager(filled).close()
    version, notes = on_file(filled, "PRAGMA user_version", "SELECT note FROM runs")
    assert (version, notes) == ([(len(newer),)], [("run 1",), ("run 1.1",)])


def back_to_first_format(path):
    """Undo the migrations of a file with runs, as if the first version had written it."""
    columns = ("step", "epoch", "settings", "last_loss", "best_loss", "mode", "best_of")
    on_file(
        path,
        "DROP INDEX runs_by_position",
        *(f"ALTER TABLE runs DROP COLUMN {column}" for column in columns),
        "DROP TABLE tensors",
        "DROP TABLE health",
        "DROP TABLE trials",
        "DROP TABLE sweeps",
        "PRAGMA user_version = 1",
    )


def test_a_store_of_the_first_format_takes_weights_that_are_loaded(path):
    with closing(TrainingRunManager(path)) as manager:
        train(manager.create(**SMALL), 20)
    back_to_first_format(path)
    manager = TrainingRunManager(path)
    assert manager.current.trainer.step == 20
    manager.current.load_weights(weights_file(manager.current.model.network))
    digest = manager.current.trainer.engine.state().digest()
    manager.close()
    manager = TrainingRunManager(path)
    assert manager.current.replay(20).engine.state().digest() == digest
    manager.close()


def test_a_migration_that_fails_changes_nothing(filled, monkeypatch):
    newer = (*store_schema.MIGRATIONS, "ALTER TABLE runs ADD COLUMN note TEXT; SELECT missing")
    monkeypatch.setattr(store_schema, "MIGRATIONS", newer)
    assert "no such column" in refusal(filled)


@pytest.mark.parametrize("content", [b"hello", b"x" * 5000, b"x" * 8192], ids=len)
def test_a_file_that_is_not_a_database_is_refused(content, path):
    path.write_bytes(content)
    assert "is not a database, or its beginning is damaged" in refusal(path)


@pytest.mark.parametrize("place", range(10, 300, 10))
def test_a_damaged_byte_of_the_tables_names_is_refused_or_does_no_harm(place, filled, tmp_path):
    data = bytearray(filled.read_bytes())
    data[data.find(b"CREATE TABLE runs") + place] = 0xB2
    damaged = tmp_path / "damaged.sqlite"
    damaged.write_bytes(data)
    try:
        TrainingRunManager(damaged).close()
    except StoreError as error:
        assert "damaged.sqlite' is damaged" in str(error) or "cannot be used" in str(error)


def test_a_file_of_which_only_the_beginning_is_a_database_s_is_refused(path):
    path.write_bytes(b"SQLite format 3\x00" + b"x" * 4080)
    assert "is not a database" in refusal(path) or "is damaged" in refusal(path)


def test_the_database_of_another_program_is_refused(path):
    on_file(path, "CREATE TABLE songs (title TEXT)")
    assert "is the database of another program" in refusal(path)


def test_a_folder_and_a_place_below_a_file_are_refused(tmp_path):
    assert "cannot be opened" in refusal(tmp_path)
    (tmp_path / "file").write_text("x")
    assert "cannot be opened" in refusal(tmp_path / "file" / "runs.sqlite")


@pytest.mark.parametrize("device", ["/dev/null", "/dev/full"])
def test_a_device_is_refused_as_no_plain_file(device):
    assert refusal(Path(device)) == f"The store '{device}' is not a plain file."


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_name_that_no_file_can_have_is_refused(name, tmp_path):
    with pytest.raises(StoreError, match="no file has such a name"):
        TrainingRunManager(tmp_path / name)


def test_a_user_whose_name_cannot_be_stored_is_refused(path):
    with pytest.raises(SettingError, match="is not a text that can be stored"):
        TrainingRunManager(path, user="\ud800")


def test_a_missing_folder_of_a_store_is_created(tmp_path):
    path = tmp_path / "a" / "b" / "runs.sqlite"
    TrainingRunManager(path).close()
    assert path.exists()


LOOK_AS_NOBODY = """
import os, sys
from backprop_panel import TrainingRunManager
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)  # root may write anything
manager = TrainingRunManager(sys.argv[1], user=sys.argv[2])
print(manager.store_problem)
print([(run.name, run.trainer.step) for run in manager.runs])
run = manager.current or manager.create()
run.trainer.run_batch()
manager.create(name="another")
print(manager.refresh(), manager.store_problem)
print([run.name for run in manager.runs])
for deed in (lambda: manager.rename(run.id, "x"), lambda: manager.delete(run.id)):
    try:
        deed()
    except Exception as error:
        print(type(error).__name__)
manager.close()
"""


def seen_where_nothing_can_be_written(path, folder_too, user=""):
    """The output of a process that may only read a file; the file must be unchanged."""
    with tempfile.TemporaryDirectory() as folder:  # others cannot go where pytest's folders are
        path = Path(shutil.copy(path, folder))
        path.chmod(0o444)
        os.chmod(folder, 0o555 if folder_too else 0o777)
        before = path.read_bytes()
        command = [sys.executable, "-W", "error", "-c", LOOK_AS_NOBODY, str(path), user]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        os.chmod(folder, 0o755)
        assert done.stderr == ""
        assert path.read_bytes() == before
        return done.stdout.replace(str(path), "FILE").splitlines()


READ_ONLY = "The store 'FILE' is read-only: its runs are shown, but what is done here is not saved."


@pytest.mark.parametrize("folder_too", [False, True])
def test_a_read_only_store_shows_its_runs_and_says_so(filled, folder_too):
    assert seen_where_nothing_can_be_written(filled, folder_too) == [
        READ_ONLY,
        "[('run 1', 500), ('run 1.1', 200)]",
        f"[] {READ_ONLY}",
        "['run 1', 'run 1.1', 'another']",
        "StoreError",
        "StoreError",
    ]


def test_a_read_only_store_has_no_runs_for_a_new_user(filled):
    said = seen_where_nothing_can_be_written(filled, True, user="ada")
    assert said[:2] == [READ_ONLY, "[]"]


@pytest.mark.parametrize("folder_too", [False, True])
def test_a_read_only_store_of_an_older_version_shows_its_runs(folder_too):
    older = Path(__file__).parent / "stores" / "numpy_settings.sqlite"
    said = seen_where_nothing_can_be_written(older, folder_too)
    assert said[0] == READ_ONLY
    assert said[1].startswith("[('rate 0', 9), ('rate 1', 9)")


def test_training_on_a_full_disk_is_saved_once_there_is_room(path):
    manager = TrainingRunManager(path)
    run = manager.create(**SMALL)
    db = manager.store._db
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {pages}")
    train(run, 3000)
    wait_until(lambda: manager.refresh() == [] and manager.store_problem)
    assert manager.store_problem == (
        f"The store {str(path)!r} cannot be written: the disk is full."
    )
    unsaved = manager.create(**{**SMALL, "hidden_dimension": 80})
    train(unsaved, 20)
    manager.refresh()
    assert [other.name for other in manager.runs] == ["run 1", "run 2"]
    manager.rename(unsaved.id, "later")
    with closing(TrainingRunManager(path)) as other:
        assert [other.name for other in other.runs] == ["run 1"]
    db.execute("PRAGMA max_page_count = 1000000")
    wait_until(lambda: manager.refresh() == [] and not manager.store_problem)
    before = [everything(other) for other in manager.runs]
    manager.close()
    manager = TrainingRunManager(path)
    assert [everything(other) for other in manager.runs] == before
    manager.close()


def test_a_store_on_a_full_disk_opens_to_look_at(path, tmp_path):
    with closing(TrainingRunManager(path)) as manager:
        train(manager.create(name="kept", **SMALL), 30)
        before = everything(manager.current)
    with full_disk(4096), closing(TrainingRunManager(path)) as manager:
        assert manager.store_problem == (
            f"The store {str(path)!r} is on a full disk: its runs are shown, but what is done here "
            "is not saved. Make room, then open it again: on a page, reload it."
        )
        assert everything(manager.current) == before
    with closing(TrainingRunManager(path)) as manager:
        assert not manager.store_problem
        train(manager.current, 10)
    with closing(TrainingRunManager(path)) as manager:
        assert manager.current.trainer.step == 40


def test_a_store_that_fails_at_any_time_never_stops_the_training(path):
    manager = TrainingRunManager(path)
    run = manager.create(**SMALL)
    manager.store._db.execute("PRAGMA query_only = 1")  # as a disk that became read-only
    train(run, 50)
    run.trainer.learning_rate = 0.3
    assert run.trainer.run_batch().step == 51
    wait_until(lambda: manager.refresh() == [] and manager.store_problem)
    assert "cannot be written: it, or its folder, is read-only" in manager.store_problem
    with pytest.raises(StoreError):
        manager.rename(run.id, "x")
    assert run.name == "run 1"
    with pytest.warns(UserWarning, match="last changes of 'run 1' are not saved: .*read-only"):
        manager.close()
    assert "read-only" in manager.store_problem


def test_all_pages_of_an_owner_tell_of_a_full_disk(path):
    with closing(TrainingRunManager(path)) as first:
        run = first.create(**SMALL)
        with (
            closing(TrainingRunManager(path)) as second,
            closing(TrainingRunManager(path, "someone else")) as other,
        ):
            db = first.store._db
            (pages,) = db.execute("PRAGMA page_count").fetchone()
            db.execute(f"PRAGMA max_page_count = {pages}")
            train(run, 3000)
            wait_until(lambda: second.refresh() is not None and second.store_problem)
            assert "the disk is full" in second.store_problem
            assert other.refresh() == [] and other.store_problem == ""
            db.execute("PRAGMA max_page_count = 1000000")
            wait_until(lambda: second.refresh() is not None and not second.store_problem)


def test_a_page_that_is_closed_leaves_its_problem_to_no_other(path):
    first, second = TrainingRunManager(path), TrainingRunManager(path)
    run = first.create(**SMALL)
    first.store._db.execute("PRAGMA query_only = 1")
    train(run, 50)
    wait_until(lambda: second.refresh() is not None and second.store_problem)
    with pytest.warns(UserWarning, match="not saved"):
        first.close()
    second.refresh()
    assert second.store_problem == ""
    second.close()


def test_closing_on_a_full_disk_says_what_is_lost(path):
    manager = TrainingRunManager(path)
    run = manager.create(**SMALL)
    db = manager.store._db
    (pages,) = db.execute("PRAGMA page_count").fetchone()
    db.execute(f"PRAGMA max_page_count = {pages}")
    train(run, 3000)
    with pytest.warns(UserWarning, match="last changes of 'run 1' are not saved: .*disk is full"):
        manager.close()


def test_unreadable_checkpoints_are_ignored(filled):
    on_file(filled, "UPDATE checkpoints SET tensors = zeroblob(length(tensors))")
    manager = TrainingRunManager(filled)
    run = manager.runs[0]
    last = run.at(500)
    assert (last.step, run.trainer.engine.checkpoints.states) == (500, [])
    assert [array.tolist() for array in last.weights] == [
        array.tolist() for array in run.model.weights
    ]
    manager.refresh()
    assert "is damaged" in manager.store_problem
    train(run, 10)
    manager.close()
    assert manager.store_problem == ""


def test_a_loaded_run_replays_and_trains_after_its_store_closed(filled):
    manager = TrainingRunManager(filled)
    run = manager.runs[0]
    run.load()
    manager.close()
    assert run.at(250).step == 250
    with pytest.warns(UserWarning, match="'run 1' goes on in memory only"):
        train(run, 10)
    train(run, 10)  # that was said
    assert run.trainer.step == 520
