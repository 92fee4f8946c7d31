"""Records of random networks, and the same networks in torch, in float64."""

import numpy as np
import torch
from hypothesis import strategies as st

from backprop_panel import Model, SequenceDataset, Trainer
from backprop_panel.nn.activations import ACTIVATIONS
from backprop_panel.nn.losses import LOSSES
from backprop_panel.nn.optimizers import OPTIMIZERS

TORCH_ACTIVATIONS = {
    "gelu": lambda z: torch.nn.functional.gelu(z, approximate="tanh"),
    "relu": torch.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "identity": lambda z: z * 1,
}


@st.composite
def trainers(draw, most_layers=6, activations=tuple(ACTIVATIONS)):
    """A trainer of a random network, loss and optimizer that has made a step or a few."""
    depth = draw(st.integers(0, most_layers))
    data = SequenceDataset(
        sequence_length=draw(st.integers(2, 5)),
        task_type=draw(st.sampled_from(["next_token", "sequence_classification"])),
        num_samples=24,
        seed=draw(st.integers(0, 5)),
    )
    model = Model(
        input_dimension=data.input_dimension,
        output_dimension=data.output_dimension,
        hidden_dimension=[draw(st.integers(1, 9)) for _ in range(depth)],
        activation=[draw(st.sampled_from(activations)) for _ in range(depth)],
        seed=draw(st.integers(0, 5)),
    )
    trainer = Trainer(
        model,
        data,
        loss_type=draw(st.sampled_from(sorted(LOSSES))),
        optimizer=draw(st.sampled_from(sorted(OPTIMIZERS))),
        learning_rate=draw(st.sampled_from([0.001, 0.03])),
        weight_decay=draw(st.sampled_from([0, 0.01])),
        batch_size=draw(st.integers(1, 9)),
    )
    for _ in range(draw(st.integers(0, 3))):
        trainer.run_batch()
    return trainer


def records(**limits):
    return trainers(**limits).map(lambda trainer: trainer.run_batch())


def tensor(array):
    return torch.tensor(np.array(array), dtype=torch.float64)


def torch_logits(layers, activation_names, inputs):
    """The logits for layers whose bias is the last row."""
    a = inputs
    functions = [TORCH_ACTIVATIONS[name] for name in (*activation_names, "identity")]
    for layer, function in zip(layers, functions, strict=True):
        a = function(a @ layer[:-1] + layer[-1])
    return a


def torch_losses(loss_type, logits, targets):
    """The loss of each example."""
    targets = torch.tensor(np.array(targets), dtype=torch.int64)
    if loss_type == "mse":
        one_hot = torch.nn.functional.one_hot(targets, logits.shape[1]).to(logits.dtype)
        return ((logits - one_hot) ** 2).mean(dim=1)
    return torch.nn.functional.cross_entropy(logits, targets, reduction="none")


def torch_loss(record, layers=None, inputs=None):
    """The mean loss of a record's batch, with other layers or inputs if they are given."""
    layers = [tensor(layer) for layer in record.layers] if layers is None else layers
    inputs = tensor(record.inputs if inputs is None else inputs)
    logits = torch_logits(layers, record.activation_names, inputs)
    return torch_losses(record.settings["loss_type"], logits, record.targets).mean()
