"""Weights of a PyTorch module with names of its own: mapped by order and shape, never by guess."""

import io

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import nn

from backprop_panel import Model, SettingError, TrainingRunManager
from backprop_panel.interchange import (
    InterchangeError,
    load_weights,
    map_weights,
    save_weights,
)
from backprop_panel.training import weight_mapping

GELU = nn.GELU(approximate="tanh")


class Named(nn.Module):
    """A network whose layers are attributes."""

    def __init__(self, names=("fc1", "fc2", "fc3"), widths=(6, 5, 4, 3), bias=True):
        super().__init__()
        self.names = names
        for name, taken, given in zip(names, widths, widths[1:], strict=False):
            setattr(self, name, nn.Linear(taken, given, bias=bias))

    def forward(self, x):
        *hidden, last = (getattr(self, name) for name in self.names)
        for layer in hidden:
            x = GELU(layer(x))
        return last(x)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def model_of(*widths):
    inputs, *hidden, outputs = widths
    return Model(input_dimension=inputs, hidden_dimension=hidden, output_dimension=outputs)


@pytest.fixture
def model():
    return model_of(6, 5, 4, 3)


def file_of(module, change=lambda tensor: tensor, rename=lambda key: key):
    return save({rename(key): change(tensor) for key, tensor in module.state_dict().items()})


def assert_computes_the_same(model, module, tolerance=1e-6):
    x = np.random.default_rng(0).normal(size=(7, model.input_dimension)).astype(np.float32)
    with torch.no_grad():
        expected = module(torch.from_numpy(x)).numpy()
    assert np.allclose(model.forward(x), expected, atol=tolerance)


NAMES = {
    "attributes": lambda key: key,
    "a list": lambda key: key.replace("fc", "layers."),
    "gaps": lambda key: (
        key.replace("fc1", "net.3").replace("fc2", "net.7").replace("fc3", "net.12")
    ),
    "nested": lambda key: f"module._orig_mod.{key}",
    "bare": lambda key: key.replace("fc", "").replace(".weight", "W").replace(".bias", "b"),
}


@pytest.mark.parametrize("names", NAMES)
def test_any_names_of_layers_are_taken_in_the_order_of_their_numbers(model, names):
    module = Named()
    load_weights(model, file_of(module, rename=NAMES[names]))
    assert_computes_the_same(model, module)


def test_tenth_layer_comes_after_the_second():
    widths = (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)
    names = [f"l{number}" for number in range(1, 11)]
    module, model = Named(names, widths), model_of(*widths)
    load_weights(model, file_of(module))
    assert_computes_the_same(model, module)


def test_layers_without_numbers_are_ordered_by_their_shapes(model):
    module = Named(("input", "hidden", "exit"))
    load_weights(model, file_of(module))
    assert_computes_the_same(model, module)


def test_layers_that_names_and_shapes_leave_unordered_are_refused():
    module = Named(("start", "middle", "end"), (4, 4, 4, 4))
    with pytest.raises(InterchangeError, match="fit in 6 orders.*number them"):
        load_weights(model_of(4, 4, 4, 4), file_of(module), transposed=True)


@pytest.mark.parametrize(
    ("convert", "tolerance"),
    [(torch.Tensor.double, 1e-6), (torch.Tensor.half, 2e-3), (torch.Tensor.bfloat16, 2e-2)],
)
def test_other_floating_point_numbers_become_float32(model, convert, tolerance):
    module = Named()
    load_weights(model, file_of(module, convert))
    assert_computes_the_same(model, module, tolerance)
    exact = convert(module.fc2.weight.detach()).float().numpy().T
    assert np.array_equal(model.weights[1], exact)


def test_a_layer_without_a_bias_gets_zeros(model):
    module = Named(bias=False)
    load_weights(model, file_of(module))
    assert_computes_the_same(model, module)
    assert not any(bias.any() for bias in model.biases)


def test_weights_that_are_in_out_are_taken_as_they_are(model):
    module = Named()
    load_weights(
        model,
        file_of(module, lambda tensor: tensor.mT.contiguous() if tensor.ndim == 2 else tensor),
    )
    assert_computes_the_same(model, module)


@pytest.fixture
def square():
    return Named(widths=(6, 5, 5, 3))


@pytest.mark.parametrize("transposed", [True, False])
def test_answer_says_how_square_weights_are_taken(square, transposed):
    model = model_of(6, 5, 5, 3)
    load_weights(model, file_of(square), transposed=transposed)
    weight = square.fc2.weight.detach().numpy()
    assert np.array_equal(model.weights[1], weight.T if transposed else weight)
    assert np.array_equal(model.weights[0], square.fc1.weight.detach().numpy().T)


def test_square_weights_without_an_answer_are_refused(square):
    model = model_of(6, 5, 5, 3)
    before = model.network.parameters.copy()
    with pytest.raises(
        InterchangeError, match=r"'fc2\.weight' \(5, 5\).*transposed=True"
    ) as refused:
        load_weights(model, file_of(square))
    assert refused.value.setting == "transposed"
    assert np.array_equal(model.network.parameters, before)


def test_an_encoder_and_a_decoder_without_biases_are_asked_about():
    module, model = Named(("down", "up"), (6, 4, 6), bias=False), model_of(6, 4, 6)
    mapping = map_weights(file_of(module), model)
    assert len(mapping.open) == 2
    load_weights(model, mapping, transposed=True)
    assert_computes_the_same(model, module)


def test_an_answer_that_is_neither_true_nor_false_is_refused(square):
    with pytest.raises(InterchangeError, match="must be True, False or None, got 'no'"):
        load_weights(model_of(6, 5, 5, 3), file_of(square), transposed="no")


def test_a_file_that_this_package_wrote_answers_itself():
    model, other = model_of(5, 5, 5), model_of(5, 5, 5)
    other.network.parameters[...] += 1
    buffer = io.BytesIO()
    save_weights(model, buffer)
    load_weights(other, buffer.getvalue())
    assert np.array_equal(other.network.parameters, model.network.parameters)


def test_mapping_is_a_table_before_it_is_applied(square):
    model = model_of(6, 5, 5, 3)
    before = model.network.parameters.copy()
    file = save({key: t.half() for key, t in square.state_dict().items() if key != "fc1.bias"})
    mapping = map_weights(file, model)
    assert str(mapping).splitlines() == [
        "fc1.weight      -> W1  (5, 6)  transposed, F16 to F32",
        "not in the file -> b1  (5,)    zeros",
        "fc2.weight      -> W2  (5, 5)  transposed or not?, F16 to F32",
        "fc2.bias        -> b2  (5,)    F16 to F32",
        "fc3.weight      -> W3  (3, 5)  transposed, F16 to F32",
        "fc3.bias        -> b3  (3,)    F16 to F32",
    ]
    assert [entry.transposed for entry in mapping.answered(False).entries[::2]] == [
        True,
        False,
        True,
    ]
    assert np.array_equal(model.network.parameters, before)


def test_mapping_of_another_network_is_refused(model, square):
    mapping = map_weights(file_of(square), model_of(6, 5, 5, 3), transposed=True)
    with pytest.raises(InterchangeError, match="6-5-5-3 units, inputs first; 6-5-4-3 is expected"):
        load_weights(model, mapping)


def test_an_endless_number_in_a_name_is_taken(model):
    module = Named()
    load_weights(model, file_of(module, rename=lambda key: key.replace("fc", "fc" + 5000 * "9")))
    assert_computes_the_same(model, module)


# A run made of a file

SETTINGS = {"num_samples": 60, "activation": "tanh", "loss_type": "cross_entropy", "batch_size": 7}


@pytest.fixture
def manager():
    return TrainingRunManager()


def test_run_of_a_file_has_its_layers_and_trains_as_a_replay_does(manager):
    module = Named(widths=(16, 9, 9, 4))
    run = manager.create_from_weights(file_of(module), "mine", transposed=True, **SETTINGS)
    assert (run.name, run.config["hidden_dimension"]) == ("mine", [9, 9])
    assert np.array_equal(run.model.weights[1], module.fc2.weight.detach().numpy().T)
    run.trainer.run_epoch()
    again, deviation = run.replay(run.trainer.step)
    assert np.array_equal(again.network.parameters, run.model.network.parameters)
    assert np.array_equal(again.history["loss"], run.history["loss"]) and deviation == ""


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"sequence_length": 4}, r"has 16-9-9-4 units, inputs first; 12-…-4 is expected"),
        ({}, "'fc2.weight'.*transposed=True"),
        ({"hidden_dimension": 9}, "leave out hidden_dimension"),
        ({"activation": ["tanh"]}, "activation lists 1 value"),
        ({"hiden_layers": 9}, "Did you mean"),
        ({"name": ""}, "needs a name"),
    ],
)
def test_refused_file_makes_no_run(manager, settings, reason):
    file = file_of(Named(widths=(16, 9, 9, 4)))
    with pytest.raises(SettingError, match=reason):
        answer = None if not settings else True
        manager.create_from_weights(file, **{**SETTINGS, **settings}, transposed=answer)
    assert manager.runs == []


def test_bytes_that_are_no_safetensors_file_are_called_so(manager):
    with pytest.raises(SettingError, match="Not a whole safetensors file"):
        manager.create_from_weights(b"whatever this is", **SETTINGS)


def test_run_of_a_mapping_is_as_that_of_its_file(manager):
    file = file_of(Named(widths=(16, 9, 9, 4)))
    run = manager.create_from_weights(file, transposed=True, **SETTINGS)
    mapping = map_weights(file, run.model)
    other = manager.create_from_weights(mapping, transposed=True, **SETTINGS)
    assert other.config == run.config
    assert np.array_equal(other.model.network.parameters, run.model.network.parameters)


def test_run_of_a_file_comes_back_from_its_store(tmp_path):
    file = file_of(Named(widths=(16, 9, 4)))
    manager = TrainingRunManager(tmp_path / "runs.sqlite")
    run = manager.create_from_weights(file, **SETTINGS)
    run.trainer.run_epoch()
    manager.close()
    back = TrainingRunManager(tmp_path / "runs.sqlite")
    assert np.array_equal(back.current.history["loss"], run.history["loss"])
    assert np.array_equal(back.current.at(0).weights[0], run.at(0).weights[0])
    back.close()


def test_the_weights_of_a_large_network_come_back(manager, tmp_path, monkeypatch):
    monkeypatch.setattr(weight_mapping, "MOST_WEIGHTS_BYTES", 1000)
    run = manager.create(hidden_dimension=40)
    save_weights(run.model, tmp_path / "large.safetensors")
    run.load_weights(tmp_path / "large.safetensors")
    assert run.trainer.engine.events
    with pytest.raises(InterchangeError, match="larger than 1,000 bytes"):
        manager.create_from_weights(tmp_path / "large.safetensors")
