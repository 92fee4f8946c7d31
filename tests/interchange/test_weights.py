"""Weights to and from a PyTorch nn.Sequential, as safetensors."""

import io

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from torch import nn

from backprop_panel import Model
from backprop_panel.interchange import InterchangeError, load_weights, save_weights
from tests.full_disk import full_disk


@pytest.fixture
def model():
    return Model(input_dimension=6, hidden_dimension=[5, 4], output_dimension=3)


@pytest.fixture
def sequential():
    torch.manual_seed(0)
    gelu = nn.GELU(approximate="tanh")
    return nn.Sequential(nn.Linear(6, 5), gelu, nn.Linear(5, 4), gelu, nn.Linear(4, 3))


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(7, 6)).astype(np.float32)


def logits(sequential, x):
    with torch.no_grad():
        return sequential(torch.from_numpy(x)).numpy()


def test_a_model_with_weights_of_a_sequential_computes_the_same(model, sequential, x):
    load_weights(model, save(sequential.state_dict()))
    assert np.allclose(model.forward(x), logits(sequential, x), atol=1e-6)


def test_a_sequential_with_weights_of_a_model_computes_the_same(model, sequential, x):
    buffer = io.BytesIO()
    save_weights(model, buffer)
    sequential.load_state_dict(load(buffer.getvalue()))
    assert np.allclose(model.forward(x), logits(sequential, x), atol=1e-6)


def test_saved_weights_are_loaded_bit_for_bit(model, tmp_path):
    before = model.network.parameters.copy()
    save_weights(model, tmp_path / "weights.safetensors")
    model.network.parameters[...] = 0
    load_weights(model, tmp_path / "weights.safetensors")
    assert np.array_equal(model.network.parameters, before)


REFUSED = {
    "one turned": (
        lambda s: {**s, "0.weight": s["0.weight"].T.contiguous()},
        r"do not follow each other: '0\.weight' \(6, 5\).* 6-5-4-3 is expected",
    ),
    "missing": (
        lambda s: {k: v for k, v in s.items() if k != "2.weight"},
        r"'2\.bias' .* no fully",
    ),
    "fewer": (
        lambda s: {k: v for k, v in s.items() if k < "4"},
        r"in the file has 6-5-4 units, inputs first; 6-5-4-3 is expected",
    ),
    "more": (lambda s: {**s, "6.weight": torch.zeros(2, 2)}, r"'6\.weight'"),
    "whole": (
        lambda s: {k: v.int() for k, v in s.items()},
        r"type I32; F32 or F64 or F16 or BF16 is",
    ),
    "beyond": (
        lambda s: {k: v.double() * 1e300 for k, v in s.items()},
        r"' holds a number beyond float32",
    ),
    "nan": (lambda s: {**s, "2.bias": s["2.bias"] * float("nan")}, r"2\.bias .* finite"),
    "normalized": (
        lambda s: {**s, "norm.weight": torch.ones(5)},
        r"'norm\.weight' of the shape \(5,\) belongs to no fully connected layer",
    ),
    "a count of batches": (
        lambda s: {**s, "1.num_batches_tracked": torch.tensor(3)},
        r"'1\.num_batches_tracked', a single number of type I64, belongs to no fully connected",
    ),
    "a count": (lambda s: {**s, "batches": torch.tensor(1.0)}, r"'batches' of the shape \(\)"),
    "empty": (lambda s: {}, r"holds no tensors"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_weights_that_do_not_fit_are_refused_with_the_reason(model, sequential, kind):
    change, reason = REFUSED[kind]
    with pytest.raises(InterchangeError, match=reason):
        load_weights(model, save(change(sequential.state_dict())))


@pytest.mark.parametrize("kind", REFUSED)
def test_refused_weights_change_nothing(model, sequential, kind):
    before = model.network.parameters.copy()
    with pytest.raises(InterchangeError):
        load_weights(model, save(REFUSED[kind][0](sequential.state_dict())))
    assert np.array_equal(model.network.parameters, before)


def test_a_missing_file_is_refused(model, tmp_path):
    with pytest.raises(InterchangeError, match="cannot be opened"):
        load_weights(model, tmp_path / "nothing.safetensors")


def test_a_failed_save_of_weights_keeps_the_existing_file(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(Model(hidden_dimension=4), path)
    before = path.read_bytes()
    with full_disk(), pytest.raises(InterchangeError, match="cannot be written"):
        save_weights(Model(hidden_dimension=100), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    save_weights(Model(hidden_dimension=5), path)
    assert path.read_bytes() != before
