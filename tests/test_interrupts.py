"""Ctrl-C, and a notebook's interrupt, while one trains: no step is made by half."""

import signal
from contextlib import closing, contextmanager

import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.interrupts import interrupts_deferred
from backprop_panel.runs.store_link import StoreLink
from backprop_panel.training.step_computation import StepComputation


@pytest.fixture(autouse=True)
def handler():
    """Pytest's own handler of Ctrl-C is Python's; it is there again after each block."""
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@contextmanager
def interrupted():
    """Interrupt each step right after its update, before it is logged; expect the interrupt."""
    update = StepComputation._update

    def update_and_interrupt(computation):
        update(computation)
        signal.raise_signal(signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(StepComputation, "_update", update_and_interrupt)
        yield


@pytest.mark.parametrize("train", ["run_step", "run_batch"])
def test_an_interrupt_ends_training_after_the_step(train):
    trainer = TrainingRunManager().create().trainer
    with interrupted():
        getattr(trainer, train)()
    assert trainer.step == len(trainer.engine.history["loss"]) == trainer.engine.state().step == 1


def test_an_interrupt_ends_an_epoch_between_two_steps():
    trainer = TrainingRunManager().create(batch_size=4).trainer
    with interrupted():
        trainer.run_epoch()
    assert 0 < trainer.step < trainer.step + trainer.engine.batches.left(4)
    assert trainer.epoch == 0


def test_what_was_trained_until_an_interrupt_is_saved_and_replayed(tmp_path):
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        run = manager.create("mine")
        run.trainer.run_batch()
        with interrupted():
            run.trainer.run_batch()
        weights = [each.copy() for each in run.model.weights]
        assert all(map(np.array_equal, run.at(2).weights, weights))
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        (run,) = manager.runs
        assert all(map(np.array_equal, run.model.weights, weights))


def test_an_interrupt_within_a_change_comes_after_it():
    run = TrainingRunManager().create()
    engine = run.trainer.engine

    def change():
        signal.raise_signal(signal.SIGINT)
        engine.edits.set_weight(0, 0, 0, 0.5)

    with pytest.raises(KeyboardInterrupt):
        run.submit(change)
    assert engine.network.weights[0][0, 0] == 0.5 and len(engine.events) == 1


def test_another_programs_handler_is_left_alone():
    heard = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        with interrupts_deferred():
            signal.raise_signal(signal.SIGINT)
            assert heard == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_within_a_transaction_comes_after_its_commit(tmp_path):
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        manager.create("a")
        with pytest.raises(KeyboardInterrupt), manager.store.transaction() as db:
            signal.raise_signal(signal.SIGINT)
            db.execute("UPDATE runs SET position = 7")
        with manager.store.transaction(writing=False) as db:
            assert db.execute("SELECT position FROM runs").fetchall() == [(7,)]


ACTIONS = {
    "add": lambda manager: manager.create("b"),
    "add_draft": lambda manager: manager.draft("b"),
    "rename": lambda manager: manager.rename(manager.runs[0].id, "b"),
    "delete": lambda manager: manager.delete(manager.runs[0].id),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_an_interrupted_manager_lists_what_its_store_holds(action, tmp_path, monkeypatch):
    act = getattr(StoreLink, action)

    def act_and_interrupt(*arguments):
        act(*arguments)
        signal.raise_signal(signal.SIGINT)

    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        for name in ("a", "c"):
            manager.create(name)
        monkeypatch.setattr(StoreLink, action, act_and_interrupt)
        with pytest.raises(KeyboardInterrupt):
            ACTIONS[action](manager)
        monkeypatch.undo()
        listed = [run.name for run in manager.runs]
        assert listed != ["a", "c"]
        for run in manager.runs:
            run.trainer.run_batch()  # a draft is stored with its first step
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        assert [(run.name, run.trainer.step) for run in manager.runs] == [(n, 1) for n in listed]
