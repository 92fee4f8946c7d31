"""Gradient check: the recorded gradients against difference quotients, or against autograd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...nn.record import StepRecord
from ...plain_values import is_whole, plain
from ...settings import SettingError, checked_whole, refuse_other, refuse_unlisted, shown
from ..record_cell import RecordCell
from .float32_noise import ExactPass
from .parameter_steps import ParameterSteps

Array = NDArray[np.floating]

THRESHOLD = 1e-3
"""Relative error from which a gradient counts as wrong.

Correct gradients in float32 stay below it, as `GradientCheck.errors` are relative to no less than
what their rounding can be; wrong ones have errors near 1.
"""

SAFETY = 12
"""How many times its estimated noise a correct gradient may be wrong."""

AGAINST = ("differences", "autograd")

MOST_MULTIPLICATIONS = 5 * 10**8
"""Work of a check without a given sample: about a second on one core."""


class NotFinite(SettingError):
    """The gradients of a record cannot be checked, as its numbers are not all finite."""


class WorstGradient(NamedTuple):
    """The parameter whose gradient has the largest error: a cell of ``record.layer_gradients``."""

    layer: int
    row: int
    column: int
    error: float


@dataclass(frozen=True, eq=False)
class GradientCheck:
    """What a gradient check found.

    Arrays have one entry for each entry of ``record.layers``, the bias as the last row.

    Attributes
    ----------
    against : str
        ``"differences"`` or ``"autograd"``.
    errors : tuple of array, shape (in + 1, out)
        The relative error of each gradient g with the expected value d:
        ``|g − d| / max(|g|, |d|, noise / THRESHOLD)``, where noise is `SAFETY` times the rounding
        of float32 and of the quotient. NaN where it was not checked.
    expected : tuple of array, shape (in + 1, out)
        The difference quotients, or autograd's gradients; NaN where there are none.
    steps : tuple of array, shape (in + 1, out)
        The step h of each quotient; NaN where there is none.
    kinks : tuple of array of bool, shape (in + 1, out)
        Where a corner of ReLU lies between w − h and w + h: the quotient is no slope there, so
        that it does not count.
    hidden : tuple of array of bool, shape (in + 1, out)
        Where the rounding of the quotient is so large that it hides every gradient of the layer,
        as after a loss has exploded: one that does not stand out from it does not count.
    """

    against: str
    errors: tuple[Array, ...]
    expected: tuple[Array, ...]
    steps: tuple[Array, ...]
    kinks: tuple[NDArray[np.bool_], ...]
    hidden: tuple[NDArray[np.bool_], ...]

    @property
    def parameters(self) -> int:
        """The number of weights and biases."""
        return sum(layer.size for layer in self.errors)

    @property
    def checked(self) -> int:
        """The number of parameters with an error."""
        return sum(int(np.isfinite(layer).sum()) for layer in self.errors)

    @property
    def at_kinks(self) -> int:
        """The number of parameters that were tried at a kink."""
        return sum(int(layer.sum()) for layer in self.kinks)

    @property
    def hidden_by_rounding(self) -> int:
        """The number of parameters that were tried, and neither agree nor disagree."""
        return sum(int(layer.sum()) for layer in self.hidden)

    @property
    def worst(self) -> WorstGradient | None:
        """The parameter with the largest error; None if nothing was checked."""
        worst = None
        for number, layer in enumerate(self.errors):
            if not np.isfinite(layer).any():
                continue
            row, column = np.unravel_index(np.nanargmax(layer), layer.shape)
            error = float(layer[row, column])
            if worst is None or error > worst.error:
                worst = WorstGradient(number, int(row), int(column), error)
        return worst

    @property
    def worst_cell(self) -> RecordCell | None:
        """The gradient with the largest error, as a cell of the record."""
        if self.worst is None:
            return None
        layer, row, column, _ = self.worst
        if row == len(self.errors[layer]) - 1:
            return RecordCell("bias_gradients", layer, (column,))
        return RecordCell("weight_gradients", layer, (row, column))

    @property
    def wrong(self) -> tuple[int, ...]:
        """The number of gradients of each layer whose error reaches `THRESHOLD`."""
        return tuple(int((layer >= THRESHOLD).sum()) for layer in self.errors)

    @property
    def ok(self) -> bool:
        """Whether no error reaches `THRESHOLD`."""
        return not any(self.wrong)


@np.errstate(all="ignore")
def check_gradients(
    record: StepRecord,
    against: str = "differences",
    sample: int | None = None,
    seed: int | np.random.Generator = 0,
) -> GradientCheck:
    """Check the gradients of a record.

    Parameters
    ----------
    record : StepRecord
        Its inputs, targets, weights and declared loss are taken as given.
    against : str
        ``"differences"``: central differences of the loss in float64, with a step for each
        parameter (see `ParameterSteps.steps`). ``"autograd"``: torch's gradients in float64.
    sample : int, optional
        How many parameters to compare with differences, drawn at random and shared out evenly
        among the layers. By default all, or in wide networks as many as take about a second.
    seed : int or numpy.random.Generator
        Of the sample.

    Raises
    ------
    SettingError
        If the record's numbers are not finite, it does not say which loss it was made with, or
        torch is asked for and not installed.
    """
    *_, check = checking(record, against, sample, seed)
    return check


def checking(
    record: StepRecord,
    against: str = "differences",
    sample: int | None = None,
    seed: int | np.random.Generator = 0,
) -> Iterator[GradientCheck | None]:
    """Check the gradients piece by piece, as `check_gradients` does all at once.

    Yields
    ------
    check : GradientCheck or None
        None after each piece of some milliseconds, the result at the end.
    """
    refuse_other("record", record, StepRecord)
    refuse_unlisted("against", against, AGAINST)
    sample = _checked_sample(record, plain(sample))
    if not isinstance(seed, np.random.Generator):
        seed = checked_whole("seed", seed, least=0)
    _refuse_non_finite(record)
    exact = ExactPass(record)
    if not all(np.isfinite(layer).all() for layer in exact.gradients):
        raise NotFinite(
            "record", "The gradients cannot be checked: their exact values are not finite."
        )
    if against == "autograd":
        yield _against_autograd(record, exact)
    else:
        yield from _against_differences(record, exact, sample, np.random.default_rng(seed))


def _against_differences(
    record: StepRecord, exact: ExactPass, sample: int | None, random: np.random.Generator
) -> Iterator[GradientCheck | None]:
    work = ParameterSteps(exact, record)
    check = _unchecked(record, "differences")
    counts = _counts(record, work, sample)
    both = zip(record.layer_gradients, exact.gradients, strict=True)
    largest = [max(np.abs(recorded).max(), np.abs(true).max()) for recorded, true in both]
    for layer, count in enumerate(counts):
        shape = record.layers[layer].shape
        places = random.choice(record.layers[layer].size, count, replace=False, shuffle=False)
        rows, columns = np.unravel_index(np.sort(places), shape)
        steps = work.steps(layer)[rows, columns]
        for part, quotients, kinks in work.quotients(layer, rows, columns, steps):
            at = rows[part], columns[part]
            check.steps[layer][at], check.expected[layer][at] = steps[part], quotients
            check.kinks[layer][at] = kinks
            rounding = work.noise(steps[part])
            noise = np.hypot(exact.noise[layer][at], rounding)
            errors = _relative_errors(record.layer_gradients[layer][at], quotients, noise)
            is_open = (errors > 0) & (errors < THRESHOLD)
            hidden = is_open & (SAFETY * rounding > THRESHOLD * largest[layer])
            check.hidden[layer][at] = hidden & ~kinks
            check.errors[layer][at] = np.where(kinks | hidden, np.nan, errors)
            yield None
    yield check


def _against_autograd(record: StepRecord, exact: ExactPass) -> GradientCheck:
    from .autograd import autograd_gradients

    check = _unchecked(record, "autograd")
    for layer, expected in enumerate(autograd_gradients(record)):
        check.expected[layer][...] = expected
        check.errors[layer][...] = _relative_errors(
            record.layer_gradients[layer], expected, exact.noise[layer]
        )
    return check


def _relative_errors(gradients: Array, expected: Array, noise: Array) -> Array:
    gradients = gradients.astype(np.float64)
    least = np.maximum(SAFETY * noise, np.finfo(np.float32).tiny) / THRESHOLD
    scale = np.maximum(np.maximum(np.abs(gradients), np.abs(expected)), least)
    return np.abs(gradients - expected) / scale


def _unchecked(record: StepRecord, against: str) -> GradientCheck:
    errors, expected, steps = (
        tuple(np.full(layer.shape, np.nan) for layer in record.layers) for _ in range(3)
    )
    kinks, hidden = (
        tuple(np.zeros(layer.shape, bool) for layer in record.layers) for _ in range(2)
    )
    return GradientCheck(against, errors, expected, steps, kinks, hidden)


def _counts(record: StepRecord, work: ParameterSteps, sample: int | None) -> list[int]:
    """Return how many parameters of each layer to check."""
    sizes = [layer.size for layer in record.layers]
    costs = [work.cost(layer) for layer in range(len(sizes))]
    if sample is None:
        total = sum(size * cost for size, cost in zip(sizes, costs, strict=True))
        if total <= MOST_MULTIPLICATIONS:
            return sizes
        share = MOST_MULTIPLICATIONS // len(sizes)
        return [min(size, max(1, share // cost)) for size, cost in zip(sizes, costs, strict=True)]
    counts, left = [0] * len(sizes), sample
    # The smallest layer first: what it cannot take of its share is left to the others.
    for place, layer in enumerate(sorted(range(len(sizes)), key=sizes.__getitem__)):
        counts[layer] = min(sizes[layer], left // (len(sizes) - place))
        left -= counts[layer]
    return counts


def _checked_sample(record: StepRecord, sample: object) -> int | None:
    most = sum(layer.size for layer in record.layers)
    if sample is not None and not (is_whole(sample) and 1 <= sample <= most):
        raise SettingError(
            "sample",
            f"sample must be a whole number from 1 to {most}, the number of parameters, or None; "
            f"got {shown(sample)}.",
        )
    return sample


def _refuse_non_finite(record: StepRecord) -> None:
    arrays = {
        "the inputs": (record.inputs,),
        "the weights and biases": record.layers,
        "the gradients": record.layer_gradients,
    }
    for what, layers in arrays.items():
        if not all(np.isfinite(layer).all() for layer in layers):
            raise NotFinite(
                "record",
                f"The gradients of step {record.step} cannot be checked: {what} of the "
                "record are not all finite.",
            )
