"""The parts of a PyTorch script: a sentence and its code each.

User input enters the code only as the `repr` of a string or a number.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Any

from . import pytorch_faults as faults
from .pytorch_part import Part

DATA = "data.safetensors"
INITIAL_WEIGHTS = "initial_weights.safetensors"

ACTIVATIONS = {
    "gelu": 'nn.GELU(approximate="tanh")',
    "relu": "nn.ReLU()",
    "tanh": "nn.Tanh()",
    "sigmoid": "nn.Sigmoid()",
    "identity": "nn.Identity()",
}

OPTIMIZERS = {
    "sgd": ("SGD", ""),
    "momentum": ("SGD", ", momentum=0.9"),
    "rmsprop": ("RMSprop", ""),
    "adam": ("Adam", ""),
    "adamw": ("AdamW", ""),
}

SETTINGS = {"lr": "learning_rate", "weight_decay": "weight_decay"}

LOSSES = {"mse": "mean_squared_error", "cross_entropy": "functional.cross_entropy"}


def imports(name: str, folder: str) -> Part:
    """Return the imports; `folder` is the code for the folder of the files."""
    return Part(
        "A run of backprop_panel in PyTorch: the same data, initial weights, batches and steps.",
        f"""import pathlib

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

run_name = {_quoted(name)}
folder = {folder}""",
    )


def data(tokens: int, outputs: int) -> Part:
    """Return the reading of the data."""
    return Part(
        "The data. A sample is a context, given as the numbers of its tokens, and its target.",
        f"""data = load_file(folder / "{DATA}")
contexts, targets = data["contexts"].long(), data["targets"].long()
tokens, outputs = {tokens}, {outputs}""",
    )


def model(widths: Sequence[int], activations: Sequence[str]) -> Part:
    """Return the network of levels with these widths, inputs and outputs included."""
    layers = [f"nn.Linear({inputs}, {outputs})" for inputs, outputs in pairwise(widths)]
    modules = [layers[0]]
    for activation, layer in zip(activations, layers[1:], strict=True):
        modules += [ACTIVATIONS[activation], layer]
    listed = "".join(f"    {module},\n" for module in modules)
    return Part(
        "The network, with the weights that the run began with.",
        f"""model = nn.Sequential(
{listed})
{load_state(INITIAL_WEIGHTS)}""",
    )


def loss_and_optimizer(settings: Mapping[str, Any], squares: bool, several: bool) -> Part:
    """Return loss and optimizer.

    Parameters
    ----------
    settings : mapping
    squares : bool
        Whether the mean squared error is ever used.
    several : bool
        Whether the script uses several optimizers.
    """
    definition = """def mean_squared_error(logits, targets):
    return functional.mse_loss(logits, functional.one_hot(targets, outputs).float())


"""
    return Part(
        "What is minimised, and how a gradient becomes an update.",
        f"""{definition if squares else ""}{_loss(settings)}
{_new_optimizer(settings, several)}""",
    )


def batches(seed: int, used: Collection[str] = ()) -> Part:
    """Return the function that takes the next batch, given the faults that the script repeats."""
    dropping = "dropped_last_batch" in used
    return Part(
        "The batches. An epoch takes every sample once, in an order that the seed and the epoch's "
        "number decide; its last batch may be smaller."
        + faults.sentence_if("dropped_last_batch", used),
        f"""seed = {seed}
epoch = -1
order = []  # the samples that the epoch still has


def order_of(epoch):
    purpose = int.from_bytes(b"order", "big")
    random = np.random.default_rng([seed, epoch, purpose])
    return torch.from_numpy(random.permutation(len(targets)))


def next_batch(size):
    global epoch, order
    if len(order) == 0:
        epoch += 1
        order = order_of(epoch)
    samples, order = order[:size], order[size:]{_LEAVE_OUT_REST if dropping else ""}
    inputs = functional.one_hot(contexts[samples], tokens).flatten(start_dim=1).float()
    return inputs, targets[samples]{_LEAVE_OUT if dropping else ""}""",
    )


_LEAVE_OUT_REST = """
    leave_out(left_out)"""

_LEAVE_OUT = """


left_out = 0  # as many samples are left out at the end of an epoch, at most


def leave_out(count):
    global order, left_out
    left_out = count
    if len(order) <= count:
        order = []"""


def training(freezing: bool, used: Collection[str] = ()) -> Part:
    """Return the training loop.

    Parameters
    ----------
    freezing : bool
        Whether anything is ever frozen.
    used : collection of str
        The faults that the script repeats.
    """
    accumulating = "accumulated_gradients" in used
    resetting = "resetting = True  # whether gradients are set to zero before each step\n"
    reset = "if resetting:\n            optimizer.zero_grad()"
    frozen = "frozen = []  # what does not learn: parameters, and the places in them\n"
    update = "update()" if faults.replace_update(used) else "optimizer.step()"
    return Part(
        "The loop: forward, loss, backward, update."
        + freezing * " The optimizer sees the gradients of what is frozen, but does not move it."
        + faults.sentence_if("accumulated_gradients", used),
        f"""losses = []
{freezing * frozen}{accumulating * resetting}

def train(steps, batch_size):
    for _ in range(steps):
        inputs, targets = next_batch(batch_size)
        loss = loss_function(model(inputs), targets)
        {reset if accumulating else "optimizer.zero_grad()"}
        loss.backward()
        {_but_frozen(update) if freezing else update}
        losses.append(loss.item())
    print(f"step {{len(losses)}}: loss {{losses[-1]:.6f}}")""",
    )


def _but_frozen(update: str) -> str:
    """Return the lines of the loop that make an update, and take it back where all is frozen."""
    return f"""kept = [(p, place, p.detach()[place].clone()) for p, place in frozen]
        {update}
        with torch.no_grad():
            for parameter, place, values in kept:
                parameter[place] = values"""


def loaded_file(number: int) -> str:
    """Return the name of a file of loaded weights."""
    return f"loaded_weights_{number}.safetensors"


def load_state(file: str) -> str:
    """Return the line that loads weights; the optimizer keeps its state."""
    return f'model.load_state_dict(load_file(folder / "{file}"))'


def steps(lines: Sequence[str], last_loss: float) -> Part:
    """Return the steps of the run, a line each, and its last loss."""
    listed = "\n".join(lines)
    return Part(
        "What was done in the run, and the settings that were changed meanwhile.",
        f"""{listed}

print(f"{{run_name!r}} ended with a loss of {last_loss:.6f} in backprop_panel.")""",
    )


def changes(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    held: Mapping[str, Any] | None,
    several: bool,
) -> list[str]:
    """Return the lines that take the settings from `before` to `after`.

    Parameters
    ----------
    before, after : mapping
    held : mapping or None
        The settings that the optimizer of `after` was last used with; None before its first use.
    several : bool
        Whether the script uses several optimizers, so that each needs a name.
    """
    lines = faults.switches(before, after)
    if _loss(after) != _loss(before):
        lines.append(_loss(after))
    if held is None:
        return [*lines, _new_optimizer(after, several)]
    if after["optimizer"] != before["optimizer"]:
        lines.append(f"optimizer = {after['optimizer']}")
    return [*lines, *_group_changes(held, after)]


def _group_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [
        f'optimizer.param_groups[0]["{name}"] = {float(after[setting])!r}'
        for name, setting in SETTINGS.items()
        if after[setting] != before[setting]
    ]


def _loss(settings: Mapping[str, Any]) -> str:
    """Return the line that chooses the loss function."""
    loss = faults.faulty_loss(settings["fault"], LOSSES[settings["loss_type"]])
    return f"loss_function = {loss}"


def _quoted(text: str) -> str:
    """Return the `repr` of a text, in double quotes if it contains no quotes."""
    literal = repr(text)
    return literal if "'" in text or '"' in text else f'"{literal[1:-1]}"'


def _new_optimizer(settings: Mapping[str, Any], several: bool) -> str:
    rule, more = OPTIMIZERS[settings["optimizer"]]
    rate, decay = float(settings["learning_rate"]), float(settings["weight_decay"])
    name = f"optimizer = {settings['optimizer']}" if several else "optimizer"
    arguments = f"model.parameters(), lr={rate}, weight_decay={decay}{more}"
    line = f"{name} = torch.optim.{rule}({arguments})"
    # Split as a formatter does; a fraction may have seventeen digits.
    return line if len(line) <= 100 else f"{name} = torch.optim.{rule}(\n    {arguments}\n)"
