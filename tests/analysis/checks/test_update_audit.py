"""The audit accepts every sound record, and names the first quantity that does not follow."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backprop_panel import Model, SequenceDataset, SettingError, Trainer, TrainingRunManager
from backprop_panel.analysis import audit, audit_run, explain
from backprop_panel.analysis.checks.update_audit import discrepancies, interval_ends
from backprop_panel.nn.faults import FAULTS
from backprop_panel.nn.optimizers import OPTIMIZERS
from tests.corruptions import CORRUPTIONS
from tests.random_records import records, trainers

quick = settings(
    derandomize=True,
    deadline=None,
    max_examples=80,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def trainer_of(hidden=(6, 5), **training):
    data = SequenceDataset(num_samples=40, seed=1)
    model = Model(
        input_dimension=data.input_dimension,
        output_dimension=data.output_dimension,
        hidden_dimension=list(hidden),
        seed=2,
    )
    return Trainer(model, data, **{"batch_size": 8, **training})


@quick
@given(record=records())
def test_a_sound_record_has_no_discrepancy(record):
    assert audit(record) == []


@quick
@given(trainer=trainers(most_layers=3), data=st.data())
def test_frozen_and_silenced_parts_are_no_discrepancy(trainer, data):
    engine = trainer.engine
    layer = data.draw(st.integers(0, len(engine.network.layers) - 1))
    engine.edits.freeze(layer, True, data.draw(st.sampled_from([None, 0])), 0)
    if layer:
        engine.edits.silence(layer, 0, True)
    record = trainer.run_batch()
    assert not record.layer_updates[layer][0, 0]
    assert audit(record) == []


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "rmsprop", "adam", "adamw"])
@pytest.mark.parametrize("loss_type", ["mse", "cross_entropy"])
@pytest.mark.parametrize("learning_rate", [1e30, 1e38, 3e38])
def test_overflow_that_follows_is_no_discrepancy(optimizer, loss_type, learning_rate):
    trainer = trainer_of(optimizer=optimizer, loss_type=loss_type, learning_rate=learning_rate)
    found = [trainer.run_batch() for _ in range(6)]
    assert not np.isfinite(found[-1].layers[0]).all() or optimizer != "sgd"
    assert [audit(record) for record in found] == [[]] * 6


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("weight", [1e-14, 1e-12, 1e-3])
@pytest.mark.parametrize("learning_rate", [1e-38, 1e-30, 1e-20])
def test_a_product_that_rounds_to_a_subnormal_is_no_discrepancy(optimizer, weight, learning_rate):
    run = TrainingRunManager().create(
        hidden_dimension=1,
        hidden_layers=1,
        activation="identity",
        initialization="zeros",
        loss_type="cross_entropy",
        optimizer=optimizer,
        learning_rate=learning_rate,
    )
    run.trainer.engine.edits.set_weight(0, 16, 0, weight)
    assert not any(audit(run.trainer.run_batch()) for _ in range(3))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    ("learning_rate", "weight_decay"),
    [(1e-46, 1e10), (1e-45, 3e38), (1e-50, 0.0), (1e30, 1e-40), (3e38, 1e-40), (1e4, 3e38)],
)
def test_a_rate_or_decay_that_float32_rounds_or_loses_is_no_discrepancy(
    optimizer, learning_rate, weight_decay
):
    trainer = trainer_of(
        optimizer=optimizer, learning_rate=learning_rate, weight_decay=weight_decay
    )
    assert not any(audit(trainer.run_batch()) for _ in range(3))


def test_a_loss_whose_sum_over_the_batch_overflows_is_no_discrepancy():
    trainer = trainer_of(loss_type="mse", hidden=())
    for output in range(4):
        trainer.engine.edits.set_weight(0, 16, output, 7e18)
    record = trainer.run_batch()
    assert record.loss == np.inf and np.isfinite(record.example_losses).all()
    assert audit(record) == []


def test_a_wide_layer_is_no_discrepancy():
    record = trainer_of(hidden=(1024,), optimizer="adam").run_batch()
    assert audit(record) == []


def test_a_pass_without_an_update_has_none():
    trainer = trainer_of(mode="visualize", optimizer="adam")
    assert audit(trainer.run_batch()) == []


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda each: each.name)
def test_the_first_wrong_quantity_is_named(corruption):
    sound, spoilt = corruption.records(seed=0)
    assert audit(sound) == []
    first = audit(spoilt)[0]
    assert (first.quantity, first.layer) == (corruption.quantity, corruption.layer)
    assert first.found != first.expected


def test_there_are_at_least_forty_corruptions():
    assert len({corruption.name for corruption in CORRUPTIONS}) >= 40


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_lab_is_caught_if_it_changes_a_step(fault):
    settings = {"optimizer": "adam", "loss_type": "cross_entropy", "batch_size": 6}
    trainer = trainer_of(hidden=(6, 6), fault=fault, **settings)
    for _ in range(3):
        record = trainer.run_batch()
    assert bool(audit(record)) == (fault not in ("zero_weights", "dropped_last_batch"))


def test_one_wrong_number_is_not_told_again_in_what_follows_from_it():
    record = trainer_of().run_batch()
    z = [array.copy() for array in record.pre_activations]
    z[0][3, 2] += 0.1
    found = audit(replace(record, pre_activations=tuple(z)))
    assert [(each.quantity, each.layer, each.index) for each in found] == [
        ("pre_activations", 0, (3, 2)),
        ("activations", 1, (3, 2)),
        ("activation_slopes", 0, (3, 2)),
    ]
    assert found[0].found == pytest.approx(found[0].expected + 0.1, abs=1e-6)


def test_discrepancies_come_in_the_order_of_computation():
    record = trainer_of().run_batch()
    zeros = {
        name: tuple(np.zeros_like(array) for array in getattr(record, name))
        for name in ("pre_activations", "deltas", "layer_updates")
    }
    quantities = list(dict.fromkeys(each.quantity for each in audit(replace(record, **zeros))))
    assert quantities.index("pre_activations") < quantities.index("deltas")
    assert quantities.index("deltas") < quantities.index("weight_updates")


@pytest.mark.parametrize(
    "corruption",
    [each for each in CORRUPTIONS if each.quantity != "accuracy"],
    ids=lambda each: each.name,
)
def test_a_discrepancy_is_a_number_that_can_be_explained(corruption):
    _, spoilt = corruption.records(seed=0)
    first = next(discrepancies(spoilt))
    explanation = explain(spoilt, first.cell)
    assert explanation.name == first.name(spoilt)
    assert explanation.value == pytest.approx(first.found, nan_ok=True)


def test_the_accuracy_is_no_cell():
    record = trainer_of().run_batch()
    (found,) = audit(replace(record, accuracy=1.0 - record.accuracy + 2))
    assert found.cell is None and found.name(record) == "accuracy"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": {"loss_type": "hinge"}}, "loss_type"),
        ({"moments": {}}, "cannot be audited.*mean, mean_square"),
        ({"activation_names": ("gelu", "swish")}, "activation must be one of"),
    ],
)
def test_a_record_that_lacks_what_the_audit_needs_is_refused(change, message):
    record = trainer_of(optimizer="adam").run_batch()
    with pytest.raises(SettingError, match=message):
        audit(replace(record, **change))


def test_a_run_is_audited_interval_by_interval(monkeypatch):
    monkeypatch.setattr("backprop_panel.training.checkpoints.SPACING_SECONDS", 0)
    monkeypatch.setattr("backprop_panel.training.checkpoints.COPY_SHARE", 1e9)
    run = TrainingRunManager().create(name="first", hidden_dimension=5, num_samples=40)
    for _ in range(4):
        run.trainer.run_batch()
    found = list(audit_run(run))
    assert found[-1].end == 4 and len(found) > 1
    assert [each.end for each in found] == interval_ends(run)
    assert [each.start for each in found] == [0, *(each.end for each in found[:-1])]
    assert all(each.discrepancies == [] and not each.deviation for each in found)


def test_a_run_that_made_no_step_has_no_interval():
    run = TrainingRunManager().create(name="first", hidden_dimension=5, num_samples=40)
    assert list(audit_run(run)) == [] and interval_ends(run) == []
