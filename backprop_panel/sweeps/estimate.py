"""How long the runs of a sweep take, from a few steps of some of them."""

from __future__ import annotations

from math import ceil
from time import perf_counter

import numpy as np

from ..data.batch_loader import BatchLoader
from ..runs.run import TrainingRun
from ..settings import SettingError
from .halving import rungs
from .plan import RANDOM, Plan

MOST_SAMPLED = 5
SAMPLED_SECONDS = 0.03
"""Seconds of training for each sampled run; wide networks make one step at least."""

OVERHEAD_SECONDS = 0.01
"""What a run costs beside its steps: it is made, sent and stored."""


def estimated_seconds(plan: Plan) -> float:
    """Return about how many seconds all runs of a plan take one after another.

    Raises
    ------
    SettingError
        If none of the sampled runs can be made.
    """
    numbers = np.unique(np.linspace(0, plan.runs - 1, MOST_SAMPLED).astype(int)).tolist()
    seconds, refusal = [], None
    for number in numbers:
        combination, seed = plan.place(number)
        try:
            seconds.append(_seconds(plan, plan.config(_settings(plan, combination), seed)))
        except (SettingError, MemoryError) as error:  # one that fails takes no time
            refusal = error
    if not seconds:
        raise SettingError(getattr(refusal, "setting", "grid"), str(refusal))
    return sum(seconds) / len(seconds) * plan.runs * _share(plan)


def _settings(plan: Plan, combination: int) -> dict[str, object]:
    if plan.is_adaptive:
        plan = Plan(base=plan.base, ranges=plan.ranges, samples=plan.samples, sampler=RANDOM)
    return plan.settings(combination)


def _share(plan: Plan) -> float:
    """Return the share of the whole budget that successive halving spends."""
    budgets = rungs(plan)
    going_on = [1 / (plan.halving or 1) ** rung for rung in range(len(budgets))]
    spans = np.diff([0, *budgets])
    return float(np.dot(going_on, spans) / budgets[-1])


def _seconds(plan: Plan, config: dict[str, object]) -> float:
    """Return the seconds of one run with the whole budget."""
    run = TrainingRun("estimate", config)
    engine = run.trainer.engine
    engine.batches.loader = BatchLoader(run.dataset, with_torch=False)
    size = engine.settings.batch_size
    engine.advance(size)
    begin, first = perf_counter(), engine.step
    seconds = 0.0
    # At least once: the process may be kept waiting for longer than all of this takes.
    while not seconds or seconds < SAMPLED_SECONDS:
        engine.advance(size, 32)
        seconds = perf_counter() - begin
    each = seconds / (engine.step - first)
    epochs = plan.amount * ceil(len(run.dataset) / size)
    return each * (epochs if plan.unit == "epochs" else plan.amount) + OVERHEAD_SECONDS
