"""Sweeps on a real cluster of this machine: two processes, killed, paused, refused and resumed."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from dask_processes import ENVIRONMENT
from full_disk import full_disk
from stores import SMALL, same, train, wait_until

from backprop_panel import SettingError, StoreError, TrainingRunManager
from backprop_panel.sweeps import Sweep
from backprop_panel.sweeps.cluster import local_client
from backprop_panel.sweeps.resources import client_of
from backprop_panel.sweeps.trial import FAILED, FINISHED, RUNNING, STOPPED, WAITING

OFTEN = "import backprop_panel.sweeps.task as t; t.CHECKPOINT_SECONDS = t.REPORT_SECONDS = 0.05"
LONG = 8000
"""Steps of a run that takes about half a second, far longer than a report of it."""

VERY_LONG = 4 * LONG
"""Steps of a run that is not over when it is disturbed, however busy the machine is."""

ENDLESS = 10_000_000
"""Steps of a run that no test waits for."""

BASE = {**SMALL, "num_samples": 512, "validation_fraction": 0.0, "batch_size": 16}


@pytest.fixture(scope="module")
def client():
    pytest.importorskip("distributed")
    with local_client(2) as client:
        client.run(exec, OFTEN, {})
        yield client


@pytest.fixture
def manager(tmp_path):
    manager = TrainingRunManager(tmp_path / "runs.sqlite")
    yield manager
    manager.close()


def sweep_of(manager, **plan):
    plan.setdefault("budget", {"steps": 60})
    return Sweep(plan.pop("base", BASE), manager=manager, **plan)


def alone(steps, **config):
    """The losses of a run that is trained in this process, in one go."""
    return train(TrainingRunManager().create(**{**BASE, **config}), steps)


def losses(sweep, number):
    return sweep.open(sweep.trials[number]).history["loss"]


def test_no_more_processes_are_started_than_there_are_runs():
    with client_of(40, runs=1) as client:
        assert len(client.scheduler_info()["workers"]) == 1


def test_every_result_is_an_ordinary_run_with_the_losses_of_this_machine(client, manager):
    sweep = sweep_of(manager, grid={"learning_rate": [0.01, 0.1]}, seeds=2).run(client)
    assert sweep.counts[FINISHED] == 4 and sweep.finished and sweep.progress == 1
    manager.refresh()
    assert len(manager.runs) == 4
    run = sweep.open(3)
    assert run.name == "sweep #3" and run.config["learning_rate"] == 0.1
    assert same(run.history["loss"], alone(60, learning_rate=0.1))
    assert run.replay(30).deviation == "" and run.at(60).step == 60
    with run.trainer.stepping():
        run.trainer.engine.advance(7)
    assert run.trainer.step == 61


def test_a_result_is_opened_by_the_number_in_its_name_its_name_or_itself(client, manager):
    sweep = sweep_of(manager, seeds=3).run(client)
    opened = [sweep.open(which) for which in (2, "sweep #2", sweep.trials[1])]
    assert {run.name for run in opened} == {"sweep #2"}
    with pytest.raises(SettingError, match="they are numbered 1 to 3"):
        sweep.open(0)


def test_the_best_run_comes_first_and_is_shown_with_its_settings(client, manager):
    sweep = sweep_of(manager, grid={"learning_rate": [1e-6, 0.1, 1e-5]}).run(client)
    assert [trial.number for trial in sweep.best()] == [1, 2, 0]
    assert repr(sweep).startswith("<Sweep 'sweep': 3 finished; best loss ")
    assert "'sweep #2' with {'learning_rate': 0.1}" in repr(sweep)


def test_two_sweeps_of_one_name_have_runs_of_different_names(client, manager):
    for name in ("sweep", "sweep (2)"):
        sweep = sweep_of(manager).run(client)
        assert (sweep.plan.name, sweep.open(1).name) == (name, f"{name} #1")


def test_a_sweep_that_has_not_begun_is_not_in_the_store(client, manager):
    first = sweep_of(manager, name="first").run(client)
    sweep_of(manager, name="never begun")
    assert Sweep.load(manager=manager).id == first.id


def test_a_finished_sweep_goes_on_without_starting_workers(client, manager, monkeypatch):
    sweep = sweep_of(manager).run(client)
    monkeypatch.setattr("backprop_panel.sweeps.background.client_of", None)
    assert sweep.resume().counts[FINISHED] == 1


def test_a_terminal_is_told_how_far_a_sweep_is(client, manager, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    sweep_of(manager, seeds=2).run(client)
    assert "100%" in capsys.readouterr().err


def test_workers_use_one_thread_of_blas(client):
    assert set(client.run(os.getenv, "OMP_NUM_THREADS").values()) == {"1"}
    assert set(client.run(os.getenv, "OPENBLAS_NUM_THREADS").values()) == {"1"}


def test_a_configuration_that_fails_is_one_failed_run_with_its_reason(client, manager):
    grid = {"learning_rate": [0.01, 1e30], "hidden_dimension": [5, 10**7]}
    sweep = sweep_of(manager, base={**BASE, "loss_type": "mse"}, grid=grid).run(client)
    assert sweep.counts[FINISHED] == 1 and sweep.counts[FAILED] == 3
    trials = {tuple(trial.settings.values())[:2]: trial for trial in sweep.trials.values()}
    assert "not finite" in trials[1e30, 5].reason
    assert "would take" in trials[0.01, 10**7].reason
    assert not np.isfinite(sweep.open(trials[1e30, 5]).history["loss"][-1])


def test_a_killed_worker_costs_no_more_than_the_updates_since_its_checkpoint(client, manager):
    sweep = sweep_of(manager, budget={"steps": VERY_LONG}, name="killed")
    sweep.start(client)
    wait_until(lambda: 0 in sweep.trials and sweep.trials[0].run and sweep.trials[0].run.state)
    trial = sweep.trials[0]
    checkpoint = trial.run.state.step
    pids = client.run(os.getpid)
    busy = next(a.worker for a in sweep._runner._attempts.values() if a.worker)
    os.kill(pids[busy], signal.SIGKILL)
    wait_until(lambda: trial.restarts == 1)
    reached = []
    while sweep.running:
        if (run := trial.run) is not None:
            reached.append(run.history.rows)
        sweep._ended.wait(0.01)
    sweep.wait()
    assert trial.status == FINISHED and min(reached) >= checkpoint > 0
    manager.refresh()
    assert [run.name for run in manager.runs] == ["killed #1"]
    assert same(losses(sweep, 0), alone(VERY_LONG))


def test_a_paused_sweep_goes_on_to_the_same_losses(client, manager):
    sweep = sweep_of(manager, seeds=2, budget={"steps": VERY_LONG})
    sweep.start(client)
    wait_until(lambda: sweep.counts[RUNNING] == 2)
    sweep.pause()
    assert sweep.counts[WAITING] == 2 and not sweep.problem
    paused_at = sweep.open(1).trainer.step
    assert 0 < paused_at < VERY_LONG
    sweep.resume(client)
    manager.refresh()
    assert same(losses(sweep, 1), alone(VERY_LONG, seed=1))


def test_a_pause_is_begun_without_waiting_for_the_workers(client, manager):
    sweep = sweep_of(manager, budget={"steps": ENDLESS})
    sweep.start(client)
    wait_until(lambda: sweep.counts[RUNNING])
    sweep.begin_pause()
    assert sweep.running and sweep.pausing
    sweep.wait()
    assert not sweep.pausing and not sweep.finished


def test_a_run_that_was_changed_by_hand_meanwhile_is_kept_as_it_is(client, manager):
    sweep = sweep_of(manager, budget={"steps": ENDLESS})
    sweep.start(client)
    wait_until(lambda: sweep.counts[RUNNING])
    sweep.pause()
    run = sweep.open(1)
    run.trainer.change(learning_rate=0.2)
    run.trainer.run_batch()
    manager.give_back()
    step = run.trainer.step
    sweep.resume(client)
    assert sweep.trials[0].status == FAILED and "changed" in sweep.trials[0].reason
    assert sweep.open(1).trainer.step == step


def test_halving_stops_runs_early_and_they_can_be_resumed(client, manager):
    rates = [0.1, 0.001, 0.03, 0.5, 0.003, 0.3, 0.2, 0.01, 0.4]
    sweep = sweep_of(manager, grid={"learning_rate": rates}, budget={"steps": 90}, halving=3)
    sweep.run(client)
    finished = [t for t in sweep.trials.values() if t.status == FINISHED]
    stopped = [t for t in sweep.trials.values() if t.status == STOPPED]
    assert 1 <= len(finished) <= 4 and len(stopped) == 9 - len(finished)
    assert {t.step for t in stopped} <= {10, 30}
    sweep.resume(client, stopped=True)
    assert sweep.counts[FINISHED] == 9
    assert same(losses(sweep, stopped[0].number), alone(90, **stopped[0].settings))


def test_a_worker_with_another_version_is_refused_with_both(client, manager):
    change = "import backprop_panel.sweeps.task as t; t.__version__ = {!r}"
    odd, sound = list(client.nthreads())[:2]
    before = client.run(eval, "__import__('backprop_panel').__version__", workers=[sound])[sound]
    client.run(exec, change.format("0.0.7"), {}, workers=[odd])
    try:
        sweep = sweep_of(manager, seeds=6).run(client)
    finally:
        client.run(exec, change.format(before), {}, workers=[odd])
    assert sweep.counts[FINISHED] == 6
    (notice,) = sweep.notices
    assert odd in notice and "0.0.7" in notice and before in notice


def test_a_cluster_of_other_versions_is_refused_before_anything_starts(client, manager):
    change = "import backprop_panel.sweeps.cluster as c; c.__version__ = {!r}"
    client.run(exec, change.format("0.0.7"), {})
    sweep = sweep_of(manager)
    try:
        with pytest.raises(SettingError, match=r"0\.0\.7.*0\.1\.0"):
            sweep.run(client)
    finally:
        client.run(exec, change.format("0.1.0"), {})
    assert not sweep.trials


def test_a_full_disk_is_said_and_leaves_nothing_half_written(client, manager, tmp_path):
    sweep = sweep_of(manager, seeds=3, budget={"steps": 3000})
    # SQLite has the newest pages in a file of its own.
    largest = max(file.stat().st_size for file in tmp_path.iterdir())
    with full_disk(largest + 16384), pytest.raises(StoreError, match=r"full|disk"):
        sweep.run(client)
    assert "disk" in sweep.problem
    other = TrainingRunManager(tmp_path / "runs.sqlite")
    assert not other.unreadable
    assert all(run.history.rows == run.trainer.step for run in other.runs)
    other.close()
    sweep.resume(client)
    assert sweep.counts[FINISHED] == 3
    assert same(losses(sweep, 2), alone(3000, seed=2))


CLIENT = """
import sys
from distributed import Client
from backprop_panel.sweeps import Sweep
address, store = sys.argv[1:]
plan = dict(seeds=8, budget={{"steps": {steps}}}, name="left")
Sweep({base!r}, store=store, **plan).run(Client(address))
"""


def test_after_its_client_was_killed_a_sweep_finds_what_is_finished_and_what_is_not(
    client, manager, tmp_path
):
    code = CLIENT.format(steps=LONG, base=BASE)
    file = tmp_path / "runs.sqlite"
    process = subprocess.Popen(
        [sys.executable, "-c", code, client.scheduler.address, str(file)], env=ENVIRONMENT
    )
    try:
        wait_until(lambda: manager.refresh() is not None and len(manager.runs) >= 2)
    finally:
        process.kill()
        process.wait()
    sweep = Sweep.load("left", manager=manager)
    finished = sweep.counts[FINISHED]
    assert sweep.counts[WAITING] == 8 - finished > 0 and sweep.counts[RUNNING] == 0
    sweep.resume(client)
    manager.refresh()
    assert sweep.counts[FINISHED] == 8
    assert {run.name for run in manager.runs} == {f"left #{n + 1}" for n in range(8)}
    assert same(losses(sweep, 7), alone(LONG, seed=7))


def test_a_sweep_is_run_by_one_process_at_a_time(client, manager):
    sweep = sweep_of(manager, budget={"steps": ENDLESS})
    sweep.start(client)
    wait_until(lambda: sweep.counts[RUNNING])
    other = Sweep.load(manager=manager)
    assert other.notices == ["The sweep is being run in another window or process."]
    with pytest.raises(SettingError, match="being run in another window or process"):
        other.run(client)
    sweep.pause()
    assert sweep.counts[WAITING] == 1 and not sweep.problem


def test_a_run_that_was_deleted_is_trained_again_by_resume(client, manager):
    sweep = sweep_of(manager, seeds=2).run(client)
    manager.refresh()
    manager.delete(sweep.trials[0].run_id)
    sweep = Sweep.load(manager=manager)
    assert sweep.counts[WAITING] == 1
    sweep.resume(client)
    assert same(losses(sweep, 0), alone(60))
