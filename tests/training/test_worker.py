"""The worker trains in the background, and its training can be replayed exactly."""

import threading
import time

import numpy as np
import pytest

from backprop_panel import Model, SequenceDataset, SettingError, Trainer, TrainingRunManager
from backprop_panel.training.worker import TURNS, StopWhen, Worker

PATIENCE = 60.0
"""Seconds to wait for something that should happen at once."""


class BrokenDataset(SequenceDataset):
    """Data that cannot be read a third time while `broken`."""

    reads = 0
    broken = True

    def __getitems__(self, samples):
        self.reads += 1
        if self.broken and self.reads > 2:
            raise OSError("the disk is gone")
        return super().__getitems__(samples)


@pytest.fixture
def run():
    """A small run whose worker is stopped at the end of the test."""
    manager = TrainingRunManager()
    yield manager.create(
        num_samples=100, hidden_dimension=8, batch_size=32, loss_type="cross_entropy"
    )
    manager.close()


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.001)


def until_step(step):
    return StopWhen(step=step)


def work_on(run, steps):
    """Let the worker make a number of steps and end by itself."""
    run.worker.start(until_step(run.trainer.step + steps))
    wait_until(lambda: not run.worker.running)
    run.worker.stop()


def assert_replay_is_exact(run):
    state, engine = run.at(run.trainer.step), run.trainer.engine
    for replayed, now in zip(
        state.weights + state.biases, run.model.weights + run.model.biases, strict=True
    ):
        assert np.array_equal(replayed, now)
    for name, moment in engine.optimizer_state.moments.items():
        assert np.array_equal(state.optimizer_state.moments[name], moment)
    assert (state.epoch, state.position) == (
        engine.batches.cursor.epoch,
        engine.batches.cursor.position,
    )


def training_threads():
    return [thread for thread in threading.enumerate() if thread.name == "training"]


def test_worker_trains_in_the_background(run):
    run.worker.start(StopWhen())
    assert run.worker.running
    wait_until(lambda: run.trainer.step > 20)
    assert run.worker.running


def test_worker_stops_at_its_goal(run):
    work_on(run, 17)
    assert run.trainer.step == 17
    assert not run.worker.running
    assert run.worker.error is None


def test_worker_makes_no_step_if_its_goal_is_reached(run):
    work_on(run, 0)
    assert run.trainer.step == 0


def test_worker_trains_exactly_as_single_batches_do(run):
    work_on(run, 25)
    losses = run.history["loss"].tolist()
    run.reset()
    for _ in range(25):
        run.trainer.run_batch()
    assert run.history["loss"].tolist() == losses


def test_stop_waits_for_the_end_of_the_step(run):
    for _ in range(5):
        before = run.trainer.step
        run.worker.start(StopWhen())
        wait_until(lambda before=before: run.trainer.step > before + 3)
        run.worker.stop()
        step = run.trainer.step
        assert not run.worker.running
        assert run.history.rows == run.history["step"][-1] == step
        assert_replay_is_exact(run)
        assert run.trainer.step == step


def test_no_step_is_made_after_stop(run):
    run.worker.start(StopWhen())
    wait_until(lambda: run.trainer.step > 3)
    run.worker.stop()
    step, before = run.trainer.step, run.model.network.parameters.copy()
    time.sleep(0.02)
    assert run.trainer.step == step
    assert np.array_equal(run.model.network.parameters, before)


def test_stop_without_a_thread_does_nothing(run):
    run.worker.stop()
    run.worker.stop()
    assert not run.worker.running


def test_second_start_replaces_the_thread(run):
    before = len(training_threads())
    for _ in range(3):
        run.worker.start(StopWhen())
    assert len(training_threads()) == before + 1
    run.worker.stop()
    assert len(training_threads()) == before


def test_batches_continue_where_the_worker_stopped(run):
    work_on(run, 5)
    run.trainer.run_step()
    work_on(run, 5)
    assert run.trainer.step == 11
    assert_replay_is_exact(run)


def test_settings_changed_during_training_are_replayed_exactly(run):
    run.worker.start(StopWhen())
    changes = [
        {"learning_rate": 0.05},
        {"optimizer": "adam"},
        {"batch_size": 7},
        {"loss_type": "mse", "weight_decay": 0.01},
        {"optimizer": "momentum", "learning_rate": 0.01, "batch_size": 1000},
        {"optimizer": "adam"},
    ]
    for change in changes:
        before = run.trainer.step
        run.trainer.change(**change)
        wait_until(lambda before=before: run.trainer.step > before + 20)
    run.worker.stop()
    logged = [event for event in run.trainer.engine.events if hasattr(event, "settings")]
    assert [event.settings for event in logged] == changes
    steps = [event.step for event in logged]
    assert steps == sorted(steps)
    assert_replay_is_exact(run)
    assert run.at(steps[2]).settings["batch_size"] == 7


def test_setting_changed_during_training_is_in_force_within_two_steps(run):
    run.worker.start(StopWhen(), steps_per_second=50)
    wait_until(lambda: run.trainer.step >= 1)
    with TURNS.withheld():  # on a busy machine steps would pass between these two lines
        before = run.trainer.step
        run.trainer.batch_size = 7
    wait_until(lambda: run.trainer.engine.settings.batch_size == 7)
    (change,) = (event for event in run.trainer.engine.events if hasattr(event, "settings"))
    assert change.step <= before + 2


def test_setting_changed_just_before_the_end_is_not_lost(run):
    for number in range(1, 30):
        run.worker.start(until_step(run.trainer.step + 2))
        run.trainer.learning_rate = number / 100
        run.worker.stop()
        assert run.trainer.engine.settings.learning_rate == number / 100
    assert_replay_is_exact(run)


def test_visualize_mode_during_training_stops_the_updates(run):
    run.worker.start(StopWhen())
    wait_until(lambda: run.trainer.step > 3)
    run.trainer.mode = "visualize"
    wait_until(lambda: run.trainer.engine.batches.viewing is not None)
    step = run.trainer.step
    time.sleep(0.02)
    assert run.trainer.step == step
    assert run.worker.running
    run.trainer.mode = "train"
    wait_until(lambda: run.trainer.step > step)
    run.worker.stop()
    assert_replay_is_exact(run)


def test_requested_records_come_in_the_order_of_steps(run):
    run.worker.start(StopWhen())
    records = []

    def another():
        record = run.worker.take_record()
        if record is not None:
            records.append(record)
        return len(records) == 3

    wait_until(another)
    steps = [record.step for record in records]
    assert steps == sorted(set(steps))
    run.worker.stop()
    for record in records:
        assert np.float32(record.loss) == run.history["loss"][record.step - 1]


def test_record_from_before_a_new_start_is_dropped(run):
    run.worker.take_record()
    work_on(run, 5)
    run.reset()
    run.worker.start(until_step(0))
    run.worker.stop()
    assert run.worker.take_record() is None


def test_rate_of_steps_can_be_limited(run):
    begin = time.monotonic()
    run.worker.start(until_step(25), steps_per_second=100)
    wait_until(lambda: not run.worker.running)
    assert time.monotonic() - begin >= 0.2


def test_no_step_begins_while_turns_are_withheld(run, monkeypatch):
    advance, begun = run.trainer.engine.advance, []

    def counted(*arguments):
        begun.append(arguments)
        return advance(*arguments)

    monkeypatch.setattr(run.trainer.engine, "advance", counted)
    run.worker.start(StopWhen())
    wait_until(lambda: run.trainer.step > 3)
    with TURNS.withheld():
        before = len(begun)
        time.sleep(0.03)
        assert len(begun) <= before + 1  # its turn had begun
        step = run.trainer.step
    wait_until(lambda: run.trainer.step > step)


def test_stop_works_while_turns_are_withheld(run):
    """This happens when a watcher pauses the training while a page draws."""
    run.worker.start(StopWhen())
    wait_until(lambda: run.trainer.step > 3)
    stopping = threading.Thread(target=run.worker.stop, daemon=True)
    with TURNS.withheld():
        stopping.start()
        stopping.join(PATIENCE)
        stopped = not stopping.is_alive()
    stopping.join(PATIENCE)
    assert stopped


def test_predictions_do_not_disturb_training(run):
    contexts, _ = run.dataset.__getitems__(range(32))
    run.worker.start(until_step(2000))
    while run.worker.running:
        run.trainer.engine.predict(contexts)
    run.worker.stop()
    assert run.worker.error is None
    assert_replay_is_exact(run)


def test_reset_stops_the_worker_first(run):
    run.worker.start(StopWhen())
    wait_until(lambda: run.trainer.step > 3)
    run.reset()
    assert not run.worker.running
    assert run.trainer.step == 0
    assert_replay_is_exact(run)


def test_reset_drops_a_setting_changed_just_before(run):
    run.worker.start(StopWhen())
    run.trainer.learning_rate = 0.5
    run.reset()
    assert run.trainer.learning_rate == run.trainer.engine.settings.learning_rate == 0.001


def test_delete_stops_the_worker():
    manager = TrainingRunManager()
    doomed = manager.create(num_samples=100, hidden_dimension=8)
    manager.create(num_samples=100, hidden_dimension=8)
    doomed.worker.start(StopWhen())
    manager.delete(doomed.id)
    assert not doomed.worker.running


def test_close_stops_all_workers():
    manager = TrainingRunManager()
    runs = [manager.create(num_samples=100, hidden_dimension=8) for _ in range(3)]
    for each in runs:
        each.worker.start(StopWhen())
    manager.close()
    assert not any(each.worker.running for each in runs)


def broken_trainer():
    data = BrokenDataset(num_samples=100)
    return Trainer(Model(hidden_dimension=8), data)


def failed_worker(trainer):
    worker = Worker(trainer.engine, trainer.commands)
    worker.start(StopWhen())
    wait_until(lambda: not worker.running)
    worker.stop()
    return worker


def test_error_in_a_step_ends_the_thread_and_is_kept():
    trainer = broken_trainer()
    worker = failed_worker(trainer)
    assert isinstance(worker.error, OSError)
    assert str(worker.error) == "the disk is gone"
    assert trainer.step == trainer.engine.history.rows > 0


def test_settings_apply_at_once_after_an_error():
    trainer = broken_trainer()
    failed_worker(trainer)
    trainer.learning_rate = 0.5
    assert trainer.engine.settings.learning_rate == 0.5


def test_new_start_clears_the_error():
    trainer = broken_trainer()
    worker = failed_worker(trainer)
    trainer.dataset.broken = False
    failed_at = trainer.step
    worker.start(until_step(trainer.step + 3))
    wait_until(lambda: not worker.running)
    worker.stop()
    assert worker.error is None
    assert trainer.step == failed_at + 3


def test_failed_batch_is_repeated_after_the_error():
    trainer = broken_trainer()
    failed_worker(trainer)
    trainer.dataset.broken = False
    following = trainer.dataset.order(0)[trainer.engine.batches.cursor.position :][:32]
    assert trainer.run_batch().samples.tolist() == following.tolist()


def worker_with_commands_put_during_its_last_step(trainer, *commands):
    """A worker that has ended, with `commands` put into its queue during its last step."""
    advance = trainer.engine.advance

    def advance_and_put(size, most=1):
        made = advance(size, most)
        for command in commands:
            trainer.commands.put(command)
        return made

    trainer.engine.advance = advance_and_put
    worker = Worker(trainer.engine, trainer.commands)
    worker.start(until_step(trainer.step + 1))
    wait_until(lambda: not worker.running)
    worker.stop()
    return worker


def raising():
    raise OSError("the disk is gone")


def test_error_in_a_command_at_the_end_is_kept():
    trainer = Trainer(Model(hidden_dimension=8), SequenceDataset(num_samples=100))
    worker = worker_with_commands_put_during_its_last_step(trainer, raising)
    assert str(worker.error) == "the disk is gone"


def test_commands_after_one_that_raises_are_run():
    trainer = Trainer(Model(hidden_dimension=8), SequenceDataset(num_samples=100))
    done = []
    worker_with_commands_put_during_its_last_step(trainer, raising, lambda: done.append("second"))
    assert done == ["second"]
    trainer.learning_rate = 0.5
    assert trainer.engine.settings.learning_rate == 0.5


def test_error_in_a_command_between_steps_ends_the_worker(run):
    run.worker.start(StopWhen())
    run.commands.put(raising)
    wait_until(lambda: not run.worker.running)
    assert str(run.worker.error) == "the disk is gone"


def test_worker_keeps_the_first_reason_of_its_failure(run):
    run.worker.start(StopWhen())
    run.worker.fail(OSError("first"))
    run.worker.fail(OSError("second"))
    wait_until(lambda: not run.worker.running)
    assert str(run.worker.error) == "first"
    run.worker.start(until_step(run.trainer.step + 1))
    wait_until(lambda: not run.worker.running)
    assert run.worker.error is None


def test_stepping_by_hand_is_refused_while_the_worker_trains(run):
    run.worker.start(StopWhen())
    for step in (run.trainer.run_step, run.trainer.run_batch, run.trainer.run_epoch):
        with pytest.raises(SettingError, match="is being trained already"):
            step()
    run.worker.stop()
    assert (
        run.trainer.step
        == run.history.rows
        == run.trainer.engine.batches.cursor.position // 32
        + (run.trainer.epoch * -(-len(run.dataset) // 32))
    )
    assert run.trainer.run_batch().step == run.trainer.step


def test_a_worker_is_refused_while_another_thread_steps(run):
    with run.trainer.stepping():
        with pytest.raises(SettingError, match="is being trained already"):
            run.worker.start(StopWhen())
        assert not run.worker.running
    run.worker.start(until_step(3))
    wait_until(lambda: not run.worker.running)
    assert run.trainer.step == 3


def worked_until(run, stop_when):
    run.worker.start(stop_when)
    wait_until(lambda: not run.worker.running)
    run.worker.stop()


def test_worker_stops_after_a_number_of_epochs(run):
    worked_until(run, StopWhen(epoch=3))
    assert (run.trainer.epoch, run.trainer.engine.batches.cursor.position) == (3, 0)
    assert run.worker.reason == "epoch 3 is completed"


def test_worker_stops_when_the_mean_loss_is_below_a_value(run):
    run.trainer.change(optimizer="adam", learning_rate=0.01)
    worked_until(run, StopWhen(loss_below=1.0))
    assert run.history["loss"][-32:].mean() < 1.0
    assert run.history["loss"][:32].mean() > 1.0
    assert "averaged, is below 1" in run.worker.reason


@pytest.mark.parametrize("limit", [0.5, 1.0])
def test_training_stops_at_the_first_step_whose_averaged_loss_is_below(limit):
    settings = {"optimizer": "adam", "learning_rate": 0.01, "loss_type": "cross_entropy"}
    single, run = (TrainingRunManager().create(**settings) for _ in range(2))
    single.trainer.run_batch()
    while single.history["loss"][-32:].mean() >= limit:
        single.trainer.run_batch()
    engine, stop_when, blocks = run.trainer.engine, StopWhen(loss_below=limit), []
    while stop_when.reason(engine, 0) is None:
        # As a worker does, whose blocks grow to thousands of steps.
        blocks.append(min(stop_when.steps_left(engine), 1000))
        engine.advance(engine.settings.batch_size, blocks[-1])
    assert engine.step == single.trainer.step
    assert max(blocks) > 1


def test_worker_stops_at_a_loss_that_is_not_finite_and_names_its_step(run):
    run.trainer.change(learning_rate=1e30, loss_type="mse")
    worked_until(run, StopWhen(not_finite=True))
    finite = np.isfinite(run.history["loss"])
    assert not finite[-1]
    assert run.worker.reason == f"the loss of step {int(np.argmin(finite)) + 1} is not finite"


@pytest.mark.parametrize("limit", [{"step": 5}, {"epoch": 1}])
def test_a_loss_that_is_not_finite_is_told_before_a_limit_reached_with_it(limit):
    engine = TrainingRunManager().create(batch_size=32, num_samples=160).trainer.engine
    engine.network.biases[0][0] = np.nan
    engine.advance(32, 5)  # one block, as a worker makes
    stop_when = StopWhen(**limit, not_finite=True)
    assert stop_when.reason(engine, 0) == "the loss of step 1 is not finite"


def test_worker_continues_past_losses_that_are_not_finite_by_default(run):
    run.trainer.engine.network.biases[0][0] = np.nan
    worked_until(run, StopWhen(step=40))
    assert run.worker.reason == "step 40 is reached"


def test_changed_pace_applies_from_the_next_step(run):
    run.worker.start(StopWhen(), steps_per_second=2)
    run.worker.set_pace(None)
    wait_until(lambda: run.trainer.step > 100)


@pytest.mark.parametrize("rate", [0, -5, float("nan"), float("inf"), "fast", True], ids=repr)
def test_a_rate_that_is_no_number_above_zero_is_refused(run, rate):
    worker = run.worker
    for action in (lambda: worker.start(StopWhen(), rate), lambda: worker.set_pace(rate)):
        with pytest.raises(SettingError, match="above 0"):
            action()
    assert not worker.running


CONDITIONS_THAT_ARE_NONE = [
    {"step": "x"}, {"step": 2.5}, {"step": -4}, {"step": True}, {"epoch": "x"}, {"epoch": -1},
    {"loss_below": "x"}, {"loss_below": np.nan}, {"loss_below": 1e39}, {"not_finite": 1},
]  # fmt: skip


@pytest.mark.parametrize("conditions", CONDITIONS_THAT_ARE_NONE, ids=repr)
def test_a_condition_that_could_never_be_checked_is_refused(conditions):
    with pytest.raises(SettingError, match=f"{next(iter(conditions))} must be"):
        StopWhen(**conditions)


def test_a_worker_is_started_with_conditions_only(run):
    with pytest.raises(SettingError, match="stop_when must be a StopWhen; got 'x'"):
        run.worker.start("x")
    assert not run.worker.running
