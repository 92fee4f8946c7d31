"""Successive halving: which runs are worth more of the budget.

Li et al., "A System for Massively Parallel Hyperparameter Tuning" (2020), algorithm 2: a run goes
on from a rung once it is among the best 1/eta of those that have reached it, whoever is still on
the way.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from heapq import heappop, heappush
from math import inf, isnan, log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .plan import Plan


class Halving:
    """The scores of runs at each rung, and which of them were promoted.

    Parameters
    ----------
    rungs : sequence of int
        Budgets at which runs are compared, the whole one last.
    eta : int
        One run in `eta` is promoted.
    """

    def __init__(self, rungs: Sequence[int], eta: int) -> None:
        self.eta = eta
        self._sorted: list[list[tuple[float, int]]] = [[] for _ in rungs[:-1]]
        self._waiting: list[list[tuple[float, int]]] = [[] for _ in rungs[:-1]]
        self._promoted: list[set[int]] = [set() for _ in rungs[:-1]]

    def reached(self, number: int, rung: int, score: float) -> None:
        """Note the score of a run at a rung; lower is better, NaN is worst."""
        if rung < len(self._sorted):
            entry = (inf if isnan(score) else score, number)
            insort(self._sorted[rung], entry)
            heappush(self._waiting[rung], entry)

    def promote(self) -> tuple[int, int] | None:
        """Return the next run that goes on, and the rung that it trains to; None if there is none.

        The highest rung comes first.
        """
        for rung in reversed(range(len(self._sorted))):
            scores, waiting = self._sorted[rung], self._waiting[rung]
            while waiting and waiting[0][1] in self._promoted[rung]:
                heappop(waiting)
            if waiting and bisect_left(scores, waiting[0]) < len(scores) // self.eta:
                _, number = heappop(waiting)
                self._promoted[rung].add(number)
                return number, rung + 1
        return None

    def promoted_before(self, number: int, rung: int) -> None:
        """Note that a run trains beyond a rung, or has done so."""
        self._promoted[rung].add(number)


def rungs(plan: Plan) -> list[int]:
    """Return the budgets at which successive halving compares runs, the whole one last.

    There are as many as leave a run for the last one.
    """
    if plan.halving is None:
        return [plan.amount]
    count = int(log(min(plan.amount, plan.runs)) / log(plan.halving) + 1e-9)
    return sorted({max(plan.amount // plan.halving**k, 1) for k in range(count + 1)})
