"""Health of layers: vanishing, exploding and dying layers are found."""

from dataclasses import replace

import numpy as np
import pytest

from backprop_panel import Model, SequenceDataset, Trainer
from backprop_panel.analysis.health import (
    MOST_SAMPLES,
    HealthLog,
    LayerHealth,
    blocked_share,
    findings,
    health,
    histogram,
)


def trainer_of(**model_settings):
    data = SequenceDataset(num_samples=64)
    return Trainer(Model(hidden_dimension=8, **model_settings), data, learning_rate=0.1)


def healthy(**changes):
    usual = {"gradient_norm": 1.0, "weight_norm": 2.0, "update_ratio": 1e-3, "blocked_share": 0.0}
    return LayerHealth(**(usual | changes))


def sentences(*layers, frozen=()):
    return [(finding.layer, finding.sentence) for finding in findings(layers, frozen)]


def test_norms_and_update_ratio_are_those_of_the_step():
    record = trainer_of().run_batch()
    for layer, measured in enumerate(health(record)):
        weights = np.linalg.norm(record.layers[layer])
        assert measured.gradient_norm == pytest.approx(
            np.linalg.norm(record.layer_gradients[layer])
        )
        assert measured.weight_norm == pytest.approx(weights)
        update = np.linalg.norm(record.layer_updates[layer])
        assert measured.update_ratio == pytest.approx(update / weights)


def test_unit_is_blocked_if_its_slope_is_flat_for_all_examples():
    slopes = np.array([[0.0, 0.0, 1.0, 0.005], [0.0, 0.5, 1.0, -0.005]])
    assert blocked_share(slopes) == 0.5


def test_dead_relu_layer_is_found():
    trainer = trainer_of(activation="relu")
    trainer.model.biases[0][...] = -100
    layers = health(trainer.run_batch())
    assert layers[0].blocked_share == 1
    assert (
        0,
        "Layer 1 is dying: 100% of its units pass no gradient on, whatever the example.",
    ) in (sentences(*layers))


def test_saturated_tanh_layer_is_found():
    trainer = trainer_of(activation="tanh")
    trainer.model.biases[1][...] = 100
    assert health(trainer.run_batch())[1].blocked_share == 1


def test_vanishing_gradient_is_found_with_its_share():
    assert sentences(healthy(gradient_norm=1e-4), healthy()) == [
        (0, "Layer 1 hardly learns: its gradient is 0.0001 of the last layer's.")
    ]


def test_exploding_gradient_is_found():
    assert sentences(healthy(gradient_norm=5e3), healthy()) == [
        (0, "Layer 1 explodes: its gradient is 5000 times the last layer's.")
    ]


def test_too_large_update_is_found():
    assert sentences(healthy(), healthy(update_ratio=0.5)) == [
        (1, "Layer 2 changes by 50% in one step: the learning rate is too high for it.")
    ]


def test_values_that_are_not_finite_are_found():
    assert sentences(healthy(weight_norm=np.nan), healthy())[0][0] == 0


def test_frozen_layer_is_named_as_frozen():
    assert sentences(healthy(gradient_norm=1e-4), healthy(), frozen={0}) == [
        (0, "Layer 1 is frozen: it does not learn.")
    ]


def test_frozen_layer_that_blocks_others_is_named_as_dying():
    assert "is dying" in sentences(healthy(blocked_share=1.0), healthy(), frozen={0})[0][1]


def test_healthy_network_has_no_findings():
    assert sentences(healthy(), healthy(gradient_norm=0.3), healthy()) == []


def test_new_default_network_has_no_findings():
    assert sentences(*health(trainer_of().run_batch())) == []


def test_a_histogram_counts_the_finite_values():
    counted = histogram(np.array([0.0, 1.0, 1.0, np.nan, np.inf]))
    assert counted.shares.sum() == pytest.approx(1)
    assert counted.shares[-1] == pytest.approx(2 / 3)


def test_log_keeps_each_step_once():
    trainer, log = trainer_of(), HealthLog()
    records = [trainer.run_batch() for _ in range(3)]
    for record in (records[0], records[1], records[1], records[0], records[2]):
        log.add(record)
    assert log.steps == [1, 2, 3]
    assert log.measure("gradient_norm").shape == (3, 3)
    assert log.quantiles("activations", 0).shape == (3, 3)
    assert (np.diff(log.quantiles("gradients", 2)) >= 0).all()


def test_record_without_an_update_is_not_logged():
    trainer, log = trainer_of(), HealthLog()
    log.add(trainer.engine.look())
    assert log.steps == []


def test_full_log_drops_every_second_step():
    record, log = trainer_of().run_batch(), HealthLog()
    for step in range(1, MOST_SAMPLES + 11):
        log.add(replace(record, step=step))
    assert len(log.steps) < MOST_SAMPLES
    assert log.steps[0] == 1
    assert log.steps[-1] == MOST_SAMPLES + 10
