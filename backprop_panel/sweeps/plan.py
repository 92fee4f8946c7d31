"""The plan of a sweep: which runs it has, refused before anything starts if it cannot work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from ..plain_values import is_whole, plain
from ..rng import random_stream
from ..settings import SettingError, refuse_unlisted, shown
from ..storage.run_names import MOST_NAME_LENGTH, legal_name, sweep_run_name
from .checking import (
    checked_base,
    checked_range,
    checked_values,
    parameter,
    takes_whole_numbers,
)
from .objective_checks import refuse_early_comparison, refuse_no_validation
from .plan_checks import (
    MOST_RUNS,
    checked_budget,
    checked_seeds,
    refuse_no_mapping,
    refuse_other_fields,
    unpacked_ranges,
)

VALIDATION_LOSS = "validation_loss"
OBJECTIVES = ("loss", VALIDATION_LOSS)
RANDOM = "random"

Values = list[Any]
Range = tuple[float, float]


@dataclass(frozen=True)
class Plan:
    """What a sweep trains: every configuration is a function of its number alone.

    Parameters
    ----------
    base : mapping
        The settings that all runs share; the others have their defaults. A setting that varies
        may be among them, as in ``run.config``: its values are those of the grid or the ranges.
    grid : mapping of str to list
        Settings and their values: every combination is trained.
    ranges : mapping of str to (low, high) or list
        Settings to sample from, in place of a grid: numbers between two bounds, or a choice.
        Rates are sampled on a log scale.
    samples : int, optional
        How many configurations are sampled from `ranges`.
    sampler : str
        ``"random"``, or the name of a sampler of Optuna, such as ``"TPESampler"``.
    seeds : int or sequence of int
        The seeds with which every configuration is trained; a number n means 0 to n - 1.
    budget : mapping
        ``{"epochs": n}`` or ``{"steps": n}`` for every run.
    halving : int, optional
        Successive halving: one in so many runs goes on to so many times the budget. None: every
        run has the whole budget.
    objective : str
        By which loss halving and samplers compare runs: ``"loss"``, the mean of the last 32
        batches, or ``"validation_loss"``.
    name : str
        The beginning of the names of the runs.

    Raises
    ------
    SettingError
        For an unknown setting with the nearest name, a value out of bounds, more than `MOST_RUNS`
        runs, a name that leaves no room for their numbers, an objective that no run can have, or
        halving that compares runs before all of them have it.
    """

    base: Mapping[str, Any] = field(default_factory=dict)
    grid: Mapping[str, Values] = field(default_factory=dict)
    ranges: Mapping[str, Range | Values] = field(default_factory=dict)
    samples: int | None = None
    sampler: str = RANDOM
    seeds: Sequence[int] | int = 1
    budget: Mapping[str, int] = field(default_factory=lambda: {"epochs": 50})
    halving: int | None = None
    objective: str = "loss"
    name: str = "sweep"

    def __post_init__(self) -> None:
        self._check()
        self._refuse_no_room()
        if self.objective == VALIDATION_LOSS:
            refuse_no_validation(self)
            refuse_early_comparison(self)

    def _check(self) -> None:
        """Put the fields into plain types, and refuse what no plan may have."""
        change = object.__setattr__
        change(self, "name", legal_name(self.name))
        change(self, "base", checked_base(self.base))
        for setting in ("grid", "ranges"):
            refuse_no_mapping(setting, getattr(self, setting))
        if self.grid and self.ranges:
            raise SettingError("ranges", "Give either a grid or ranges, not both.")
        change(self, "seeds", checked_seeds(self.seeds, self.base))
        change(self, "budget", checked_budget(self.budget))
        refuse_unlisted("objective", self.objective, OBJECTIVES)
        self._refuse_halving()
        self._refuse_samples()
        grid = {name: checked_values(self.base, name, v) for name, v in self.grid.items()}
        change(self, "grid", grid)
        change(self, "ranges", {name: self._checked(name, v) for name, v in self.ranges.items()})
        self._refuse_too_many()

    @property
    def combinations(self) -> int:
        """The number of configurations, seeds aside."""
        return self.samples if self.ranges else prod(map(len, self.grid.values()))

    @property
    def runs(self) -> int:
        """The number of runs."""
        return self.combinations * len(self.seeds)

    @property
    def varied(self) -> list[str]:
        """The settings that differ between runs; `seed` is last, if there are several."""
        names = [*self.grid, *self.ranges]
        return [*names, "seed"] if len(self.seeds) > 1 else names

    @property
    def unit(self) -> str:
        """What the budget counts: ``"epochs"`` or ``"steps"``."""
        return next(iter(self.budget))

    @property
    def amount(self) -> int:
        """The whole budget of a run, in its unit."""
        return self.budget[self.unit]

    @property
    def is_adaptive(self) -> bool:
        """Whether a sampler of Optuna chooses the next configuration from the results."""
        return bool(self.ranges) and self.sampler != RANDOM

    @property
    def most_name_length(self) -> int:
        """The most characters of its name, after which the runs have their numbers."""
        return MOST_NAME_LENGTH - len(sweep_run_name("", self.runs))

    def run_name(self, number: int) -> str:
        """Return the name of the run of a number; names count from 1."""
        return sweep_run_name(self.name, number + 1)

    def place(self, number: int) -> tuple[int, int]:
        """Return the combination of a run, and its seed."""
        combination, seed = divmod(number, len(self.seeds))
        return combination, self.seeds[seed]

    def settings(self, combination: int) -> dict[str, Any]:
        """Return the settings of a combination that differ, unless a sampler chooses them."""
        if self.ranges:
            return {name: self._sampled(name, combination) for name in self.ranges}
        chosen = {}
        for name, values in reversed(self.grid.items()):
            combination, index = divmod(combination, len(values))
            chosen[name] = values[index]
        return {name: chosen[name] for name in self.grid}

    def config(self, settings: Mapping[str, Any], seed: int) -> dict[str, Any]:
        """Return the whole configuration of a run."""
        return {**self.base, **settings, "seed": seed}

    def is_log(self, name: str) -> bool:
        """Tell whether a setting is sampled on a log scale, as rates are."""
        low_high = self.ranges[name]
        is_rate = name in ("learning_rate", "weight_decay")
        return is_rate and isinstance(low_high, tuple) and low_high[0] > 0

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a dictionary for JSON; ``Plan.from_json`` gives it back."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        tuples = {name: isinstance(values, tuple) for name, values in self.ranges.items()}
        return plain(
            {**fields, "ranges": {n: [tuples[n], list(v)] for n, v in self.ranges.items()}}
        )

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Plan:
        """Return the plan of a dictionary from `to_json`, or raise `SettingError`."""
        refuse_other_fields(fields, cls.__dataclass_fields__)
        plan = object.__new__(cls)
        vars(plan).update({**fields, "ranges": unpacked_ranges(fields["ranges"])})
        plan._check()  # no more: an older version may have begun it, and has runs of it
        return plan

    def _checked(self, name: str, values: Any) -> Range | Values:
        if isinstance(plain(values), tuple):
            return checked_range(self.base, name, values)
        return checked_values(self.base, name, values)

    def _sampled(self, name: str, combination: int) -> Any:
        values = self.ranges[name]
        random = random_stream(f"sweep {name}", 0, combination)
        if isinstance(values, list):
            return values[random.integers(len(values))]
        low, high = values
        if takes_whole_numbers(name):
            return int(random.integers(low, high, endpoint=True))
        if self.is_log(name):
            return min(max(low * (high / low) ** random.random(), low), high)
        return float(random.uniform(low, high))

    def _refuse_samples(self) -> None:
        if self.ranges and self.samples is None:
            raise SettingError("samples", "ranges need samples: how many are drawn from them.")
        if self.samples is not None and not self.ranges:
            raise SettingError("samples", "samples need ranges to be drawn from; a grid has none.")
        if self.ranges and not (is_whole(self.samples) and self.samples >= 1):
            raise SettingError(
                "samples",
                f"samples must be a whole number of at least 1, got {shown(self.samples)}.",
            )
        if not isinstance(self.sampler, str):
            raise SettingError("sampler", f"sampler must be a name, got {shown(self.sampler)}.")
        if self.sampler != RANDOM and not self.ranges:
            raise SettingError(
                "sampler", f"The sampler {shown(self.sampler)} needs ranges to draw from."
            )

    def _refuse_halving(self) -> None:
        if self.halving is not None and not (is_whole(self.halving) and self.halving >= 2):
            raise SettingError(
                "halving",
                "halving must be a whole number of at least 2, or None; got "
                f"{shown(self.halving)}.",
            )
        if self.halving is not None and self.is_adaptive:
            raise SettingError(
                "halving", "Successive halving goes with a grid or random samples, not with Optuna."
            )

    def _refuse_too_many(self) -> None:
        if self.runs > MOST_RUNS:
            raise SettingError(
                "grid",
                f"This sweep would have {self.runs:,} runs; at most {MOST_RUNS:,} are allowed. "
                "Give fewer values, or sample from ranges.",
            )

    def _refuse_no_room(self) -> None:
        """Refuse a name with which runs would be trained, and could not be saved."""
        if len(self.name) > self.most_name_length:
            raise SettingError(
                "name",
                f"The name of this sweep has at most {self.most_name_length} characters, as its "
                f"runs have their numbers after it, up to {sweep_run_name('', self.runs)!r}; got "
                f"{len(self.name)}.",
            )

    def values(self, name: str) -> Sequence[Any]:
        """Return the values of a setting in the plan, or the bounds of its range."""
        shared = self.base.get(name, parameter(name).default)
        return self.grid.get(name) or self.ranges.get(name) or [shared]
