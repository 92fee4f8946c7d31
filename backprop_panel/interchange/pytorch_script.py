"""A run as a PyTorch script, or a notebook, that makes the same steps to the same losses.

Both are made of the same parts, each a sentence and a piece of code.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..events import Changed, LayerFrozen, Trained, WeightSet
from ..run import TrainingRun
from ..trainer import SETTING_NAMES
from . import script_parts as parts_of
from .files import Target, write_bundle
from .script_parts import Part
from .snapshot import Snapshot, snapshot
from .tensors import tensor_bytes, torch_tensors


@dataclass(frozen=True)
class Stretch:
    """So many updates with batches of at most `size` under the same settings.

    Attributes
    ----------
    settings : dict
    frozen : frozenset of int
        The layers that do not learn meanwhile.
    set_before : list of WeightSet
        The weights that were set by hand right before.
    size, updates : int
    """

    settings: dict[str, Any]
    frozen: frozenset[int]
    set_before: list[WeightSet]
    size: int
    updates: int


def export_script(run: TrainingRun, target: Target) -> None:
    """Write ``train.py``, its data and its initial weights to a new folder or a zip.

    It needs torch, numpy and safetensors, and nothing of this package.

    Raises
    ------
    InterchangeError
        If `target` exists or cannot be written. Folders that it is to be in are made.
    """
    parts = _parts(run, "pathlib.Path(__file__).parent")
    blocks = [f"{textwrap.indent(textwrap.fill(p.text, 98), '# ')}\n{p.code}\n" for p in parts]
    _write(run, target, "train.py", "\n\n".join(blocks))


def export_notebook(run: TrainingRun, target: Target) -> None:
    """Write ``train.ipynb``, its data and its initial weights to a new folder or a zip.

    Raises
    ------
    InterchangeError
        If `target` exists or cannot be written. Folders that it is to be in are made.
    """
    cells = [cell for part in _parts(run, "pathlib.Path()") for cell in _cells(part)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    _write(run, target, "train.ipynb", json.dumps(notebook, indent=1))


def _write(run: TrainingRun, target: Target, name: str, content: str) -> None:
    contexts, targets = run.dataset.context_and_target(run.dataset.sample_windows)
    beginning = run.at(0)
    # Torch does little with NumPy's 16-bit tokens; 32 bits hold any token and any master.
    data = {"contexts": contexts.astype(np.int32), "targets": targets.astype(np.int32)}
    initial = torch_tensors(beginning.weights, beginning.biases)
    write_bundle(
        target,
        {
            name: content.encode(),
            parts_of.DATA: tensor_bytes(data),
            parts_of.INITIAL_WEIGHTS: tensor_bytes(initial),
        },
    )


def _cells(part: Part) -> list[dict[str, Any]]:
    code = {"source": part.code, "outputs": [], "execution_count": None}
    return [
        {"cell_type": "markdown", "metadata": {}, "source": part.text},
        {"cell_type": "code", "metadata": {}, **code},
    ]


def _parts(run: TrainingRun, folder: str) -> list[Part]:
    now = snapshot(run)
    stretches = list(_stretches(run, now))
    at_first = stretches[0].settings if stretches else run.config
    uses = {stretch.settings["loss_type"] for stretch in stretches} | {at_first["loss_type"]}
    rules = {stretch.settings["optimizer"] for stretch in stretches}
    several = len(rules) > 1
    network = run.model.network
    parts = [
        parts_of.imports(run.name, folder),
        parts_of.data(len(run.dataset.vocabulary), run.dataset.output_dimension),
        parts_of.model(network.widths, network.activation_names),
        parts_of.loss_and_optimizer(at_first, "mse" in uses, several),
        parts_of.batches(run.dataset.seed),
        parts_of.training(any(stretch.frozen for stretch in stretches)),
    ]
    if stretches:
        lines = _steps(stretches, network.widths, several)
        parts.append(parts_of.steps(lines, float(now.history["loss"][-1])))
    return parts


def _stretches(run: TrainingRun, now: Snapshot) -> Iterator[Stretch]:
    """Changes between two steps count only by what they come to."""
    settings = {name: run.config[name] for name in SETTING_NAMES}
    frozen: frozenset[int] = frozenset()
    set_before: list[WeightSet] = []
    for event in now.events:
        match event:
            case Changed():
                settings = {**settings, **event.settings}
            case LayerFrozen():
                frozen = frozen | {event.layer} if event.frozen else frozen - {event.layer}
            case WeightSet():
                set_before = [*set_before, event]
            case Trained():
                yield Stretch(settings, frozen, set_before, event.size, event.updates)
                set_before = []


def _steps(stretches: list[Stretch], widths: Sequence[int], several: bool) -> list[str]:
    """Return a line for each stretch, and before it one for each setting that differs."""
    lines: list[str] = []
    before, frozen = stretches[0].settings, frozenset()
    last_used_with = {before["optimizer"]: before}
    for stretch in stretches:
        after = stretch.settings
        held = last_used_with.get(after["optimizer"])
        changes = parts_of.changes(before, after, held, several)
        if stretch.frozen != frozen:
            changes.append(parts_of.freeze(stretch.frozen))
        changes += [
            parts_of.set_weight(weight, widths[weight.layer]) for weight in stretch.set_before
        ]
        if changes:
            lines += ["", *changes]
        lines.append(f"train(steps={stretch.updates}, batch_size={stretch.size})")
        before = last_used_with[after["optimizer"]] = after
        frozen = stretch.frozen
    return lines
