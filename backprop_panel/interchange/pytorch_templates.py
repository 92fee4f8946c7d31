"""The parts of a PyTorch script: a sentence and its code each.

User input enters the code only as the `repr` of a string or a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..training.event_log import WeightSet

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

LOSSES = {"mse": "mean_squared_error", "cross_entropy": "functional.cross_entropy"}

GROUP_KEYS = {"learning_rate": "lr", "weight_decay": "weight_decay"}
"""The keys of settings in PyTorch's parameter groups."""


@dataclass(frozen=True)
class Part:
    """A sentence and its code."""

    text: str
    code: str


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
    """Return loss and optimizer; `squares`: whether the mean squared error is ever used."""
    definition = """def mean_squared_error(logits, targets):
    return functional.mse_loss(logits, functional.one_hot(targets, outputs).float())


"""
    return Part(
        "What is minimised, and how a gradient becomes an update.",
        f"""{definition if squares else ""}loss_function = {LOSSES[settings["loss_type"]]}
{_new_optimizer(settings, several)}""",
    )


def batches(seed: int) -> Part:
    """Return the function that takes the next batch."""
    return Part(
        "The batches. An epoch takes every sample once, in an order that the seed and the epoch's "
        "number decide; its last batch may be smaller.",
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
    samples, order = order[:size], order[size:]
    inputs = functional.one_hot(contexts[samples], tokens).flatten(start_dim=1).float()
    return inputs, targets[samples]""",
    )


def training(freezing: bool) -> Part:
    """Return the training loop; `freezing`: whether anything is ever frozen."""
    frozen = "frozen = []  # what does not learn: parameters, and the places in them\n"
    frozen = frozen if freezing else ""
    return Part(
        "The loop: forward, loss, backward, update."
        + freezing * " The optimizer sees the gradients of what is frozen, but does not move it.",
        f"""losses = []
{frozen}

def train(steps, batch_size):
    for _ in range(steps):
        inputs, targets = next_batch(batch_size)
        loss = loss_function(model(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
{_UPDATE_BUT_FROZEN if freezing else "        optimizer.step()"}
        losses.append(loss.item())
    print(f"step {{len(losses)}}: loss {{losses[-1]:.6f}}")""",
    )


_UPDATE_BUT_FROZEN = """\
        kept = [(p, place, p.detach()[place].clone()) for p, place in frozen]
        optimizer.step()
        with torch.no_grad():
            for parameter, place, values in kept:
                parameter[place] = values"""


def freeze(parts: frozenset[tuple[int, int | None, int | None]], widths: Sequence[int]) -> str:
    """Return the lines that freeze these layers, units and entries, and nothing else.

    Parameters
    ----------
    parts : frozenset of (int, int or None, int or None)
        Layer, row and column; an entry if there are both, the last row being the bias; the weights
        and bias of a unit if the row is None; those of a layer if the column is None as well.
    widths : sequence of int
        Units of each level.
    """
    places = [place for part in sorted(parts, key=str) for place in _places(*part, widths)]
    if not places:
        return "frozen = []"
    listed = "".join(f"    {place},\n" for place in places)
    return f"frozen = [\n{listed}]"


def _places(layer: int, row: int | None, column: int | None, widths: Sequence[int]) -> list[str]:
    """Return a frozen part as parameters and the places in them."""
    name = f"model[{2 * layer}]"
    if column is None:
        return [f"({name}.weight, ...)", f"({name}.bias, ...)"]
    if row is None:
        return [f"({name}.weight, {column})", f"({name}.bias, {column})"]
    if row == widths[layer]:
        return [f"({name}.bias, {column})"]
    return [f"({name}.weight, ({column}, {row}))"]


def silencing(hidden_levels: int) -> Part:
    """Return the hooks that make the output of silenced units zero."""
    return Part(
        "Silenced units: their output is zero, and no gradient passes through them.",
        f"""silenced = {{}}  # the numbers of the silenced units of each hidden level


def silence_units_of(level):
    def silence(module, inputs, output):
        output = output.clone()
        output[:, silenced.get(level, [])] = 0
        return output

    return silence


for level in range(1, {hidden_levels + 1}):
    model[2 * level - 1].register_forward_hook(silence_units_of(level))""",
    )


def silence(units: frozenset[tuple[int, int]]) -> str:
    """Return the line that silences these units, each a level and its number, and no others."""
    levels: dict[int, list[int]] = {}
    for level, unit in sorted(units):
        levels.setdefault(level, []).append(unit)
    return f"silenced = {levels!r}"


def loaded_file(number: int) -> str:
    """Return the name of a file of loaded weights."""
    return f"loaded_weights_{number}.safetensors"


def load_state(file: str) -> str:
    """Return the line that loads weights; the optimizer keeps its state."""
    return f'model.load_state_dict(load_file(folder / "{file}"))'


def set_weight(event: WeightSet, inputs: int) -> str:
    """Return the line that sets a weight, or a bias if its row is the last."""
    if event.row == inputs:
        place = f"bias.data[{event.column}]"
    else:
        place = f"weight.data[{event.column}, {event.row}]"
    return f"model[{2 * event.layer}].{place} = {event.value!r}"


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
    lines = []
    if after["loss_type"] != before["loss_type"]:
        lines.append(f"loss_function = {LOSSES[after['loss_type']]}")
    if held is None:
        return [*lines, _new_optimizer(after, several)]
    if after["optimizer"] != before["optimizer"]:
        lines.append(f"optimizer = {after['optimizer']}")
    lines += [
        f'optimizer.param_groups[0]["{key}"] = {float(after[name])!r}'
        for name, key in GROUP_KEYS.items()
        if after[name] != held[name]
    ]
    return lines


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
