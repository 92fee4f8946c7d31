"""The health of a run's layers in a bundle, as a table with a row for each layer of a moment."""

from __future__ import annotations

import numpy as np

from ..nn.network import Network
from ..training.health_log import (
    COLUMNS,
    DISTRIBUTIONS,
    MEASURES,
    MOST_MOMENTS,
    QUANTILES,
    HealthLog,
    StepHealth,
)
from .limits import InterchangeError, refuse_above
from .tables import lines_of, rows_of, table_bytes

HEALTH = "health.csv"

VALUES = (*MEASURES, *(f"{kind}_{share:.0%}" for kind in DISTRIBUTIONS for share in QUANTILES))
TABLE = {"step": np.int64, "layer": np.int64} | dict.fromkeys(VALUES, np.float32)


def health_files(log: HealthLog) -> dict[str, bytes]:
    """Return the table of a log; no file without a moment. Layers count from 1."""
    if not log.moments:
        return {}
    depth = len(log.moments[0].values)
    values = np.concatenate([moment.values for moment in log.moments])
    columns = {
        "step": np.repeat(log.steps, depth),
        "layer": np.tile(np.arange(1, depth + 1), len(log.moments)),
        **dict(zip(VALUES, values.T, strict=True)),
    }
    return {HEALTH: table_bytes(columns)}


def read_health(data: bytes, network: Network, last_step: int) -> HealthLog:
    """Return the log of a table.

    Raises
    ------
    InterchangeError
        If it is damaged, or does not fit the network and the steps of its run.
    """
    depth = network.depth
    lines = lines_of(data, TABLE, "health")
    count = lines.count(b"\n")
    refuse_above("file", f"Rows of {HEALTH}", count, MOST_MOMENTS * depth)
    rows = np.concatenate(
        [np.empty(0, list(TABLE.items())), *rows_of(lines, TABLE, count, "health")]
    )
    steps = rows["step"][::depth]
    layers = np.tile(np.arange(1, depth + 1), len(steps))
    sound = (
        len(rows) == len(layers)
        and np.array_equal(rows["layer"], layers)
        and np.array_equal(rows["step"], np.repeat(steps, depth))
        and (np.diff(steps) > 0).all()
        and ((steps >= 1) & (steps <= last_step)).all()
    )
    if not sound:
        raise InterchangeError(
            "file",
            f"{HEALTH} must have {depth} rows, one for each layer, for each of some steps from 1 "
            f"to {last_step}, in order.",
        )
    values = np.stack([rows[name] for name in VALUES], axis=-1).reshape(-1, depth, COLUMNS)
    return HealthLog(map(StepHealth, steps.tolist(), values))
