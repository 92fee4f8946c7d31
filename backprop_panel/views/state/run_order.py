"""The order in which runs are listed."""

from __future__ import annotations

from collections.abc import Sequence

from ...runs.run import TrainingRun
from ...storage.run_names import sweep_and_number


def in_order(runs: Sequence[TrainingRun]) -> list[TrainingRun]:
    """Return runs in the order of creation, but those of a sweep together by their numbers.

    Runs of a sweep are created as they finish.
    """
    begins: dict[str, int] = {}

    def place(pair: tuple[int, TrainingRun]) -> tuple[int, int]:
        """Return where the run, or its sweep, begins, and the number of the run in its sweep."""
        position, run = pair
        known = sweep_and_number(run.name)
        if known is None:
            return position, 0
        sweep, number = known
        return begins.setdefault(sweep, position), number

    return [run for _, run in sorted(enumerate(runs), key=place)]
