"""Export and import of a run as a folder or a zip: configuration, events, history and weights."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..runs.run import TrainingRun
from ..settings import shortened, shown
from ..storage.run_names import made_legal
from ..training.event_json import to_json
from ..training.events import Event
from ..training.pytorch_weights import (
    Tensors,
    read_tensors,
    refuse_mismatch,
    sequential_bytes,
    set_weights,
    torch_tensors,
)
from .bounded_replay import event_from, refuse_long, replay
from .bundle_checkpoints import CHECKPOINTS, POSITIONS, checkpoint_files, resume
from .bundle_files import Source, Target, read_bundle, write_bundle
from .bundle_health import HEALTH, health_files, read_health
from .bundle_weights import LOADED, loaded_files, read_loaded
from .config_validation import checked_configuration
from .export_snapshot import snapshot
from .limits import (
    MOST_ARCHIVE_BYTES,
    MOST_CHECKPOINT_BYTES,
    MOST_EVENTS,
    MOST_HEALTH_BYTES,
    MOST_JSON_BYTES,
    MOST_LOADED_BYTES,
    MOST_TABLE_BYTES,
    MOST_WEIGHTS_BYTES,
    InterchangeError,
    refuse_above,
)
from .tables import table_bytes

FORMAT = "backprop_panel run"
VERSION = 1
"""The version of the format. Older versions of the package refuse the files that came later."""

RUN = "run.json"
HISTORY = "history.csv"
WEIGHTS = "weights.safetensors"
INITIAL_WEIGHTS = "initial_weights.safetensors"
SUMS = "SHA256SUMS"

LIMITS = {
    RUN: MOST_JSON_BYTES,
    HISTORY: MOST_TABLE_BYTES,
    POSITIONS: MOST_JSON_BYTES,
    CHECKPOINTS: MOST_CHECKPOINT_BYTES,
    LOADED: MOST_LOADED_BYTES,
    HEALTH: MOST_HEALTH_BYTES,
    WEIGHTS: MOST_WEIGHTS_BYTES,
    INITIAL_WEIGHTS: MOST_WEIGHTS_BYTES,
    SUMS: 4096,
}


class ExportWarning(UserWarning):
    """An exported run is too large to be imported again."""


class ReplayWarning(UserWarning):
    """A replay differs from the exported weights."""


def export_run(run: TrainingRun, target: Target) -> None:
    """Write a run to a new folder, or, if `target` ends in .zip or is an open file, to a zip.

    The files are ``run.json`` (configuration, events, position), ``history.csv``,
    ``weights.safetensors`` and ``initial_weights.safetensors``, which a matching ``nn.Sequential``
    loads, and ``SHA256SUMS`` for ``sha256sum --check``. ``loaded_weights.safetensors`` holds the
    weights that were loaded into the run, and ``health.csv`` the measures of its layers. A run that
    is too long for a replay at import includes its checkpoints. Missing parent folders are created.
    An `ExportWarning` says where all of it is too large to be imported again.

    Raises
    ------
    InterchangeError
        If `target` exists or cannot be written, or the run has more events than an import takes.
    """
    for refusal in write_run(run, target):
        warnings.warn(refusal, ExportWarning, stacklevel=2)


def write_run(run: TrainingRun, target: Target) -> list[str]:
    """Export a run as `export_run` does; return the messages of its warnings.

    It is for threads: warnings belong to the whole process.
    """
    now = snapshot(run)
    _refuse_many(now.events)
    # The mode is no event. Like a fork, the imported run begins in the present mode.
    config = {**run.config, "mode": run.trainer.mode}
    state = now.state
    initial = run.at(0)
    files = {
        RUN: _json_bytes(
            {
                "format": FORMAT,
                "version": VERSION,
                "name": made_legal(run.name),
                "config": config,
                "events": [to_json(event) for event in now.events],
                "position": {"step": state.step, "epoch": state.epoch, "sample": state.position},
            }
        ),
        HISTORY: table_bytes(now.history),
        WEIGHTS: sequential_bytes(now.weights),
        INITIAL_WEIGHTS: sequential_bytes(torch_tensors(initial.weights, initial.biases)),
    }
    files |= loaded_files(now.events, now.loaded) | health_files(now.health)
    if _is_long(run, now.events):
        files |= checkpoint_files(now.states)
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()]
    size = write_bundle(target, {**files, SUMS: "".join(sums).encode()})
    try:
        checked_configuration(config)
        _refuse_sizes({name: len(data) for name, data in files.items()}, size)
    except InterchangeError as error:
        return [f"The file is complete, but too large to be imported again. {error}"]
    return []


def import_run(source: Source) -> TrainingRun:
    """Return the run in a folder or a zip, with its history and weights, by replaying its events.

    A run with checkpoints continues from the last one and is not replayed. If the replay gives
    other weights, for example because another machine rounds differently, the exported weights
    are used, and a `ReplayWarning` states the difference.

    Parameters
    ----------
    source : path, bytes or binary file

    Raises
    ------
    InterchangeError
        If it is damaged or inconsistent, or would take too long or too much memory.
    """
    run, deviations = read_run(source)
    for deviation in deviations:
        warnings.warn(deviation, ReplayWarning, stacklevel=2)
    return run


def read_run(source: Source) -> tuple[TrainingRun, list[str]]:
    """Import a run as `import_run` does; return it and the messages of its warnings.

    It is for threads: warnings belong to the whole process.
    """
    files = read_bundle(source, LIMITS)
    for name in (RUN, WEIGHTS):
        if name not in files:
            raise InterchangeError("file", f"{name} is missing.")
    _check_sums(files)
    entries = _read_json(files[RUN])
    run, events = _initial_run(entries)
    deviations = _initial_deviations(run, files.get(INITIAL_WEIGHTS))
    exported = read_tensors(files[WEIGHTS])
    refuse_mismatch(exported, run.model.network)
    run.trainer.engine.tensors = read_loaded(files, events, run.model.network)
    _replay_or_resume(run, events, files)
    _check_position(run, entries["position"])
    if HEALTH in files:
        health = read_health(files[HEALTH], run.model.network, run.trainer.step)
        run.trainer.engine.health = health
    deviations += _use_exported_weights(run, exported)
    return run, deviations


def _refuse_sizes(sizes: Mapping[str, int], archive: int) -> None:
    """Refuse files, and a zip of them, that are larger than an import takes."""
    for name, size in sizes.items():
        refuse_above("file", f"Bytes of {name}", size, LIMITS[name])
    refuse_above("file", "Bytes of the zip", archive, MOST_ARCHIVE_BYTES)


def _refuse_many(events: Sequence[Event]) -> None:
    """Refuse to export what no import would take."""
    if len(events) > MOST_EVENTS:
        raise InterchangeError(
            "events",
            f"The run has {len(events):,} events, such as changes of its settings; at most "
            f"{MOST_EVENTS:,} can be imported again. Its weights can be saved by themselves.",
        )


def _is_long(run: TrainingRun, events: Sequence[Event]) -> bool:
    try:
        refuse_long(run, events)
    except InterchangeError:
        return True
    return False


def _replay_or_resume(
    run: TrainingRun, events: Sequence[Event], files: Mapping[str, bytes]
) -> None:
    """Bring a new run to the state after `events`."""
    if POSITIONS not in files:
        replay(run, events)
        return
    for name in (CHECKPOINTS, HISTORY):
        if name not in files:
            raise InterchangeError("file", f"{name} is missing, which belongs to {POSITIONS}.")
    resume(run, events, files[POSITIONS], files[CHECKPOINTS], files[HISTORY])


def _initial_run(entries: Mapping[str, Any]) -> tuple[TrainingRun, list[Event]]:
    """Return an untrained run, and the events to replay on it."""
    try:
        config = checked_configuration(entries["config"])
        events = [event_from(entry) for entry in entries["events"]]
        return TrainingRun(entries["name"], config), events
    except InterchangeError:
        raise
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        # A SettingError, or an error that a value of a wrong type causes.
        setting = getattr(error, "setting", "config")
        raise InterchangeError(setting, f"The configuration is not usable: {error}") from error


def _check_sums(files: Mapping[str, bytes]) -> None:
    """Refuse a file that differs from its checksum; without SHA256SUMS, nothing is compared."""
    if SUMS not in files:
        return
    for line in files[SUMS].decode("ascii", "replace").splitlines():
        digest, _, name = line.partition("  ")
        if name not in files or name == SUMS:
            raise InterchangeError("file", f"{SUMS} lists {shown(name)}, which is not there.")
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise InterchangeError(
                "file", f"{name} is not as it was exported (if on purpose, delete {SUMS})."
            )


def _read_json(data: bytes) -> dict[str, Any]:
    try:
        entries = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InterchangeError("file", f"{RUN} is not JSON: {shortened(error)}.") from error
    expected = {"format", "version", "name", "config", "events", "position"}
    if not isinstance(entries, dict) or entries.get("format") != FORMAT:
        raise InterchangeError("file", f'{RUN} has no entry "format": "{FORMAT}".')
    if entries.get("version") != VERSION:
        raise InterchangeError(
            "file", f"Version {VERSION} can be read; got {shown(entries.get('version'), 40)}."
        )
    if set(entries) != expected:
        raise InterchangeError("file", f"{RUN} must hold {', '.join(sorted(expected))}.")
    if not isinstance(entries["config"], dict) or not isinstance(entries["events"], list):
        raise InterchangeError("file", f"config must be an object and events a list in {RUN}.")
    return entries


def _initial_deviations(run: TrainingRun, data: bytes | None) -> list[str]:
    if data is None:
        return []
    exported = read_tensors(data)
    refuse_mismatch(exported, run.model.network)
    if (distance := _distance(run, exported)) > 0:
        return [f"The replay begins from weights other than the exported by up to {distance:.2g}."]
    return []


def _check_position(run: TrainingRun, position: Any) -> None:
    cursor = run.trainer.engine.batches.cursor
    reached = {"step": run.trainer.step, "epoch": cursor.epoch, "sample": cursor.position}
    if position != reached:
        raise InterchangeError("position", f"The events lead to {reached}, not {shown(position)}.")


def _use_exported_weights(run: TrainingRun, exported: Tensors) -> list[str]:
    if (distance := _distance(run, exported)) > 0:
        network = run.model.network
        set_weights(network.weights, network.biases, exported)
        return [
            f"The replay differs from the exported weights by up to {distance:.2g}; "
            "the exported are taken."
        ]
    return []


def _distance(run: TrainingRun, exported: Tensors) -> float:
    """Return the largest difference from the run's weights; NaNs are equal."""
    largest = 0.0
    for name, ours in torch_tensors(run.model.weights, run.model.biases).items():
        theirs = exported[name]
        odd = np.isfinite(theirs) != np.isfinite(ours)
        if odd.any():
            raise InterchangeError(
                "weights", f"{name} and the replay's differ in which numbers are finite."
            )
        with np.errstate(invalid="ignore"):
            differences = np.abs(theirs.astype(float) - ours)
        largest = max(largest, np.nan_to_num(differences).max(initial=0))
    return largest


def _json_bytes(entries: Mapping[str, Any]) -> bytes:
    return json.dumps(entries, indent=1, allow_nan=False).encode()
