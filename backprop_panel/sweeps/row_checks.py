"""Checks of what a store holds of a sweep, in the one place where its rows come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ..plain_values import is_number, is_whole
from ..settings import SettingError, shown
from ..storage.serialization import Damaged
from ..storage.trial_rows import TrialRow
from .checking import takes_whole_numbers
from .halving import rungs
from .plan import Plan
from .trial import FAILED, FINISHED, RUNNING, STOPPED, WAITING, Score

STATES = (WAITING, RUNNING, FINISHED, FAILED, STOPPED)

LOSSES = {field.name for field in fields(Score)}


def checked_plan(stored: Any, name: str) -> Plan:
    """Return the plan of a stored sweep of a name.

    Raises
    ------
    Damaged
        If it is no plan, or that of another name.
    """
    try:
        plan = Plan.from_json(stored)
    except SettingError as error:
        raise Damaged(f"its plan cannot work: {error}") from error
    if plan.name != name:
        raise Damaged(f"its plan is that of another name, {shown(plan.name)}")
    return plan


class RowChecks:
    """Checks of the rows of a sweep's runs against its plan.

    Parameters
    ----------
    plan : Plan
    sweep_id : str
    """

    def __init__(self, plan: Plan, sweep_id: str) -> None:
        self._plan, self._sweep_id = plan, sweep_id
        self._rungs, self._seeds = len(rungs(plan)), frozenset(plan.seeds)

    def refuse_damaged(self, row: TrialRow) -> None:
        """Raise `Damaged` unless a row can be one of a run of the plan."""
        if not 0 <= row.number < self._plan.runs:
            raise Damaged(f"it has a run #{row.number + 1}, and its plan {self._plan.runs:,} runs")
        self._refuse(row, "run", row.run_id, self._is_id(row), "the id of that run")
        self._refuse(row, "status", row.status, row.status in STATES, f"one of {', '.join(STATES)}")
        self._refuse_other_settings(row)
        scores = _are_scores(row.rungs)
        self._refuse(row, "rungs", row.rungs, scores, '{"scores": a list of numbers}')
        self._refuse_too_many_rungs(row)
        losses = row.score is None or _are_losses(row.score)
        self._refuse(row, "score", row.score, losses, f"a number for each of {sorted(LOSSES)}")

    def _is_id(self, row: TrialRow) -> bool:
        return row.run_id == run_id(self._sweep_id, row.number)

    def _refuse_other_settings(self, row: TrialRow) -> None:
        plan, settings = self._plan, row.settings
        names = [*plan.grid, *plan.ranges, "seed"]
        are_settings = isinstance(settings, Mapping) and settings.keys() == set(names)
        self._refuse(row, "settings", settings, are_settings, f"values of {', '.join(names)}")
        for name, value in settings.items():
            of_plan = self._is_of_plan(name, value)
            self._refuse(row, "settings", settings, of_plan, f"a value of the plan for {name}")

    def _is_of_plan(self, name: str, value: Any) -> bool:
        """Tell whether a value is one that the plan gives to a setting."""
        if name == "seed":
            return is_whole(value) and value in self._seeds
        values = self._plan.grid.get(name) or self._plan.ranges[name]
        if isinstance(values, tuple):
            is_of_kind = is_whole if takes_whole_numbers(name) else is_number
            return is_of_kind(value) and values[0] <= value <= values[1]
        # As in JSON, true is not 1.
        return any(each == value and type(each) is type(value) for each in values)

    def _refuse_too_many_rungs(self, row: TrialRow) -> None:
        """Refuse more scores than rungs; a run that goes on has one left."""
        most = self._rungs - (row.status in (WAITING, RUNNING))
        count = len(row.rungs["scores"])
        if count > most:
            raise Damaged(
                f"the rungs of its run #{row.number + 1} should have at most {most} scores, as it "
                f"is {row.status}; got {count}"
            )

    def _refuse(self, row: TrialRow, column: str, value: Any, sound: bool, allowed: str) -> None:
        if not sound:
            raise Damaged(
                f"the {column} of its run #{row.number + 1} should be {allowed}; got {shown(value)}"
            )


def run_id(sweep_id: str, number: int) -> str:
    """Return the id of the run of a number: a function of both, so that it is stored once."""
    return f"{sweep_id}-{number}"


def _are_scores(stored: Any) -> bool:
    is_named = isinstance(stored, Mapping) and stored.keys() == {"scores"}
    return is_named and isinstance(stored["scores"], list) and _are_numbers(stored["scores"])


def _are_losses(stored: Any) -> bool:
    is_named = isinstance(stored, Mapping) and stored.keys() == LOSSES
    return is_named and _are_numbers(stored.values())


def _are_numbers(values: Any) -> bool:
    """Tell whether all values are numbers as losses are, which may be infinite or NaN."""
    return all(isinstance(value, float) or is_whole(value) for value in values)
