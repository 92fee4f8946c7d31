"""Every value of a forward and backward pass, against autograd and against differences."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from backprop_panel import Model, SequenceDataset, Trainer
from backprop_panel.nn.activations import ACTIVATIONS
from backprop_panel.nn.losses import LOSSES
from backprop_panel.nn.network import Network, Workspace, split_biases

HIDDEN_WIDTHS = (5, 7, 4, 6)
INPUTS, OUTPUTS, BATCH = 6, 4, 8

STEP = 1e-4
CORNER_MARGIN = 20 * STEP
"""So far from zero that no difference over `STEP` carries a pre-activation across ReLU's corner."""

TORCH_ACTIVATIONS = {
    "gelu": lambda z: torch.nn.functional.gelu(z, approximate="tanh"),
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "identity": lambda z: z * 1,
}

every_activation = pytest.mark.parametrize("activation", ACTIVATIONS)
every_loss = pytest.mark.parametrize("loss_name", LOSSES)
every_depth = pytest.mark.parametrize("hidden_layers", range(5))


def torch_loss(loss_name, logits, targets):
    if loss_name == "mse":
        one_hot = torch.nn.functional.one_hot(targets, logits.shape[1]).to(logits.dtype)
        return torch.nn.functional.mse_loss(logits, one_hot)
    return torch.nn.functional.cross_entropy(logits, targets)


def by_autograd(layers, activation_names, loss_name, inputs, targets):
    """All that torch says of the pass, in float64; `layers` have their bias as the last row."""
    matrices = [torch.tensor(layer, dtype=torch.float64, requires_grad=True) for layer in layers]
    activations = [torch.tensor(inputs, dtype=torch.float64, requires_grad=True)]
    pre_activations = []
    functions = [TORCH_ACTIVATIONS[name] for name in (*activation_names, "identity")]
    for matrix, function in zip(matrices, functions, strict=True):
        pre_activations.append(activations[-1] @ matrix[:-1] + matrix[-1])
        activations.append(function(pre_activations[-1]))
    loss = torch_loss(loss_name, activations[-1], torch.tensor(targets, dtype=torch.int64))
    for value in (*pre_activations, *activations):
        value.retain_grad()
    loss.backward()
    return SimpleNamespace(
        loss=loss.item(),
        pre_activations=[z.detach().numpy() for z in pre_activations],
        activations=[a.detach().numpy() for a in activations],
        deltas=[z.grad.numpy() for z in pre_activations],
        activation_gradients=[a.grad.numpy() for a in activations],
        weight_gradients=[matrix.grad[:-1].numpy() for matrix in matrices],
        bias_gradients=[matrix.grad[-1].numpy() for matrix in matrices],
    )


def one_hot(targets, work):
    return np.eye(work.logits.shape[1])[targets]


def forward_loss(network, work, loss_name, targets):
    for _ in network.forward(work):
        pass
    return LOSSES[loss_name].examples(work.logits, one_hot(targets, work)).mean()


def by_hand(network, loss_name, inputs, targets):
    """All that the network's own pass says, like `by_autograd`."""
    work = Workspace(network, len(inputs))
    work.activations[0][...] = inputs
    gradients = np.full(network.size, np.nan)
    loss = forward_loss(network, work, loss_name, targets)
    LOSSES[loss_name].derivative(work.logits, one_hot(targets, work), work.deltas[-1], work.column)
    for _ in network.backward(work, network.by_layer(gradients)):
        pass
    network.activation_gradient(work, 0)
    weight_gradients, bias_gradients = split_biases(network.by_layer(gradients))
    return SimpleNamespace(
        loss=loss,
        gradients=gradients,
        pre_activations=work.pre_activations,
        activations=work.activations,
        deltas=work.deltas,
        activation_gradients=work.activation_gradients,
        weight_gradients=weight_gradients,
        bias_gradients=bias_gradients,
    )


def problem(activation_names, batch=BATCH):
    """A float64 network with inputs and targets, no pre-activation of it close to zero."""
    widths = (INPUTS, *HIDDEN_WIDTHS[: len(activation_names)], OUTPUTS)
    for seed in range(100):
        random = np.random.default_rng(seed)
        network = Network(widths, activation_names, np.float64)
        for weights, bias in zip(network.weights, network.biases, strict=True):
            weights[...] = random.normal(0, np.sqrt(2 / len(weights)), weights.shape)
            bias[...] = random.normal(0, 0.3, bias.shape)
        inputs = random.normal(0, 1, (batch, INPUTS))
        targets = random.integers(0, OUTPUTS, batch)
        work = Workspace(network, batch)
        work.activations[0][...] = inputs
        forward_loss(network, work, "mse", targets)
        if min(np.abs(z).min() for z in work.pre_activations) > CORNER_MARGIN:
            return network, inputs, targets
    raise AssertionError("no seed keeps all pre-activations away from zero")


def by_differences(value, variables):
    """The gradient of `value()` by central differences of fourth order, moving in place."""
    gradient = np.empty(variables.shape)
    for place in np.ndindex(variables.shape):
        before = variables[place]
        values = {}
        for steps in (-2, -1, 1, 2):
            variables[place] = before + steps * STEP
            values[steps] = value()
        variables[place] = before
        gradient[place] = (8 * (values[1] - values[-1]) - (values[2] - values[-2])) / (12 * STEP)
    return gradient


def assert_all_close(ours, theirs, atol):
    assert len(ours) == len(theirs)
    for own, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(own, their, rtol=0, atol=atol)


def assert_pass_is_torchs(ours, theirs, atol):
    assert ours.loss == pytest.approx(theirs.loss, rel=0, abs=atol)
    for values in (
        "pre_activations",
        "activations",
        "deltas",
        "activation_gradients",
        "weight_gradients",
        "bias_gradients",
    ):
        assert_all_close(getattr(ours, values), getattr(theirs, values), atol)


def relative_error(ours, theirs):
    return np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)


@every_activation
@every_loss
@every_depth
def test_every_value_and_gradient_of_a_pass_equals_autograd(activation, loss_name, hidden_layers):
    network, inputs, targets = problem([activation] * hidden_layers)
    ours = by_hand(network, loss_name, inputs, targets)
    theirs = by_autograd(network.layers, network.activation_names, loss_name, inputs, targets)
    assert_pass_is_torchs(ours, theirs, atol=1e-10)


@every_activation
@pytest.mark.parametrize("numbers", [1, 2 * BATCH, 3 * BATCH + 1])
def test_a_level_gone_through_in_pieces_gives_the_same_to_the_bit(activation, numbers, monkeypatch):
    network, inputs, targets = problem([activation] * 2)
    whole = by_hand(network, "cross_entropy", inputs, targets)
    monkeypatch.setattr("backprop_panel.nn.network.PIECE", numbers)
    in_pieces = by_hand(network, "cross_entropy", inputs, targets)
    assert np.array_equal(in_pieces.gradients, whole.gradients)
    assert_all_close(in_pieces.activations, whole.activations, atol=0)


@every_activation
@every_loss
@every_depth
def test_parameter_gradients_are_the_slopes_of_the_loss(activation, loss_name, hidden_layers):
    network, inputs, targets = problem([activation] * hidden_layers)
    gradients = by_hand(network, loss_name, inputs, targets).gradients
    work = Workspace(network, BATCH)
    work.activations[0][...] = inputs
    slopes = by_differences(
        lambda: forward_loss(network, work, loss_name, targets), network.parameters
    )
    layers = zip(network.by_layer(gradients), network.by_layer(slopes), strict=True)
    for gradient, slope in layers:
        assert relative_error(gradient[:-1], slope[:-1]) < 1e-6
        assert relative_error(gradient[-1], slope[-1]) < 1e-6


@every_activation
@every_loss
@every_depth
def test_input_gradients_are_the_slopes_of_the_loss(activation, loss_name, hidden_layers):
    network, inputs, targets = problem([activation] * hidden_layers)
    gradients = by_hand(network, loss_name, inputs, targets).activation_gradients[0]
    work = Workspace(network, BATCH)
    work.activations[0][...] = inputs
    slopes = by_differences(
        lambda: forward_loss(network, work, loss_name, targets), work.activations[0]
    )
    assert relative_error(gradients, slopes) < 1e-6


@every_loss
@pytest.mark.parametrize(
    "activations", [("gelu", "relu", "tanh", "sigmoid"), ("identity", "sigmoid", "relu", "gelu")]
)
def test_every_level_goes_through_its_own_activation(activations, loss_name):
    network, inputs, targets = problem(activations)
    ours = by_hand(network, loss_name, inputs, targets)
    theirs = by_autograd(network.layers, activations, loss_name, inputs, targets)
    assert_pass_is_torchs(ours, theirs, atol=1e-10)


@every_activation
@every_loss
def test_a_batch_of_one_has_the_gradients_that_autograd_finds(activation, loss_name):
    network, inputs, targets = problem([activation] * 2, batch=1)
    ours = by_hand(network, loss_name, inputs, targets)
    theirs = by_autograd(network.layers, network.activation_names, loss_name, inputs, targets)
    assert_pass_is_torchs(ours, theirs, atol=1e-10)


@every_loss
def test_the_gradient_of_a_batch_is_the_mean_of_its_examples_gradients(loss_name):
    network, inputs, targets = problem(["gelu", "tanh"])
    whole = by_hand(network, loss_name, inputs, targets).gradients
    single = [
        by_hand(network, loss_name, inputs[[row]], targets[[row]]).gradients for row in range(BATCH)
    ]
    np.testing.assert_allclose(whole, np.mean(single, axis=0), rtol=0, atol=1e-14)


def test_a_pass_in_used_buffers_equals_one_in_new_buffers():
    network, inputs, targets = problem(["gelu", "relu", "tanh", "sigmoid"])
    used, new = Workspace(network, BATCH), Workspace(network, BATCH)
    gradients = {}
    for work, batches in ((used, [-3 * inputs, inputs]), (new, [inputs])):
        for batch in batches:
            flat = np.full(network.size, np.nan)
            work.activations[0][...] = batch
            forward_loss(network, work, "cross_entropy", targets)
            LOSSES["cross_entropy"].derivative(
                work.logits, one_hot(targets, work), work.deltas[-1], work.column
            )
            for _ in network.backward(work, network.by_layer(flat)):
                pass
        gradients[work] = flat
    assert np.array_equal(gradients[used], gradients[new])


@every_activation
@every_loss
@every_depth
def test_the_record_of_a_float32_step_agrees_with_torch(activation, loss_name, hidden_layers):
    data = SequenceDataset(num_samples=64)
    model = Model(
        input_dimension=data.input_dimension,
        output_dimension=data.output_dimension,
        hidden_dimension=12,
        hidden_layers=hidden_layers,
        activation=activation,
    )
    trainer = Trainer(model, data, loss_type=loss_name, batch_size=16, learning_rate=0.1)
    trainer.run_batch()
    record = trainer.run_batch()
    theirs = by_autograd(
        record.layers, [activation] * hidden_layers, loss_name, record.inputs, record.targets
    )
    assert record.logits.dtype == np.float32
    assert_pass_is_torchs(record, theirs, atol=1e-5)
