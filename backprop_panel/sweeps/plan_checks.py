"""Checks of what a plan says beside its settings: its seeds, its budget, and what would be lost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..plain_values import is_whole, plain
from ..runs.run_settings import CONFIGURATION
from ..settings import SettingError, checked_whole, did_you_mean, shown

MOST_RUNS = 100_000
"""The most runs of one sweep."""

UNITS = ("epochs", "steps")


def refuse_no_mapping(setting: str, value: Any) -> None:
    """Raise `SettingError` unless a value is a mapping."""
    if not isinstance(value, Mapping):
        raise SettingError(setting, f"{setting} must be a mapping of settings, got {shown(value)}.")


def refuse_other_fields(stored: Any, known: Collection[str]) -> None:
    """Raise `SettingError` unless a stored plan has the fields of a plan, each of them."""
    if not isinstance(stored, Mapping) or stored.keys() != set(known):
        raise SettingError(
            "plan", f"a plan should have the fields {', '.join(known)}; got {shown(stored)}."
        )


def unpacked_ranges(stored: Any) -> dict[str, Any]:
    """Return the ranges of a stored plan: JSON has no tuples, so each says whether it is one.

    Raises
    ------
    SettingError
    """
    refuse_no_mapping("ranges", stored)
    ranges = {}
    for name, packed in stored.items():
        match packed:
            case [bool(is_range), list(values)]:
                ranges[name] = tuple(values) if is_range else values
            case _:
                raise SettingError(
                    "ranges",
                    f"the range of {name} should be stored as [true or false, a list], got "
                    f"{shown(packed)}.",
                )
    return ranges


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


def refuse_unknown_fields(plan: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise `SettingError` for a keyword that no plan has; say where a setting belongs."""
    for name, value in plan.items():
        if name in UNITS:
            raise SettingError(name, f'The budget of each run is budget={{"{name}": ...}}.')
        if name in CONFIGURATION and name not in known:
            raise SettingError(
                name,
                f'The setting {name} of all runs is base={{"{name}": {shown(value)}}}; one that '
                f'varies is grid={{"{name}": [...]}}.',
            )
        if name not in known:
            raise SettingError(name, f"A sweep has no {shown(name)}.{did_you_mean(name, known)}")
