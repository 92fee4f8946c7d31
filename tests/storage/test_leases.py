"""Leases: a run is trained by one owner at a time, until its lease or its process ends."""

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from stores import SMALL

from backprop_panel import SettingError, TrainingRunManager
from backprop_panel.storage import leases
from backprop_panel.storage.process_identity import has_ended, this_process
from tests.storage.test_processes import start


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


@pytest.fixture
def training(path):
    """Another process that trains the only run."""
    process = start("train", path)
    process.stdout.readline()  # it trains
    yield process
    kill(process)


def kill(process):
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.fixture
def run(path, training):
    """This process's copy of the run that the other process trains."""
    manager = TrainingRunManager(path)
    yield manager.current
    manager.close()


def test_a_run_that_is_trained_elsewhere_is_refused(run):
    with pytest.raises(SettingError, match="being trained in another window or process"):
        run.trainer.run_batch()


def test_a_run_that_is_trained_elsewhere_is_told_until_it_is_not(run, training):
    manager = run.manager
    manager.refresh()
    assert manager.trained_elsewhere
    kill(training)
    manager.refresh()
    assert not manager.trained_elsewhere


def test_a_lease_is_renewed_without_a_look_at_its_own_process(path, monkeypatch):
    monkeypatch.setattr(leases, "has_ended", None)
    with closing(TrainingRunManager(path)) as manager:
        run, owner = manager.create(**SMALL), leases.new_owner()
        run.trainer.run_batch()
        manager.give_back()
        with manager.store.transaction() as db:
            for _ in range(2):
                leases.take_lease(db, run.id, run.name, owner)


def test_a_run_that_is_trained_here_is_not_trained_elsewhere(path):
    with closing(TrainingRunManager(path)) as manager:
        manager.create(**SMALL).trainer.run_batch()
        manager.refresh()
        assert not manager.trained_elsewhere


def test_a_run_of_a_stopped_process_is_refused(run, training):
    training.send_signal(signal.SIGSTOP)
    with pytest.raises(SettingError, match="being trained in another window or process"):
        run.trainer.run_batch()


def test_a_run_of_a_killed_process_is_free_at_once(run, training):
    kill(training)
    run.trainer.run_batch()


def test_a_run_of_a_killed_process_is_free_before_its_parent_knows(run, training):
    training.kill()
    os.waitid(os.P_PID, training.pid, os.WEXITED | os.WNOWAIT)
    run.trainer.run_batch()


@pytest.mark.parametrize("owner", ["", "0123456789abcdef", "name other/machine/1 {pid} 1"])
def test_a_run_of_an_unknown_process_is_refused_while_its_lease_lasts(owner, path, run, training):
    kill(training)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE leases SET owner = ?", (owner.format(pid=training.pid),))
    with pytest.raises(SettingError, match="being trained in another window or process"):
        run.trainer.run_batch()


def test_a_run_that_is_given_back_is_free_at_once(path):
    first = TrainingRunManager(path)
    first.create(**SMALL).trainer.run_batch()
    second = TrainingRunManager(path)
    with pytest.raises(SettingError, match="being trained in another window or process"):
        second.current.trainer.run_batch()
    first.give_back()
    second.current.trainer.run_batch()
    assert second.current.trainer.step == 2
    second.give_back()
    first.current.trainer.run_batch()
    assert first.current.trainer.step == 3
    first.close()
    second.close()


def test_a_run_that_is_trained_here_is_not_given_back(path):
    first = TrainingRunManager(path)
    first.create(**SMALL)
    second = TrainingRunManager(path)
    with first.current.trainer.stepping():
        first.give_back()
        with pytest.raises(SettingError, match="being trained in another window or process"):
            second.current.trainer.run_batch()
    first.close()
    second.close()


def test_putting_a_command_takes_no_lease(path):
    first = TrainingRunManager(path)
    first.create(**SMALL)
    first.give_back()
    second, done = TrainingRunManager(path), []
    first.current.commands.put(lambda: done.append("a look"))
    assert done == ["a look"]
    second.current.trainer.run_batch()
    with pytest.raises(SettingError, match="being trained in another window or process"):
        first.current.submit(lambda: done.append("a change"))
    assert done == ["a look"]
    first.close()
    second.close()


def test_this_process_has_not_ended():
    assert not has_ended(this_process())


def test_a_process_whose_id_was_reused_has_ended():
    machine, pid, _ = this_process().split()
    assert has_ended(f"{machine} {pid} 1")


def test_a_process_of_another_container_counts_as_running():
    """Containers may share a file, and each has a first process."""
    inside = (
        "from backprop_panel.storage.process_identity import this_process as each; print(each())"
    )
    command = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    ran = subprocess.run([*command, sys.executable, "-c", inside], capture_output=True, text=True)
    if ran.returncode:
        pytest.skip(f"no containers here: {ran.stderr.strip()}")
    assert ran.stdout.split()[1] == "1"
    assert not has_ended(ran.stdout)
