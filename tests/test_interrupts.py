"""Ctrl-C, and a notebook's interrupt, while one trains: no step is made by half."""

import signal
from contextlib import closing, contextmanager
from threading import Thread
from types import SimpleNamespace

import numpy as np
import pytest

from backprop_panel import TrainingRunManager, interrupts
from backprop_panel.cli.clean_ending import interrupted_once
from backprop_panel.interrupts import interrupts_deferred
from backprop_panel.runs.store_link import StoreLink
from backprop_panel.training.step_computation import StepComputation
from backprop_panel.training.worker import StopWhen


@pytest.fixture(autouse=True)
def handler():
    """Python's own handler of Ctrl-C, which is there again after each test."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    found = signal.signal(signal.SIGINT, before)
    assert found is signal.default_int_handler


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is told to go on."""
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(interrupts, "monotonic", lambda: clock.now)
    return clock


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


def test_a_change_of_a_setting_is_whole():
    run = TrainingRunManager().create()
    change = run.trainer.engine.change

    def change_and_interrupt(**settings):
        signal.raise_signal(signal.SIGINT)
        change(**settings)

    run.trainer.engine.change = change_and_interrupt
    with pytest.raises(KeyboardInterrupt):
        run.trainer.change(learning_rate=0.5)
    assert run.trainer.learning_rate == run.trainer.engine.settings.learning_rate == 0.5
    assert len(run.trainer.engine.events) == 1


def test_a_worker_that_is_started_trains_or_leaves_the_run_free(monkeypatch):
    run = TrainingRunManager().create()
    start = Thread.start

    def start_and_interrupt(thread):
        signal.raise_signal(signal.SIGINT)
        start(thread)

    monkeypatch.setattr(Thread, "start", start_and_interrupt)
    with pytest.raises(KeyboardInterrupt):
        run.worker.start(StopWhen(step=5))
    monkeypatch.undo()
    run.worker.stop()
    run.trainer.run_batch()


def test_the_handler_of_another_program_is_called_at_the_end_of_the_block():
    heard = []
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number))
    try:
        with interrupts_deferred():
            signal.raise_signal(signal.SIGINT)
            assert heard == []
        assert heard == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_of_an_inner_block_comes_at_the_end_of_the_outer_one():
    done = []
    with pytest.raises(KeyboardInterrupt), interrupts_deferred():
        with interrupts_deferred() as check:
            signal.raise_signal(signal.SIGINT)
            check()
        done.append("the rest of the outer block")
    assert done


def test_an_error_of_the_block_is_the_context_of_the_interrupt():
    with pytest.raises(KeyboardInterrupt) as caught, interrupts_deferred():
        signal.raise_signal(signal.SIGINT)
        raise ValueError("of the block")
    assert str(caught.value.__context__) == "of the block"


def test_a_second_interrupt_some_seconds_later_comes_at_once(clock):
    done = []
    with pytest.raises(KeyboardInterrupt), interrupts_deferred():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        done.append("what two presses at once leave")
        clock.now += 3
        signal.raise_signal(signal.SIGINT)
        done.append("what is waited for")
    assert done == ["what two presses at once leave"]


def test_a_handler_that_the_block_sets_stays():
    with interrupts_deferred():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert signal.signal(signal.SIGINT, signal.default_int_handler) is signal.SIG_IGN


def test_ctrl_c_on_the_command_line_waits_for_the_end_of_a_transaction(tmp_path):
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        with pytest.raises(KeyboardInterrupt), interrupted_once(""):
            with manager.store.transaction() as db:
                signal.raise_signal(signal.SIGINT)
                db.execute("UPDATE workspaces SET current = NULL")
        manager.create("after").trainer.run_batch()
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        assert [run.trainer.step for run in manager.runs] == [1]


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


def test_an_interrupt_within_a_switch_comes_after_all_are_told_of_it(tmp_path, monkeypatch):
    told = []
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        first, _ = manager.create("a"), manager.create("b")
        manager.param.watch(lambda event: told.append(event.new), "current")
        monkeypatch.setattr(StoreLink, "use", lambda *run: signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            manager.switch(first.id)
        monkeypatch.undo()
    assert told == [first]
