"""Differences between two runs or two steps."""

import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis.difference import (
    differing_settings,
    distance_over_steps,
    refuse_unlike,
    same_examples,
    subtract,
)
from backprop_panel.settings import SettingError


@pytest.fixture
def manager():
    return TrainingRunManager()


def trained(manager, steps, **config):
    run = manager.create(**{"num_samples": 64, "hidden_dimension": 6} | config)
    for _ in range(steps):
        run.trainer.run_batch()
    return run


def against(engine, other):
    """Return the record of an engine's next batch minus that of another on the same batch."""
    ours = engine.look()
    return subtract(ours, other.look(ours.samples))


def test_a_run_does_not_differ_from_itself(manager):
    run = trained(manager, 5)
    shown = against(run.trainer.engine, run.replay(5).engine)
    assert not any(array.any() for array in (*shown.layers, *shown.activations, *shown.deltas))


def test_difference_of_weights_is_that_of_the_two_steps(manager):
    run = trained(manager, 5)
    shown = against(run.trainer.engine, run.replay(2).engine)
    for layer, now, then in zip(shown.weights, run.model.weights, run.at(2).weights, strict=True):
        assert np.array_equal(layer, now - then)


def test_activations_are_compared_on_the_same_batch(manager):
    one, other = trained(manager, 3), trained(manager, 4, learning_rate=0.1)
    shown = against(one.trainer.engine, other.trainer.engine)
    assert not shown.inputs.any()
    theirs = other.trainer.engine.look(shown.samples)
    ours = one.trainer.engine.look()
    assert np.array_equal(shown.logits, ours.logits - theirs.logits)
    assert np.array_equal(shown.example_losses, ours.example_losses - theirs.example_losses)
    assert (shown.loss, shown.accuracy) == (
        ours.loss - theirs.loss,
        ours.accuracy - theirs.accuracy,
    )


def test_runs_with_other_data_have_other_examples_at_the_same_places(manager):
    one, alike, other = trained(manager, 0), trained(manager, 3), trained(manager, 0, seed=1)
    ours = one.trainer.engine.look()
    assert same_examples(ours, alike.trainer.engine.look(ours.samples))
    theirs = other.trainer.engine.look(ours.samples)
    assert not same_examples(ours, theirs)
    assert subtract(ours, theirs).inputs.any()


def test_networks_of_different_shapes_are_refused(manager):
    one, other = trained(manager, 1), trained(manager, 1, hidden_dimension=7)
    with pytest.raises(SettingError, match="16-6-6-4 and 16-7-7-4"):
        refuse_unlike(one.trainer.engine, other.trainer.engine)


def test_differing_settings_are_those_up_to_the_two_steps(manager):
    run = trained(manager, 3)
    run.trainer.learning_rate = 0.5
    differing = differing_settings(run, run.trainer.engine, run, run.replay(2).engine)
    assert differing == {"learning_rate": (((0, 0.001), (3, 0.5)), ((0, 0.001),))}


def test_runs_that_end_with_the_same_setting_differ_by_how_they_began(manager):
    one, other = trained(manager, 3), trained(manager, 3, learning_rate=0.5)
    one.trainer.learning_rate = 0.5
    differing = differing_settings(one, one.trainer.engine, other, other.trainer.engine)
    assert differing == {"learning_rate": (((0, 0.001), (3, 0.5)), ((0, 0.5),))}


def test_a_setting_that_was_changed_at_the_beginning_is_the_first(manager):
    one, other = trained(manager, 0), trained(manager, 0, learning_rate=0.5)
    one.trainer.learning_rate = 0.5
    assert differing_settings(one, one.trainer.engine, other, other.trainer.engine) == {}


def test_distances_are_norms_at_steps_that_both_runs_reached(manager):
    one, other = trained(manager, 30), trained(manager, 20, learning_rate=0.1)
    steps, distances = distance_over_steps(one, other, other.replay(5).engine)
    assert (steps[0], steps[-1]) == (0, 20)
    assert distances.shape == (len(steps), 3)
    assert not distances[0].any()
    ours, theirs = one.replay(20).engine, other.trainer.engine
    layers = zip(ours.network.layers, theirs.network.layers, strict=True)
    assert distances[-1] == pytest.approx([np.linalg.norm(a - b) for a, b in layers])


@pytest.mark.parametrize("forks", [1, 2])
def test_last_common_step_is_among_the_compared_steps(manager, forks):
    first = trained(manager, 60)
    runs = [manager.fork(first.id, 31 + at, learning_rate=0.1 + at) for at in range(forks)]
    for run in runs:
        for _ in range(20):
            run.trainer.run_batch()
    one, other = [first, *runs][-2:]
    steps, distances = distance_over_steps(one, other, other.replay(40).engine)
    same = steps <= 31
    assert 31 in steps
    assert not distances[same].any()
    assert distances[~same].all()


def test_distance_within_one_run_is_from_the_chosen_step(manager):
    run = trained(manager, 120)
    steps, distances = distance_over_steps(run, run, run.replay(5).engine)
    assert not distances[steps.tolist().index(5)].any()
    assert distances[-1].all()
