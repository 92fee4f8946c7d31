"""Refusal of plans that compare runs by a validation loss that they cannot have."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from ..plain_values import is_whole
from ..settings import SettingError
from .halving import rungs

if TYPE_CHECKING:
    from .plan import Plan


def refuse_no_validation(plan: Plan) -> None:
    """Refuse a plan of which no run can have a validation loss.

    Raises
    ------
    SettingError
    """
    if not any(plan.values("validation_fraction")):
        raise SettingError(
            "objective",
            "No run would have a validation_loss, the objective: validation_fraction is 0, so that "
            "nothing is held out.",
        )
    shortest, _ = _steps_of_epochs(plan)
    if plan.amount < shortest:
        raise SettingError(
            "objective",
            "No run would have a validation_loss, the objective: it is measured after each epoch, "
            f"which takes at least {shortest:,} steps, and the budget is {plan.amount:,}.",
        )


def refuse_early_comparison(plan: Plan) -> None:
    """Refuse halving that would compare runs of which some have no validation loss.

    How long an epoch of all windows is depends on the data, and is not looked at.

    Raises
    ------
    SettingError
    """
    first, *later = rungs(plan)
    if not later:
        return
    # A range is drawn from, and never at its bounds.
    fraction = "validation_fraction"
    if not isinstance(plan.ranges.get(fraction), tuple) and not all(plan.values(fraction)):
        raise SettingError(
            "halving",
            "A run that holds nothing out has no validation_loss, the objective, and would be "
            "stopped: leave the validation_fraction 0 out.",
        )
    _, longest = _steps_of_epochs(plan)
    if first < longest:
        raise SettingError(
            "halving",
            f"Runs would be compared after {first:,} steps, and some have no validation_loss by "
            "then, the objective: it is measured after each epoch, which takes up to "
            f"{longest:,} steps. Give a budget in epochs, or one of more steps.",
        )


def _steps_of_epochs(plan: Plan) -> tuple[int, int]:
    """Return the steps of the shortest and the longest epoch; 0 if unknown or irrelevant."""
    samples, sizes = plan.values("num_samples"), plan.values("batch_size")
    if plan.unit == "epochs" or not all(map(is_whole, samples)):
        return 0, 0
    return ceil(min(samples) / max(sizes)), ceil(max(samples) / min(sizes))
