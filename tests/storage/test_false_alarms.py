"""A run that is trained in one window and followed in another is no change of the second one."""

import time
from contextlib import contextmanager
from threading import Event, Thread

import pytest
from stores import SMALL, train, wait_until

from backprop_panel import SettingError, TrainingRunManager
from backprop_panel.training.worker import StopWhen

SECONDS = 1


@pytest.fixture
def windows(tmp_path):
    first = TrainingRunManager(tmp_path / "runs.sqlite")
    first.create(**SMALL)
    second = TrainingRunManager(tmp_path / "runs.sqlite")
    yield first, second
    for window in (first, second):
        window.close()


@contextmanager
def saving_all_the_time(*windows):
    """Save far more often than the saving threads do, so that many moments are met."""
    done = Event()

    def save(window, pause):
        while not done.wait(pause):
            window._link.autosave.save()

    threads = [
        Thread(target=save, args=(windows[0], 0.005)),
        Thread(target=save, args=(windows[1], 0)),
    ]
    for thread in threads:
        thread.start()
    yield
    done.set()
    for thread in threads:
        thread.join()


def test_following_and_forking_a_run_that_plays_elsewhere_raises_no_alarm(windows):
    first, second = windows
    first.current.worker.start(StopWhen(), 500)
    run, problems, end = second.current, set(), time.monotonic() + SECONDS
    with saving_all_the_time(first, second):
        while time.monotonic() < end:
            for _ in range(200):
                second.refresh()
                problems.add(second.store_problem)
            second.fork(run.id)
    assert problems == {""}


def test_a_save_while_the_run_is_followed_raises_no_alarm(windows):
    first, second = windows
    run, engine = second.current, second.current.trainer.engine
    train(first.current, 10)
    first._link.autosave.save()
    entry, restore = second._link.autosave._entries[run.id], engine.restore
    saving = Thread(target=second._link.autosave.save)

    def restore_during_a_save(state):
        saving.start()
        wait_until(lambda: entry._requested)
        restore(state)

    engine.restore = restore_during_a_save
    assert second.refresh() == [run]
    saving.join()
    second.refresh()
    assert second.store_problem == ""
    assert run.trainer.step == 10


def test_changes_made_while_the_store_failed_are_not_dropped_in_silence(windows):
    first, second = windows
    here, there = second.current, first.current
    here.load()
    db = second.store._db
    with second._link.autosave._saving:  # no save comes in between
        db.execute("PRAGMA query_only = 1")
        train(here, 5)
        db.execute("PRAGMA query_only = 0")
        train(there, 3)
        first.give_back()
        with pytest.raises(SettingError, match="last changes to 'run 1' here are not saved"):
            here.trainer.run_batch()
        assert here.history["loss"].tolist() == there.history["loss"].tolist()
        here.trainer.run_batch()
        assert here.trainer.step == 4


def test_lost_changes_are_told_until_their_run_is_saved_again(windows):
    first, second = windows
    there, here, other = first.current, second.current, second.create(name="other", **SMALL)
    here.load()
    lost = "The last changes to 'run 1' here are not saved"
    db = second.store._db
    with second._link.autosave._saving:  # no save comes in between
        db.execute("PRAGMA query_only = 1")
        train(here, 5)
        db.execute("PRAGMA query_only = 0")
        train(there, 3)
        first.give_back()
        assert lost in problem_after_saving(second)
        train(other, 1)
        assert lost in problem_after_saving(second)
        train(here, 1)
        assert problem_after_saving(second) == ""
    assert here.trainer.step == 4


def problem_after_saving(manager):
    manager._link.autosave.save()
    manager.refresh()
    return manager.store_problem
