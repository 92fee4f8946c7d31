"""The gradient check accepts correct gradients, and names wrong ones."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from backprop_panel import Model, SequenceDataset, SettingError, Trainer
from backprop_panel.analysis import check_gradients
from backprop_panel.analysis.checks import gradient_check
from backprop_panel.analysis.checks.gradient_check import checking
from backprop_panel.nn.faults import FAULTS
from tests.random_records import records

quick = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def trainer_of(hidden=(6, 5), activation="gelu", **training):
    data = SequenceDataset(num_samples=40, seed=1)
    model = Model(
        input_dimension=data.input_dimension,
        output_dimension=data.output_dimension,
        hidden_dimension=list(hidden),
        activation=activation,
        seed=2,
    )
    return Trainer(model, data, **{"batch_size": 8, "loss_type": "cross_entropy", **training})


def with_gradients(record, change):
    """The record with each layer's gradients changed."""
    gradients = tuple(
        np.asarray(change(gradient), np.float32) for gradient in record.layer_gradients
    )
    return replace(record, layer_gradients=gradients)


@quick
@given(record=records())
def test_correct_gradients_pass(record):
    check = check_gradients(record)
    assert check.ok, check.worst
    assert check.checked + check.at_kinks == check.parameters


def test_gradients_that_the_rounding_of_a_huge_loss_hides_are_not_told_to_agree():
    trainer = trainer_of(
        hidden=[3],
        activation="identity",
        learning_rate=0.54,
        optimizer="momentum",
        weight_decay=0.1,
        fault="no_batch_mean",
    )
    records = [trainer.run_batch() for _ in range(16)]
    for record in records:
        check = check_gradients(record)
        assert not check.ok or check.hidden_by_rounding > 0.5 * check.parameters


@quick
@given(record=records())
def test_autograd_agrees_with_the_differences(record):
    differences, autograd = check_gradients(record), check_gradients(record, against="autograd")
    assert autograd.ok and autograd.checked == autograd.parameters
    for quotients, exact, kinks in zip(
        differences.expected, autograd.expected, differences.kinks, strict=True
    ):
        np.testing.assert_allclose(quotients[~kinks], exact[~kinks], rtol=1e-6, atol=1e-8)


@quick
@given(record=records(activations=("gelu", "tanh", "sigmoid")), data=st.data())
def test_one_gradient_that_is_one_percent_off_is_the_worst(record, data):
    layer = data.draw(st.integers(0, len(record.layers) - 1))
    sizes = np.abs(record.layer_gradients[layer])
    row, column = np.unravel_index(np.argmax(sizes), sizes.shape)
    assume(sizes[row, column] > 1e-6)
    wrong = [gradient.copy() for gradient in record.layer_gradients]
    wrong[layer][row, column] *= 1.01
    check = check_gradients(replace(record, layer_gradients=tuple(wrong)))
    assert not check.ok
    assert check.worst[:3] == (layer, row, column)
    assert check.worst.error == pytest.approx(0.01 / 1.01, rel=0.01)


@pytest.mark.parametrize(
    "mistake",
    [
        pytest.param(lambda g: -g, id="wrong sign"),
        pytest.param(lambda g: 8 * g, id="sum instead of mean"),
        pytest.param(lambda g: 2 * g, id="gradients of two batches"),
        pytest.param(np.zeros_like, id="no gradient"),
        pytest.param(lambda g: np.vstack([g[:-1], 0 * g[-1:]]), id="no gradient for the bias"),
    ],
)
@pytest.mark.parametrize("against", ["differences", "autograd"])
def test_mistakes_are_caught(mistake, against):
    check = check_gradients(with_gradients(trainer_of().run_batch(), mistake), against=against)
    assert not check.ok
    assert check.worst.error > 0.1


GRADIENT_FAULTS = {
    *("no_activation_derivative", "derivative_at_activation", "no_batch_mean"),
    *("accumulated_gradients", "untransposed_weights", "no_bias_gradient"),
    *("no_softmax_derivative", "double_softmax", "summed_loss", "shifted_targets"),
    "stale_activations",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_lab_is_caught_if_it_changes_a_gradient(fault):
    trainer = trainer_of(hidden=(6, 6), optimizer="adam", batch_size=6, fault=fault)
    for _ in range(3):
        record = trainer.run_batch()
    assert check_gradients(record).ok == (fault not in GRADIENT_FAULTS)


def test_a_parameter_at_a_corner_of_relu_is_marked_and_does_not_count():
    trainer = trainer_of(hidden=(4,), activation="relu")
    trainer.model.weights[0][:, 1] = 0  # with its bias of 0: z = 0, where the slope jumps
    record = trainer.run_batch()
    check = check_gradients(record)
    moving = np.append((record.inputs != 0).any(axis=0), True)
    assert np.array_equal(check.kinks[0][:, 1], moving)
    assert np.isnan(check.errors[0][moving, 1]).all()
    assert not check.kinks[1].any()
    assert check.at_kinks == moving.sum() == check.parameters - check.checked
    assert check.ok


def test_a_silenced_unit_has_no_slope_and_no_corner():
    trainer = trainer_of(hidden=(4,), activation="relu")
    trainer.model.weights[0][:, 1] = 0
    trainer.engine.edits.silence(1, 1, True)
    check = check_gradients(trainer.run_batch())
    assert check.ok and not check.at_kinks
    assert not check.expected[0][:, 1].any()


def test_nothing_checked_has_no_worst():
    trainer = trainer_of(hidden=(), loss_type="mse")
    check = check_gradients(trainer.run_batch(), sample=1)
    empty = replace(check, errors=tuple(np.full_like(layer, np.nan) for layer in check.errors))
    assert check.checked == 1
    assert empty.worst is None and empty.ok and empty.checked == 0


@pytest.mark.parametrize("sample", [1, 7, 60])
def test_a_sample_is_of_the_size_asked_for_and_repeats_with_its_seed(sample):
    record = trainer_of().run_batch()
    one, same = (check_gradients(record, sample=sample, seed=3) for _ in range(2))
    other = check_gradients(record, sample=sample, seed=np.random.default_rng(4))
    assert one.checked == other.checked == sample
    found, again, elsewhere = (
        np.concatenate([*map(np.ravel, each.errors)]) for each in (one, same, other)
    )
    np.testing.assert_array_equal(found, again)
    assert not np.array_equal(np.isnan(found), np.isnan(elsewhere))


def test_a_wide_network_is_checked_by_a_sample_of_every_layer(monkeypatch):
    monkeypatch.setattr(gradient_check, "MOST_MULTIPLICATIONS", 10**6)
    record = trainer_of(hidden=(30, 30)).run_batch()
    check = check_gradients(record)
    assert check.ok
    assert all(np.isfinite(layer).any() for layer in check.errors)
    assert check.checked < check.parameters


def test_the_steps_move_no_pre_activation_far():
    record = trainer_of().run_batch()
    check = check_gradients(record)
    inputs = np.column_stack([record.activations[1], np.ones(8)])
    moves = check.steps[1] * np.abs(inputs).max(axis=0)[:, np.newaxis]
    assert moves.max() <= np.finfo(float).eps ** (1 / 3) * (1 + 1e-6)


def test_pieces_come_before_the_result():
    *pieces, check = checking(trainer_of().run_batch())
    assert pieces and set(pieces) == {None}
    assert check.checked == check.parameters


@pytest.mark.parametrize(
    ("spoilt", "named"),
    [("layers", "weights and biases"), ("layer_gradients", "gradients of the record")],
)
def test_numbers_that_are_not_finite_are_refused_by_name(spoilt, named):
    record = trainer_of().run_batch()
    arrays = [array.copy() for array in getattr(record, spoilt)]
    arrays[1][0, 0] = np.inf
    with pytest.raises(SettingError, match=named):
        check_gradients(replace(record, **{spoilt: tuple(arrays)}))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"against": "autogad"}, "Did you mean 'autograd'"),
        ({"sample": 0}, "from 1 to"),
        ({"sample": 10**6}, "the number of parameters"),
        ({"sample": "all"}, "whole number"),
    ],
)
def test_bad_arguments_are_refused(wrong, message):
    with pytest.raises(SettingError, match=message):
        check_gradients(trainer_of().run_batch(), **wrong)


def test_a_record_that_does_not_say_its_loss_is_refused():
    record = trainer_of().run_batch()
    with pytest.raises(SettingError, match="loss_type"):
        check_gradients(replace(record, settings={"loss_type": "hinge"}))


def test_autograd_without_torch_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(SettingError, match="pip install torch"):
        check_gradients(trainer_of().run_batch(), against="autograd")


def test_a_check_needs_no_setting_of_numpys_errors():
    trainer = trainer_of(loss_type="cross_entropy")
    trainer.engine.edits.set_weight(2, 5, 0, 2000.0)  # e to the power of −2000 underflows
    record = trainer.run_batch()
    with np.errstate(all="raise"):
        assert check_gradients(record).ok
