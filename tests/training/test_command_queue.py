"""Commands run at once or between two steps; only what changes a run claims it."""

from __future__ import annotations

from threading import Event, Thread

import pytest

from backprop_panel import SettingError, TrainingRun
from backprop_panel.training.command_queue import CommandQueue
from backprop_panel.training.worker import StopWhen
from tests.bundles import weights_file

PATIENCE = 60


@pytest.fixture
def commands():
    return CommandQueue()


@pytest.fixture
def run():
    run = TrainingRun("a run", {"hidden_dimension": 8, "num_samples": 60})
    yield run
    run.worker.stop()


@pytest.fixture
def claims(run):
    """The claims of the run, each as whether the queue was locked meanwhile."""
    claims = []

    def claim():
        other = Thread(target=run.commands.put, args=(lambda: None,), daemon=True)
        other.start()
        other.join(0.05)
        claims.append(other.is_alive())

    run.trainer.claim = claim
    return claims


def test_command_runs_at_once_while_nothing_steps(commands):
    done = []
    commands.put(lambda: done.append(1))
    assert done == [1]


def test_command_waits_for_the_end_of_a_step(commands):
    done = []
    commands.start_stepping()
    commands.put(lambda: done.append(1))
    commands.run_if_idle(lambda: done.append("idle"))
    assert done == []
    commands.run_waiting()
    assert done == [1]


def test_waiting_commands_run_when_the_thread_stops_stepping(commands):
    done = []
    commands.start_stepping()
    commands.put(lambda: done.append(1))
    assert done == []
    commands.stop_stepping()
    assert done == [1]


def test_a_second_thread_that_steps_is_refused(commands):
    done = []
    commands.start_stepping()
    with pytest.raises(SettingError, match="is being trained already"):
        commands.start_stepping()
    commands.put(lambda: done.append(1))
    assert done == []  # the first still steps
    commands.stop_stepping()
    commands.start_stepping()
    commands.stop_stepping()
    assert done == [1]


def test_locked_queue_keeps_other_threads_waiting(commands):
    stepping = Event()
    with commands.locked():
        thread = Thread(target=lambda: (commands.start_stepping(), stepping.set()), daemon=True)
        thread.start()
        assert not stepping.wait(0.05)
        commands.run_if_idle(lambda: None)
    assert stepping.wait(PATIENCE)


def test_putting_a_command_claims_nothing(run, claims):
    run.commands.put(lambda: None)
    run.commands.run_if_idle(lambda: None)
    run.trainer.mode = "visualize"
    assert claims == []


CHANGES = {
    "a step": lambda run: run.trainer.run_step(),
    "a batch": lambda run: run.trainer.run_batch(),
    "an epoch": lambda run: run.trainer.run_epoch(),
    "a setting": lambda run: setattr(run.trainer, "learning_rate", 0.5),
    "a command": lambda run: run.submit(lambda: run.trainer.engine.edits.freeze(0, True)),
    "loaded weights": lambda run: run.load_weights(weights_file(run.model.network)),
    "a reset": lambda run: run.reset(),
    "a worker": lambda run: run.worker.start(StopWhen(step=0)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_a_run_claims_it_once_under_the_lock(run, claims, change):
    CHANGES[change](run)
    assert claims == [True]


@pytest.mark.parametrize("change", CHANGES)
def test_refused_claim_changes_nothing_and_leaves_the_queue_free(run, change):
    def refuse():
        raise SettingError("runs", "trained elsewhere")

    run.trainer.claim = refuse
    before = run.trainer.engine.state().digest()
    with pytest.raises(SettingError, match="trained elsewhere"):
        CHANGES[change](run)
    assert run.trainer.engine.state().digest() == before
    assert not run.worker.running
    done = []
    run.commands.put(lambda: done.append(1))
    assert done == [1]
