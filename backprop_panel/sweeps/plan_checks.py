"""Checks of what a plan says beside its settings: its seeds, its budget, and what would be lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..plain_values import is_whole, plain
from ..settings import SettingError, checked_whole, shown

MOST_RUNS = 100_000
"""The most runs of one sweep."""

UNITS = ("epochs", "steps")


def refuse_no_mapping(setting: str, value: Any) -> None:
    """Raise `SettingError` unless a value is a mapping."""
    if not isinstance(value, Mapping):
        raise SettingError(setting, f"{setting} must be a mapping of settings, got {shown(value)}.")


def checked_seeds(seeds: Any, base: Mapping[str, Any]) -> list[int]:
    """Return the seeds of a list, or so many from that of the base on.

    Raises
    ------
    SettingError
    """
    seeds = plain(seeds)
    is_count = is_whole(seeds) and seeds >= 1
    if not is_count and not (isinstance(seeds, (list, tuple, range)) and seeds):
        raise SettingError(
            "seeds",
            f"seeds must be a whole number of at least 1, or a list of seeds; got {shown(seeds)}.",
        )
    count = seeds if is_count else len(seeds)
    if count > MOST_RUNS:
        raise SettingError("seeds", f"seeds must be at most {MOST_RUNS:,}, got {count:,}.")
    first = base.get("seed", 0)
    return list(range(first, first + seeds)) if is_count else _different(list(seeds))


def _different(seeds: list[Any]) -> list[int]:
    known = set()
    for seed in seeds:
        if not is_whole(seed) or seed < 0 or seed in known:
            raise SettingError(
                "seeds", f"seeds must be different whole numbers of at least 0, got {shown(seed)}."
            )
        known.add(seed)
    return seeds


def checked_budget(budget: Any) -> dict[str, int]:
    """Return a budget in plain types.

    Raises
    ------
    SettingError
    """
    given = plain(budget)
    if not (isinstance(given, dict) and len(given) == 1 and next(iter(given)) in UNITS):
        raise SettingError(
            "budget",
            'budget must be {"epochs": n} or {"steps": n} with n of at least 1, '
            f"got {shown(budget)}.",
        )
    return {unit: checked_whole(unit, amount, 1) for unit, amount in given.items()}
