"""Export of a run's history as a TensorBoard event file."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from io import BytesIO
from math import isnan
from pathlib import Path
from types import ModuleType

from numpy.typing import NDArray

from ..runs.run import TrainingRun
from ..settings import shown_path
from ..training.file_input import path_of
from .bundle_files import file_name, write_folder
from .export_snapshot import snapshot
from .limits import InterchangeError

SCALARS = ("loss", "accuracy", "validation_loss")


def export_tensorboard(run: TrainingRun, log_folder: str | os.PathLike[str]) -> Path:
    """Write loss, accuracy and validation loss to the run's folder in `log_folder`.

    ``tensorboard --logdir log_folder`` then shows all runs written there, side by side.

    Returns
    -------
    Path
        The run's folder, named after it.

    Raises
    ------
    InterchangeError
        If the folder exists or cannot be written, or the package tensorboard is not installed;
        nothing is written then.
    """
    files = tensorboard_files(run)
    folder = path_of(log_folder, "path") / file_name(run.name)
    if os.path.lexists(folder):
        raise InterchangeError(
            "file", f"{shown_path(folder)} exists; rename the run, or remove it."
        )
    write_folder(folder, files)
    return folder


def tensorboard_files(run: TrainingRun) -> dict[str, bytes]:
    """Return the file that `export_tensorboard` writes, by its name.

    It is made in memory: TensorBoard's own writer leaves a part of it where the disk is full.

    Raises
    ------
    InterchangeError
        If the package tensorboard is not installed.
    """
    event_pb2, summary_pb2, writers = _tensorboard()
    history, now = snapshot(run).history, time.time()
    buffer = BytesIO()
    records = writers.RecordWriter(buffer)
    first = event_pb2.Event(wall_time=now, file_version="brain.Event:2")
    records.write(first.SerializeToString())
    for row, step in enumerate(history["step"].tolist()):
        summary = summary_pb2.Summary(
            value=[
                summary_pb2.Summary.Value(tag=name, simple_value=value)
                for name, value in _values(history, row)
            ]
        )
        event = event_pb2.Event(wall_time=now, step=step, summary=summary)
        records.write(event.SerializeToString())
    return {f"events.out.tfevents.{now:010.0f}.backprop_panel": buffer.getvalue()}


def _values(history: Mapping[str, NDArray], row: int) -> list[tuple[str, float]]:
    """Return the values of a row; the validation loss exists only at the ends of epochs."""
    values = [(name, float(history[name][row])) for name in SCALARS]
    return [
        (name, value) for name, value in values if name != "validation_loss" or not isnan(value)
    ]


def _tensorboard() -> tuple[ModuleType, ModuleType, ModuleType]:
    """Import TensorBoard's own writer of files, which needs neither torch nor TensorFlow."""
    try:
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer import record_writer
    except ImportError as error:
        raise InterchangeError(
            "tensorboard",
            "TensorBoard's files need its package: pip install 'backprop_panel[tensorboard]'.",
        ) from error
    return event_pb2, summary_pb2, record_writer
