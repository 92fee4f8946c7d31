"""Several steps of a run repeated in one pass: the same as each repeated alone."""

import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.runs import replay
from backprop_panel.settings import SettingError
from backprop_panel.training import checkpoints


@pytest.fixture(params=[0.0, 1e9], ids=["many checkpoints", "none"])
def run(request, monkeypatch):
    """A run with changes of every sort between its steps."""
    monkeypatch.setattr(checkpoints, "SPACING_SECONDS", request.param)
    run = TrainingRunManager().create(num_samples=50, hidden_dimension=6, batch_size=8)
    trainer = run.trainer
    trainer.run_epoch()
    trainer.change(learning_rate=0.1, optimizer="adam")
    trainer.run_batch()
    trainer.engine.edits.set_weight(0, 0, 0, 1.0)
    trainer.engine.edits.freeze(1, True)
    trainer.run_step()
    trainer.run_epoch()
    trainer.engine.edits.silence(1, 2, True)
    return run


def test_records_and_states_are_those_of_each_step_alone(run):
    steps = range(1, run.trainer.step + 1)
    for step, again in zip(steps, run.steps_again(steps), strict=True):
        alone = run.step_again(step)
        assert again.record.step == alone.record.step == step
        assert again.record.loss == alone.record.loss
        for one, other in zip(again.record.layers, alone.record.layers, strict=True):
            np.testing.assert_array_equal(one, other)
        assert again.engine.state().digest() == alone.engine.state().digest()
        assert not again.deviation


def test_steps_far_apart_are_reached(run):
    last = run.trainer.step
    assert [again.record.step for again in run.steps_again([2, last])] == [2, last]


def test_a_step_that_the_run_has_not_reached_is_refused(run):
    with pytest.raises(SettingError, match="step must be"):
        run.steps_again([1, run.trainer.step + 1])


@pytest.mark.parametrize("asked_before", [False, True], ids=["before the first", "between two"])
def test_steps_of_a_past_that_was_replaced_meanwhile_are_refused(run, asked_before):
    steps = run.steps_again([2, run.trainer.step])
    if asked_before:
        next(steps)
    run.reset()
    with pytest.raises(SettingError, match="was replaced while it was repeated"):
        next(steps)


def test_a_replay_that_a_reset_interrupts_is_refused(run, monkeypatch):
    def repeat_and_reset(events, engine, until):
        monkeypatch.undo()
        run.reset()
        replay.repeat_events(events, engine, until)

    for again in (run.replay, run.step_again):
        last = run.trainer.step
        monkeypatch.setattr(replay, "repeat_events", repeat_and_reset)
        with pytest.raises(SettingError, match="was replaced while it was repeated"):
            again(last)
        run.trainer.run_epoch()


def test_steps_of_a_run_that_is_trained_on_meanwhile_are_repeated(run):
    steps = run.steps_again([2, 9])
    next(steps)
    run.trainer.run_epoch()
    assert next(steps).record.loss == run.step_again(9).record.loss
