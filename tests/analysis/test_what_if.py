"""The loss along one number, held to torch in float64 and to the engine's own steps."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_records import records, tensor, torch_loss

from backprop_panel import Model, SequenceDataset, SettingError, Trainer, TrainingRunManager
from backprop_panel.analysis import (
    RecordCell,
    loss_along,
    loss_along_learning_rate,
    token_losses,
)
from backprop_panel.nn.optimizers import OPTIMIZERS

SMOOTH = ("gelu", "tanh", "sigmoid", "identity")
VALUES = [-2.5, -0.1, 0, 0.3, 4]


def run_of(steps=3, **config):
    usual = {"num_samples": 64, "hidden_dimension": 6, "loss_type": "cross_entropy"}
    run = TrainingRunManager().create(**usual | config)
    for _ in range(steps):
        run.trainer.run_batch()
    return run


@pytest.fixture(scope="module")
def record():
    return run_of().trainer.run_batch()


def drawn_cell(data, record, quantity):
    layer = 0 if quantity == "activations" else data.draw(st.integers(0, len(record.layers) - 1))
    shape = getattr(record, quantity)[layer].shape
    index = tuple(data.draw(st.integers(0, length - 1)) for length in shape)
    return RecordCell(quantity, layer, index)


def loss_with(record, cell, value):
    """The batch's loss by torch, with the number at `cell` set to a value."""
    layers, inputs = [tensor(layer) for layer in record.layers], record.inputs.astype(np.float64)
    if cell.quantity == "activations":
        inputs[cell.index] = value
    else:
        row, column = cell.index if cell.quantity == "weights" else (-1, *cell.index)
        layers[cell.layer][row, column] = value
    return torch_loss(record, layers, inputs).item()


quantities = pytest.mark.parametrize("quantity", ["weights", "biases", "activations"])


@quantities
@given(data=st.data(), record=records())
@settings(max_examples=20, deadline=None)
def test_losses_along_a_number_are_torchs_with_that_number_set(quantity, data, record):
    cell = drawn_cell(data, record, quantity)
    curve = loss_along(record, cell, VALUES)
    expected = [loss_with(record, cell, value) for value in VALUES]
    np.testing.assert_allclose(curve.losses, expected, rtol=1e-4, atol=1e-5)


@quantities
@given(data=st.data(), record=records())
@settings(max_examples=20, deadline=None)
def test_the_default_range_is_symmetric_about_now_and_never_empty(quantity, data, record):
    curve = loss_along(record, drawn_cell(data, record, quantity))
    assert curve.values.shape == curve.losses.shape == (41,)
    assert curve.values[20] == curve.now
    np.testing.assert_allclose(curve.values + curve.values[::-1], 2 * curve.now, atol=1e-6)
    assert curve.values[0] < min(curve.now, 0) and curve.values[-1] > max(curve.now, 0)


@quantities
@given(data=st.data(), record=records(activations=SMOOTH))
@settings(max_examples=20, deadline=None)
def test_slope_is_the_derivative_of_the_losses(quantity, data, record):
    cell = drawn_cell(data, record, quantity)
    curve = loss_along(record, cell)
    below, above = (curve.true(curve.now + step) for step in (-1e-4, 1e-4))
    assert curve.slope == pytest.approx((above - below) / 2e-4, rel=1e-3, abs=1e-6)


def test_slope_is_the_records_own_gradient(record):
    assert (
        loss_along(record, RecordCell("weights", 1, (2, 3))).slope
        == (record.weight_gradients[1][2, 3])
    )
    assert (
        loss_along(record, RecordCell("activations", 0, (2, 3))).slope
        == (record.activation_gradients[0][2, 3])
    )


def test_loss_at_the_present_value_is_that_of_the_record(record):
    for cell in (RecordCell("biases", 0, (2,)), RecordCell("activations", 0, (5, 1))):
        curve = loss_along(record, cell)
        assert curve.now == cell.value(record)
        assert curve.loss == pytest.approx(record.loss, rel=1e-6)
        assert curve.loss == curve.losses[20] == curve.true(curve.now)


def test_prediction_is_the_tangent_and_meets_the_loss_for_small_changes(record):
    curve = loss_along(record, RecordCell("weights", 0, (0, 1)))
    assert curve.predicted(curve.now + 2) == pytest.approx(curve.loss + 2 * curve.slope)
    # The change is below the rounding error of a loss in float32.
    change = curve.true(curve.now + 1e-6) - curve.loss
    assert curve.predicted(curve.now + 1e-6) - curve.loss == pytest.approx(change, rel=1e-3)


@pytest.mark.parametrize("cell", [("weights", 1, (2, 3)), ("biases", 2, (1,))])
def test_the_default_range_is_twice_the_largest_weight_of_the_layer(record, cell):
    curve = loss_along(record, RecordCell(*cell))
    largest = float(np.abs(record.layers[cell[1]]).max())
    assert curve.values[-1] - curve.now == pytest.approx(2 * largest)
    assert np.ptp(curve.losses) > 1e-3 * curve.loss


def test_the_range_is_wider_where_the_loss_would_hardly_change(record):
    small = replace(record, layers=tuple(each / 1e4 for each in record.layers))
    slope = float(small.weight_gradients[1][2, 3])
    curve = loss_along(small, RecordCell("weights", 1, (2, 3)))
    assert abs(slope * (curve.values[-1] - curve.now)) == pytest.approx(1e-3 * small.loss)


def test_the_range_of_a_weight_without_effect_ends_where_functions_bend(record):
    still = replace(record, layer_gradients=tuple(map(np.zeros_like, record.layer_gradients)))
    curve = loss_along(still, RecordCell("weights", 1, (2, 3)))
    reach = np.abs(record.activations[1][:, 2]).max()
    assert curve.values[-1] - curve.now == pytest.approx(3 / max(reach, 0.3), rel=1e-4)


def test_only_the_layers_behind_the_number_are_computed(record):
    unknown = [np.full_like(layer, np.nan) for layer in record.layers[:-1]]
    cell = RecordCell("weights", 2, (3, 1))
    curve = loss_along(replace(record, layers=(*unknown, record.layers[-1])), cell)
    np.testing.assert_array_equal(curve.losses, loss_along(record, cell).losses)


@pytest.mark.parametrize("numbers", [1, 3000])
def test_values_computed_in_parts_give_the_same_losses(record, numbers, monkeypatch):
    cells = [RecordCell("weights", 0, (3, 1)), RecordCell("activations", 0, (3, 1))]
    whole = [loss_along(record, cell).losses for cell in cells]
    rates = loss_along_learning_rate(record).losses
    for constant in ("recomputation.IN_ONE_THREAD", "learning_rate_curve.LOGITS_AT_ONCE"):
        monkeypatch.setattr(f"backprop_panel.analysis.{constant}", numbers)
    for cell, losses in zip(cells, whole, strict=True):
        np.testing.assert_allclose(loss_along(record, cell).losses, losses, rtol=1e-12)
    np.testing.assert_allclose(loss_along_learning_rate(record).losses, rates, rtol=1e-12)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("factor", [0.1, 1, 7])
def test_loss_at_another_rate_is_that_after_a_step_with_it(optimizer, factor):
    def run():
        run = run_of(optimizer=optimizer, learning_rate=0.02, weight_decay=0.01)
        run.trainer.engine.edits.freeze(1, True)
        return run

    record, other = run().trainer.run_batch(), run()
    other.trainer.learning_rate = 0.02 * factor
    other.trainer.run_batch()
    expected = other.trainer.engine.look(record.samples).loss
    assert loss_along_learning_rate(record).true(0.02 * factor) == pytest.approx(expected, rel=1e-4)


@given(record=records(activations=SMOOTH))
@settings(max_examples=20, deadline=None)
def test_slope_along_the_rate_is_its_derivative_by_autograd(record):
    curve = loss_along_learning_rate(record)
    rate = torch.tensor(curve.now, dtype=torch.float64, requires_grad=True)
    layers = [
        tensor(layer) + rate * tensor(update) / curve.now
        for layer, update in zip(record.layers, record.layer_updates, strict=True)
    ]
    loss = torch_loss(record, layers)
    loss.backward()
    assert curve.loss == pytest.approx(loss.item(), rel=1e-4, abs=1e-6)
    assert curve.slope == pytest.approx(rate.grad.item(), rel=1e-2, abs=1e-4)


def test_rates_reach_from_a_hundredth_to_a_hundred_times_on_a_log_scale(record):
    curve = loss_along_learning_rate(record)
    assert curve.now == record.settings["learning_rate"]
    np.testing.assert_allclose(curve.values[[0, 20, 40]] / curve.now, [0.01, 1, 100])
    np.testing.assert_allclose(np.diff(np.log(curve.values)), np.log(1e4) / 40)


def test_the_rate_can_be_asked_of_a_record_that_was_only_looked_at():
    engine = run_of(optimizer="adam").trainer.engine
    looked = loss_along_learning_rate(engine.look())
    np.testing.assert_allclose(
        looked.losses, loss_along_learning_rate(engine.record_step(32)).losses, rtol=1e-12
    )


@given(data=st.data(), record=records())
@settings(max_examples=20, deadline=None)
def test_token_losses_are_torchs_with_that_token_in_place(data, record):
    size = 4
    example = data.draw(st.integers(0, len(record.targets) - 1))
    position = data.draw(st.integers(0, record.contexts.shape[1] - 1))
    expected = []
    for token in range(size):
        inputs = record.inputs.copy()
        inputs[example].reshape(-1, size)[position] = np.eye(size)[token]
        expected.append(torch_loss(record, inputs=inputs).item())
    losses = token_losses(record, example, position, size)
    np.testing.assert_allclose(losses, expected, rtol=1e-4, atol=1e-5)
    present = losses[record.contexts[example, position]]
    assert present == pytest.approx(record.loss, rel=1e-4, abs=1e-6)


def test_a_large_network_takes_no_more_memory_than_a_few_records():
    data = SequenceDataset(num_samples=512)
    model = Model(hidden_dimension=1024, hidden_layers=2)
    record = Trainer(model, data, batch_size=512, optimizer="adam").run_batch()
    arrays = [value for value in vars(record).values() if isinstance(value, tuple)]
    arrays += record.moments.values()
    size = sum(array.nbytes for part in arrays for array in part if hasattr(array, "nbytes"))
    tracemalloc.start()
    try:
        loss_along(record, RecordCell("weights", 0, (0, 0)), points=3)
        loss_along_learning_rate(record, points=3)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * size


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (RecordCell("weight_gradients", 1, (0, 0)), "not along dW2"),
        (RecordCell("activations", 1, (0, 0)), r"not along a1\[0, 0\]"),
        (RecordCell("loss"), "not along L"),
        (RecordCell("weights", 7, (0, 0)), "has the layers 0 to 2; got 7"),
        (RecordCell("weights", 1, (0, 99)), r"got the index \(0, 99\)"),
        (RecordCell("wieghts", 1, (0, 0)), "Did you mean 'weights'"),
    ],
)
def test_a_cell_of_another_kind_is_refused(record, cell, message):
    with pytest.raises(SettingError, match=message):
        loss_along(record, cell)


@pytest.mark.parametrize("values", [[], "abc", 3, [1, np.nan], [np.inf], [[1]], [1e39], [True]])
def test_values_that_are_not_finite_numbers_are_refused(record, values):
    with pytest.raises(SettingError, match="value"):
        loss_along(record, RecordCell("weights", 1, (0, 0)), values)


@pytest.mark.parametrize("points", [1, 0, -3, 2.5, True, "many", 10**9])
def test_a_number_of_points_that_makes_no_curve_is_refused(record, points):
    for ask in (
        lambda: loss_along(record, RecordCell("weights", 1, (0, 0)), points=points),
        lambda: loss_along_learning_rate(record, points),
    ):
        with pytest.raises(SettingError, match="points must be a whole number from 2"):
            ask()


@pytest.mark.parametrize("value", [np.nan, -np.inf, None, "1", 1e39])
def test_a_point_of_a_curve_must_be_a_finite_number(record, value):
    curve = loss_along(record, RecordCell("weights", 1, (0, 0)))
    for ask in (curve.true, curve.predicted):
        with pytest.raises(SettingError, match="must be a finite number"):
            ask(value)


def test_a_number_that_is_not_finite_now_is_refused(record):
    layers = [layer.copy() for layer in record.layers]
    layers[1][0, 0] = np.nan
    with pytest.raises(SettingError, match=r"W2\[0, 0\] is nan"):
        loss_along(replace(record, layers=tuple(layers)), RecordCell("weights", 1, (0, 0)))


def test_a_record_that_has_blown_up_gives_losses_that_are_not_finite(record):
    z = (np.full_like(record.pre_activations[0], np.inf), *record.pre_activations[1:])
    blown_up = replace(record, pre_activations=z)
    assert not np.isfinite(loss_along(blown_up, RecordCell("weights", 0, (0, 0))).losses).any()


def test_a_record_without_moments_tells_what_is_missing():
    record = replace(run_of(optimizer="adam").trainer.run_batch(), moments={})
    with pytest.raises(SettingError, match=r"what Adam remembers \(mean, mean_square\)"):
        loss_along_learning_rate(record)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": "adm"}, "Did you mean 'adam'"),
        ({"loss_type": None}, "loss_type must be one of"),
        ({"learning_rate": 0}, "must be a finite number above 0; got 0"),
        ({"learning_rate": np.nan}, "got nan"),
        ({"learning_rate": None}, "got None"),
    ],
)
def test_a_record_with_settings_from_elsewhere_is_refused_in_words(record, changes, message):
    with pytest.raises(SettingError, match=message):
        loss_along_learning_rate(replace(record, settings={**record.settings, **changes}))


def test_a_record_with_an_unknown_activation_is_refused_in_words(record):
    with pytest.raises(SettingError, match="Did you mean 'gelu'"):
        loss_along(
            replace(record, activation_names=("geluu", "gelu")), RecordCell("biases", 0, (0,))
        )


@pytest.mark.parametrize(
    ("example", "position", "size", "message"),
    [
        (32, 0, 4, "example must be a whole number from 0 to 31, got 32"),
        (-1, 0, 4, "example must be"),
        (0, 4, 4, "position must be a whole number from 0 to 3, got 4"),
        (0, None, 4, "position must be"),
        (0, 0, 5, "16 numbers is not made of one-hot tokens of a vocabulary of 5"),
        (0, 0, 0, "vocabulary of 0"),
    ],
)
def test_a_token_that_does_not_exist_is_refused(record, example, position, size, message):
    with pytest.raises(SettingError, match=message):
        token_losses(record, example, position, size)
