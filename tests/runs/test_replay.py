"""A replay returns an engine and its deviation, and makes nothing else."""

from __future__ import annotations

import pytest

from backprop_panel import Model, Trainer, TrainingRun
from backprop_panel.training.checkpoints import Checkpoints

SMALL = {"hidden_dimension": 8, "num_samples": 60}


def trained_run(steps=6):
    run = TrainingRun("a run", SMALL)
    for _ in range(steps):
        run.trainer.run_batch()
    run.trainer.engine.checkpoints = Checkpoints()
    return run


def test_replay_makes_no_model_and_no_trainer(monkeypatch):
    run = trained_run()

    def refuse(self, *args, **settings):
        raise AssertionError(f"a {type(self).__name__} was made")

    monkeypatch.setattr(Model, "__init__", refuse)
    monkeypatch.setattr(Trainer, "__init__", refuse)
    assert run.replay(3).engine.step == 3
    assert run.step_again(3).record.step == 3
    assert run.at(0).step == 0
    run.reset()
    assert run.trainer.step == 0


def test_replay_starts_with_the_initial_weights_and_settings():
    run = trained_run()
    run.trainer.learning_rate = 0.5
    fresh = TrainingRun("another run", SMALL)
    assert run.replay(0).engine.state().digest() == fresh.trainer.engine.state().digest()


def test_deviation_belongs_to_one_replay():
    run = trained_run()
    sound = run.replay(4)
    run.history._columns["loss"][0] += 0.5
    assert "From step 1 on" in run.replay(4).deviation
    assert "From step 1 on" in run.step_again(4).deviation
    assert sound.deviation == ""
    assert not hasattr(run, "deviation")


@pytest.mark.parametrize("step", [0, 2, 6])
def test_repeated_step_of_a_sound_run_has_no_deviation(step):
    run = trained_run()
    assert run.step_again(step).deviation == ""
