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

from ..runs.run import TrainingRun
from ..training.event_log import Changed, LayerFrozen, Trained, WeightSet, WeightsLoaded, digests_in
from ..training.trainer import SETTING_NAMES
from ..training.weight_tensors import tensor_bytes, tensors_of, torch_tensors
from . import pytorch_templates as parts_of
from .archive import Target, write_bundle
from .export_snapshot import ExportSnapshot, snapshot
from .pytorch_templates import Part


@dataclass(frozen=True)
class Stretch:
    """So many updates with batches of at most `size` under the same settings.

    Attributes
    ----------
    settings : dict
    frozen : frozenset of int
        The layers that do not learn meanwhile.
    set_before : list of WeightSet or WeightsLoaded
        The weights that were set by hand or loaded right before.
    size, updates : int
    """

    settings: dict[str, Any]
    frozen: frozenset[int]
    set_before: list[WeightSet | WeightsLoaded]
    size: int
    updates: int


@dataclass(frozen=True)
class Story:
    """What a run has done, as a script does it again.

    Attributes
    ----------
    now : ExportSnapshot
    stretches : list of Stretch
    files : dict of str to str
        The files of the weights that were loaded, by their digests.
    """

    now: ExportSnapshot
    stretches: list[Stretch]
    files: dict[str, str]


def export_script(run: TrainingRun, target: Target) -> None:
    """Write ``train.py``, its data, initial and loaded weights to a new folder or a zip.

    It needs torch, numpy and safetensors, and nothing of this package.

    Raises
    ------
    InterchangeError
        If `target` exists or cannot be written. Folders that it is to be in are made.
    """
    story = _told(run)
    parts = _parts(run, story, "pathlib.Path(__file__).parent")
    blocks = [f"{textwrap.indent(textwrap.fill(p.text, 98), '# ')}\n{p.code}\n" for p in parts]
    _write(run, story, target, "train.py", "\n\n".join(blocks))


def export_notebook(run: TrainingRun, target: Target) -> None:
    """Write ``train.ipynb``, its data, initial and loaded weights to a new folder or a zip.

    Raises
    ------
    InterchangeError
        If `target` exists or cannot be written. Folders that it is to be in are made.
    """
    story = _told(run)
    cells = [cell for part in _parts(run, story, "pathlib.Path()") for cell in _cells(part)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    _write(run, story, target, "train.ipynb", json.dumps(notebook, indent=1))


def _write(run: TrainingRun, story: Story, target: Target, name: str, content: str) -> None:
    contexts, targets = run.dataset.context_and_target(run.dataset.sample_windows)
    beginning = run.at(0)
    # Torch does little with NumPy's 16-bit tokens; 32 bits hold any token and any master.
    data = {"contexts": contexts.astype(np.int32), "targets": targets.astype(np.int32)}
    initial = torch_tensors(beginning.weights, beginning.biases)
    loaded = {
        file: tensor_bytes(tensors_of(run.model.network, story.now.loaded[digest]))
        for digest, file in story.files.items()
    }
    write_bundle(
        target,
        {
            name: content.encode(),
            parts_of.DATA: tensor_bytes(data),
            parts_of.INITIAL_WEIGHTS: tensor_bytes(initial),
            **loaded,
        },
    )


def _cells(part: Part) -> list[dict[str, Any]]:
    code = {"source": part.code, "outputs": [], "execution_count": None}
    return [
        {"cell_type": "markdown", "metadata": {}, "source": part.text},
        {"cell_type": "code", "metadata": {}, **code},
    ]


def _told(run: TrainingRun) -> Story:
    """Return what a run has done up to now."""
    now = snapshot(run)
    stretches = list(_stretches(run, now))
    used = digests_in(event for stretch in stretches for event in stretch.set_before)
    return Story(now, stretches, {digest: parts_of.loaded(n) for n, digest in enumerate(used, 1)})


def _parts(run: TrainingRun, story: Story, folder: str) -> list[Part]:
    stretches = story.stretches
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
        lines = _steps(story, network.widths, several)
        parts.append(parts_of.steps(lines, float(story.now.history["loss"][-1])))
    return parts


def _stretches(run: TrainingRun, now: ExportSnapshot) -> Iterator[Stretch]:
    """Changes between two steps count only by what they come to."""
    settings = {name: run.config[name] for name in SETTING_NAMES}
    frozen: frozenset[int] = frozenset()
    set_before: list[WeightSet | WeightsLoaded] = []
    for event in now.events:
        match event:
            case Changed():
                settings = {**settings, **event.settings}
            case LayerFrozen():
                frozen = frozen | {event.layer} if event.frozen else frozen - {event.layer}
            case WeightSet():
                set_before = [*set_before, event]
            case WeightsLoaded():
                set_before = [event]  # whatever was set before it is overwritten
            case Trained():
                yield Stretch(settings, frozen, set_before, event.size, event.updates)
                set_before = []


def _steps(story: Story, widths: Sequence[int], several: bool) -> list[str]:
    """Return a line for each stretch, and before it one for each setting that differs."""
    stretches = story.stretches
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
            parts_of.load_weights(story.files[event.digest])
            if isinstance(event, WeightsLoaded)
            else parts_of.set_weight(event, widths[event.layer])
            for event in stretch.set_before
        ]
        if changes:
            lines += ["", *changes]
        lines.append(f"train(steps={stretch.updates}, batch_size={stretch.size})")
        before = last_used_with[after["optimizer"]] = after
        frozen = stretch.frozen
    return lines
