"""The order in which runs are listed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...runs.run import TrainingRun

NUMBERED = re.compile(r"(.+) #(\d+)")
"""The name of a run of a sweep: that of the sweep and its number."""


def in_order(runs: Sequence[TrainingRun]) -> list[TrainingRun]:
    """Return runs in the order of creation, but those of a sweep together by their numbers.

    Runs of a sweep are created as they finish.
    """
    begins: dict[str, int] = {}

    def place(pair: tuple[int, TrainingRun]) -> tuple[int, int]:
        """Return where the run, or its sweep, begins, and the number of the run in its sweep."""
        position, run = pair
        named = NUMBERED.fullmatch(run.name)
        if named is None:
            return position, 0
        return begins.setdefault(named[1], position), int(named[2])

    return [run for _, run in sorted(enumerate(runs), key=place)]
