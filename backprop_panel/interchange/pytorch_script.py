"""Export of a run as a PyTorch script or notebook with the same steps and losses.

Both consist of the same parts: a sentence and a piece of code each.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..runs.run import TrainingRun
from ..training.event_log import digests_in
from ..training.events import (
    Changed,
    Event,
    LayerFrozen,
    PartFrozen,
    Trained,
    UnitSilenced,
    WeightSet,
    WeightsLoaded,
)
from ..training.pytorch_weights import sequential_bytes, tensor_bytes, tensors_of, torch_tensors
from ..training.trainer import SETTING_NAMES
from . import pytorch_faults, pytorch_interventions
from . import pytorch_templates as templates
from .bundle_files import Target, write_bundle
from .export_snapshot import ExportSnapshot, snapshot
from .pytorch_part import Part


@dataclass(frozen=True)
class Segment:
    """Consecutive updates with the same settings and batch size.

    Attributes
    ----------
    settings : dict
    frozen : frozenset of (int, int or None, int or None)
        Layer, row and column of what does not learn: an entry, a unit if the row is None, a layer
        if the column is None as well.
    silenced : frozenset of (int, int)
        Level and number of each silenced unit.
    set_before : list of WeightSet, WeightsLoaded or Changed
        The weights that are set by hand or loaded right before, and the faults that begin.
    size, updates : int
        Examples in a batch, at most, and number of batches.
    """

    settings: dict[str, Any]
    frozen: frozenset[tuple[int, int | None, int | None]]
    silenced: frozenset[tuple[int, int]]
    set_before: list[WeightSet | WeightsLoaded | Changed]
    size: int
    updates: int


@dataclass(frozen=True)
class ScriptPlan:
    """The steps that a script repeats.

    Attributes
    ----------
    now : ExportSnapshot
    segments : list of Segment
    files : dict of str to str
        The names of the files of loaded weights, by their digests.
    """

    now: ExportSnapshot
    segments: list[Segment]
    files: dict[str, str]


def export_script(run: TrainingRun, target: Target) -> None:
    """Write ``train.py``, its data, initial and loaded weights to a new folder or a zip.

    The script needs torch, numpy and safetensors, but not this package. Missing parent folders are
    created.

    Raises
    ------
    InterchangeError
        If `target` exists or cannot be written.
    """
    plan = _plan(run)
    parts = _parts(run, plan, "pathlib.Path(__file__).parent")
    blocks = [f"{textwrap.indent(textwrap.fill(p.text, 98), '# ')}\n{p.code}\n" for p in parts]
    _write(run, plan, target, "train.py", "\n\n".join(blocks))


def export_notebook(run: TrainingRun, target: Target) -> None:
    """Write ``train.ipynb``, its data, initial and loaded weights to a new folder or a zip.

    Missing parent folders are created.

    Raises
    ------
    InterchangeError
        If `target` exists or cannot be written.
    """
    plan = _plan(run)
    cells = [cell for part in _parts(run, plan, "pathlib.Path()") for cell in _cells(part)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    _write(run, plan, target, "train.ipynb", json.dumps(notebook, indent=1))


def _write(run: TrainingRun, plan: ScriptPlan, target: Target, name: str, content: str) -> None:
    contexts, targets = run.dataset.context_and_target(run.dataset.sample_windows)
    beginning = run.at(0)
    # Torch supports few operations on 16-bit tokens; 32 bits hold any token and any master.
    data = {"contexts": contexts.astype(np.int32), "targets": targets.astype(np.int32)}
    initial = torch_tensors(beginning.weights, beginning.biases)
    loaded = {
        file: sequential_bytes(tensors_of(run.model.network, plan.now.loaded[digest]))
        for digest, file in plan.files.items()
    }
    write_bundle(
        target,
        {
            name: content.encode(),
            templates.DATA: tensor_bytes(data),
            templates.INITIAL_WEIGHTS: sequential_bytes(initial),
            **loaded,
        },
    )


def _cells(part: Part) -> list[dict[str, Any]]:
    code = {"source": part.code, "outputs": [], "execution_count": None}
    return [
        {"cell_type": "markdown", "metadata": {}, "source": part.text},
        {"cell_type": "code", "metadata": {}, **code},
    ]


def _plan(run: TrainingRun) -> ScriptPlan:
    """Return the steps of a run up to now."""
    now = snapshot(run)
    segments = list(_segments(run, now))
    used = digests_in(event for segment in segments for event in segment.set_before)
    files = {digest: templates.loaded_file(number) for number, digest in enumerate(used, 1)}
    return ScriptPlan(now, segments, files)


def _parts(run: TrainingRun, plan: ScriptPlan, folder: str) -> list[Part]:
    segments = plan.segments
    at_first = segments[0].settings if segments else run.config
    uses = {segment.settings["loss_type"] for segment in segments} | {at_first["loss_type"]}
    rules = {segment.settings["optimizer"] for segment in segments}
    faults = _faults(at_first, segments)
    several = len(rules) > 1
    network = run.model.network
    silences = any(segment.silenced for segment in segments)
    silencing = [pytorch_interventions.silencing(len(network.widths) - 2)] if silences else []
    parts = [
        templates.imports(run.name, folder),
        templates.data(len(run.dataset.vocabulary), run.dataset.output_dimension),
        templates.model(network.widths, network.activation_names),
        *silencing,
        *pytorch_faults.definitions(faults),
        templates.loss_and_optimizer(at_first, "mse" in uses, several),
        templates.batches(run.dataset.seed, faults),
        templates.training(any(segment.frozen for segment in segments), faults),
    ]
    if segments:
        lines = _steps(plan, network.widths, several)
        parts.append(templates.steps(lines, float(plan.now.history["loss"][-1])))
    return parts


def _faults(at_first: Mapping[str, Any], segments: Sequence[Segment]) -> set[str]:
    """Return all faults of a script, those of changes between two steps included."""
    begun = {event.settings["fault"] for each in segments for event in _begun(each.set_before)}
    return ({at_first["fault"], *(each.settings["fault"] for each in segments)} | begun) - {None}


def _begun(events: Sequence[Event]) -> list[Changed]:
    """Return the faults that begin, among what is done before a step."""
    return [event for event in events if isinstance(event, Changed)]


def _resets(event: Event) -> bool:
    """Return whether this is a change to a fault that begins without numbers of earlier steps."""
    return isinstance(event, Changed) and event.settings["fault"] in pytorch_faults.RESETS


def _segments(run: TrainingRun, now: ExportSnapshot) -> Iterator[Segment]:
    """Yield the segments of a run; changes between two steps are merged."""
    settings = {name: run.config[name] for name in SETTING_NAMES}
    frozen: set[tuple[int, int | None, int | None]] = set()
    silenced: set[tuple[int, int]] = set()
    set_before: list[WeightSet | WeightsLoaded | Changed] = []
    if settings["fault"] == "zero_weights":
        set_before = [Changed(0, settings)]
    for event in now.events:
        match event:
            case Changed():
                before, settings = settings["fault"], {**settings, **event.settings}
                if settings["fault"] != before:
                    set_before = [each for each in set_before if not _resets(each)]
                    set_before += [event] if pytorch_faults.begun(settings["fault"]) else []
            case LayerFrozen():
                (frozen.add if event.frozen else frozen.discard)((event.layer, None, None))
            case PartFrozen():
                part = (event.layer, event.row, event.column)
                (frozen.add if event.frozen else frozen.discard)(part)
            case UnitSilenced():
                unit = (event.level, event.unit)
                (silenced.add if event.silenced else silenced.discard)(unit)
            case WeightSet():
                set_before = [*set_before, event]
            case WeightsLoaded():
                set_before = [*_begun(set_before), event]  # overwrites the weights set before
            case Trained():
                held = frozenset(frozen), frozenset(silenced)
                yield Segment(settings, *held, set_before, event.size, event.updates)
                set_before = []


def _steps(plan: ScriptPlan, widths: Sequence[int], several: bool) -> list[str]:
    """Return a line for each segment, after lines for the settings that change there."""
    segments = plan.segments
    lines: list[str] = pytorch_faults.switches(None, segments[0].settings)
    before, frozen, silenced = segments[0].settings, frozenset(), frozenset()
    last_used_with = {before["optimizer"]: before}
    for segment in segments:
        after = segment.settings
        held = last_used_with.get(after["optimizer"])
        changes = templates.changes(before, after, held, several)
        if segment.frozen != frozen:
            changes.append(pytorch_interventions.freeze(segment.frozen, widths))
        if segment.silenced != silenced:
            changes.append(pytorch_interventions.silence(segment.silenced))
        changes += filter(None, (_set(event, plan, widths) for event in segment.set_before))
        if changes:
            lines += ["", *changes]
        lines.append(f"train(steps={segment.updates}, batch_size={segment.size})")
        before = last_used_with[after["optimizer"]] = after
        frozen, silenced = segment.frozen, segment.silenced
    return lines


def _set(event: Event, plan: ScriptPlan, widths: Sequence[int]) -> str:
    """Return the lines for what is done before a step; empty for a change that needs none."""
    match event:
        case WeightsLoaded():
            return templates.load_state(plan.files[event.digest])
        case WeightSet():
            return pytorch_interventions.set_weight(event, widths[event.layer])
        case _:
            return pytorch_faults.begun(event.settings["fault"])
