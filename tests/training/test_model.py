"""The model as a Param class: its weights, its forward pass, and refused settings."""

import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel import Model, SettingError, memory
from backprop_panel.nn.activations import ACTIVATIONS
from backprop_panel.nn.initializers import INITIALIZATIONS
from backprop_panel.training import model as model_module

quick = settings(derandomize=True, deadline=None, max_examples=40, database=None)

TORCH_ACTIVATIONS = {
    "gelu": lambda z: torch.nn.functional.gelu(z, approximate="tanh"),
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "identity": lambda z: z,
}


@st.composite
def models(draw):
    layers = draw(st.integers(0, 4))
    widths = draw(st.lists(st.integers(1, 9), min_size=layers, max_size=layers))
    names = st.sampled_from(sorted(ACTIVATIONS))
    return Model(
        input_dimension=draw(st.integers(1, 9)),
        output_dimension=draw(st.integers(1, 9)),
        hidden_dimension=widths,
        activation=draw(st.lists(names, min_size=layers, max_size=layers)),
        hidden_layers=layers,
        initialization=draw(st.sampled_from(sorted(INITIALIZATIONS))),
        seed=draw(st.integers(0, 1000)),
    )


def refusal(**model_settings):
    with pytest.raises(SettingError) as caught:
        Model(**model_settings)
    return caught.value


def shapes(model):
    return [weights.shape for weights in model.weights]


@pytest.mark.parametrize("name", ["hidden_dimension", "activation"])
def test_the_lists_of_a_model_refuse_changes(name):
    model = Model(hidden_dimension=[5, 6], activation=["relu", "tanh"])
    with pytest.raises(SettingError, match="This list never changes"):
        getattr(model, name).append(5)
    assert len(getattr(model, name)) == 2


def test_the_default_network_is_16_32_32_4():
    assert shapes(Model()) == [(16, 32), (32, 32), (32, 4)]


@quick
@given(models())
def test_weights_and_biases_have_the_shapes_of_their_layers(model):
    widths = [model.input_dimension, *model.hidden_dimension, model.output_dimension]
    assert shapes(model) == list(zip(widths, widths[1:], strict=False))
    assert [bias.shape for bias in model.biases] == [(units,) for units in widths[1:]]
    assert {array.dtype for array in model.weights + model.biases} == {np.dtype(np.float32)}


@quick
@given(models())
def test_biases_start_at_zero(model):
    assert not any(bias.any() for bias in model.biases)


@quick
@given(models(), st.integers(0, 5))
def test_forward_equals_torch_with_the_same_weights(model, batch):
    x = np.random.default_rng(0).normal(0, 1, (batch, model.input_dimension)).astype(np.float32)
    names = [*model.activation, "identity"]
    expected = torch.tensor(x, dtype=torch.float64)
    for weights, bias, name in zip(model.weights, model.biases, names, strict=True):
        z = expected @ torch.tensor(weights, dtype=torch.float64) + torch.tensor(bias)
        expected = TORCH_ACTIVATIONS[name](z)
    logits = model.forward(x)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, expected.numpy(), rtol=1e-4, atol=1e-5)


def test_every_activation_is_compared_with_torch():
    assert set(TORCH_ACTIVATIONS) == set(ACTIVATIONS)


def test_forward_takes_lists_and_integers():
    model = Model(input_dimension=2)
    floats = model.forward(np.array([[1.0, 0.0]], np.float32))
    assert np.array_equal(model.forward([[1, 0]]), floats)


def test_result_of_forward_survives_the_next_call():
    model = Model(input_dimension=2)
    first = model.forward([[1, 0]])
    kept = first.copy()
    model.forward([[0, 1]])
    assert np.array_equal(first, kept)


@pytest.mark.parametrize("x", [[1, 2, 3], [[1, 2]], 5, [[[1, 2, 3]]], []])
def test_forward_refuses_another_shape_and_names_both(x):
    with pytest.raises(ValueError, match=r"\(batch, 3\), got") as caught:
        Model(input_dimension=3).forward(x)
    assert str(np.shape(x)) in str(caught.value)


@pytest.mark.parametrize("initialization", [name for name in INITIALIZATIONS if name != "zeros"])
def test_initial_weights_depend_on_the_seed_alone(initialization):
    def weights(seed):
        return Model(initialization=initialization, seed=seed).weights

    for one, same, other in zip(weights(3), weights(3), weights(4), strict=True):
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)


def test_model_leaves_the_global_numpy_generator_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002 the one that must stay as it is
    Model()
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_single_width_and_activation_apply_to_all_hidden_layers():
    model = Model(hidden_dimension=8, hidden_layers=3, activation="tanh")
    assert shapes(model) == [(16, 8), (8, 8), (8, 8), (8, 4)]
    assert model.network.activation_names == ("tanh", "tanh", "tanh")


@pytest.mark.parametrize("sequence", [list, tuple])
def test_list_of_widths_sets_the_number_of_layers(sequence):
    model = Model(hidden_dimension=sequence([64, 8, 5]))
    assert shapes(model) == [(16, 64), (64, 8), (8, 5), (5, 4)]


def test_list_of_activations_sets_the_number_of_layers():
    model = Model(activation=["gelu", "tanh", "relu"])
    assert model.hidden_layers == 3
    assert model.network.activation_names == ("gelu", "tanh", "relu")


@pytest.mark.parametrize("no_layers", [{"hidden_layers": 0}, {"hidden_dimension": []}])
def test_without_hidden_layers_the_network_is_linear(no_layers):
    model = Model(**no_layers)
    assert shapes(model) == [(16, 4)]
    x = np.eye(16, dtype=np.float32)
    assert np.array_equal(model.forward(x), model.weights[0])


@pytest.mark.parametrize(
    ("bad", "setting"),
    [
        ({"hidden_dimension": 0}, "hidden_dimension"),
        ({"hidden_dimension": -8}, "hidden_dimension"),
        ({"hidden_dimension": 8.0}, "hidden_dimension"),
        ({"hidden_dimension": True}, "hidden_dimension"),
        ({"hidden_dimension": None}, "hidden_dimension"),
        ({"hidden_dimension": "8"}, "hidden_dimension"),
        ({"hidden_dimension": [8, 0]}, "hidden_dimension"),
        ({"hidden_dimension": [8, float("nan")]}, "hidden_dimension"),
        ({"hidden_dimension": 0, "hidden_layers": 0}, "hidden_dimension"),
        ({"hidden_layers": -1}, "hidden_layers"),
        ({"hidden_layers": 101}, "hidden_layers"),
        ({"hidden_layers": 1.5}, "hidden_layers"),
        ({"input_dimension": 0}, "input_dimension"),
        ({"output_dimension": -1}, "output_dimension"),
        ({"activation": "gelo"}, "activation"),
        ({"activation": ["gelu", "gelo"]}, "activation"),
        ({"activation": None}, "activation"),
        ({"activation": "gelo", "hidden_layers": 0}, "activation"),
        ({"initialization": "xavier"}, "initialization"),
        ({"seed": -1}, "seed"),
        ({"hiden_layers": 2}, "hiden_layers"),
    ],
)
def test_invalid_setting_is_refused_by_name(bad, setting):
    error = refusal(**bad)
    assert error.setting == setting
    assert setting in str(error)


def test_unknown_activation_is_refused_with_the_nearest_name():
    assert "Did you mean 'sigmoid'?" in str(refusal(activation="sigmoide"))


@pytest.mark.parametrize(
    ("lists", "setting"),
    [
        ({"hidden_dimension": [8, 8], "hidden_layers": 3}, "hidden_dimension"),
        ({"activation": ["gelu"], "hidden_layers": 3}, "activation"),
        ({"hidden_dimension": [8, 8], "activation": ["gelu"]}, "activation"),
    ],
)
def test_list_of_another_length_than_hidden_layers_is_refused(lists, setting):
    error = refusal(**lists)
    assert error.setting == setting
    assert "value(s)" in str(error)


@pytest.mark.parametrize(
    ("too_large", "size"),
    [({"hidden_dimension": 1_000_000}, "21.8 TiB"), ({"input_dimension": 10**13}, "7.1 PiB")],
)
def test_network_too_large_for_memory_is_refused_before_allocation(too_large, size):
    tracemalloc.start()
    error = refusal(**too_large)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size in str(error)
    assert error.setting == "hidden_dimension"
    assert peak < 1_000_000


@pytest.mark.parametrize("units", [np.int64(10**6), np.int32(10**5)])
def test_too_large_width_is_refused_for_any_integer_type(units):
    assert refusal(hidden_dimension=units).setting == "hidden_dimension"


def test_at_most_half_of_the_memory_is_allowed(monkeypatch):
    needed = model_module.memory_needed([16, 32, 32, 4], batch=1)
    monkeypatch.setattr(model_module, "physical_memory", lambda: 2 * needed)
    Model()
    monkeypatch.setattr(model_module, "physical_memory", lambda: 2 * needed - 2)
    assert "16-32-32-4 units" in str(refusal())


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (1023, "1,023 bytes"), (1024, "1.0 KiB"), (5 << 29, "2.5 GiB")],
)
def test_size_is_printed_in_a_readable_unit(size, words):
    assert memory.in_words(size) == words
