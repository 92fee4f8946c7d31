"""What a record says of the network and of what was done to its weights by hand."""

import numpy as np
import pytest

from backprop_panel import TrainingRunManager


@pytest.fixture
def run():
    manager = TrainingRunManager()
    yield manager.create(hidden_layers=2, hidden_dimension=4, activation=["relu", "tanh"])
    manager.close()


def test_record_names_the_activation_of_each_hidden_layer(run):
    assert run.trainer.run_batch().activation_names == ("relu", "tanh")


def test_record_names_the_weights_set_since_the_step_before(run):
    engine = run.trainer.engine
    engine.edits.set_weight(1, 2, 3, 0.5)
    engine.edits.set_weight(0, 0, 1, 0.5)
    assert engine.look().set_by_hand == {(1, 2, 3), (0, 0, 1)}
    assert run.trainer.run_batch().set_by_hand == {(1, 2, 3), (0, 0, 1)}
    assert run.trainer.run_batch().set_by_hand == frozenset()


def test_record_says_that_weights_were_loaded_and_which_were_set_later(run):
    engine = run.trainer.engine
    engine.edits.set_weight(1, 0, 0, 0.5)
    engine.edits.load_weights(np.ones_like(engine.network.parameters))
    engine.edits.set_weight(0, 0, 1, 0.5)
    record = run.trainer.run_batch()
    assert record.loaded and record.set_by_hand == {(0, 0, 1)}
    assert not run.trainer.run_batch().loaded


def test_record_names_the_frozen_layers(run):
    run.trainer.engine.edits.freeze(1, True)
    record = run.trainer.run_batch()
    assert record.frozen == {1}
    assert not record.layer_updates[1].any()


def test_record_of_a_replayed_step_tells_the_same(run):
    run.trainer.run_batch()
    run.trainer.engine.edits.set_weight(1, 2, 3, 0.5)
    run.trainer.run_batch()
    run.trainer.run_batch()
    assert run.step_again(2).record.set_by_hand == {(1, 2, 3)}
