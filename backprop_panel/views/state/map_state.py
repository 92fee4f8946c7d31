"""What a network map shows, and how: the map derives from it, and changes nothing of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import param

from ...analysis.checks.gradient_check import GradientCheck
from .marks import Marks
from .reveal import Reveal


class MapState(param.Parameterized):
    """What a network map shows, whatever colours it has."""

    source = param.Parameter(doc="The `MapSource` to draw.")
    marks = param.ClassSelector(default=Marks(), class_=Marks, doc="What is outlined.")
    ringed = param.ClassSelector(
        default=(), class_=tuple, doc="The `CellBlock`s of the term that is pointed at."
    )
    reveal = param.ClassSelector(
        default=None, class_=Reveal, allow_None=True, doc="What a phase shows; None: everything."
    )
    deltas_shown = param.Boolean(
        False, doc="Whether the gradients of activations are shown as deltas, dL/dz."
    )
    check = param.ClassSelector(
        default=None,
        class_=GradientCheck,
        allow_None=True,
        doc="The check whose errors are shown in place of the gradients of weights and biases.",
    )
    animated = param.Boolean(False, doc="Whether records follow one another: scales are smoothed.")
    examples_named = param.Boolean(True, doc="Whether rows have the names of their examples.")
    dark = param.Boolean(False, doc="Whether the page is dark.")
    fitted = param.Boolean(False, doc="Whether the window shows all columns, however narrow.")
    title = param.String("", doc="What the map shows, where that is not simply one step: HTML.")

    @property
    def fitting_check(self) -> GradientCheck | None:
        """The check whose errors are shown, unless it is of a network of another shape."""
        return self.check if _fits(self.check, self.source.widths) else None

    @property
    def has_errors(self) -> bool:
        """Whether the lower row shows errors of weights."""
        return self.fitting_check is not None

    @property
    def is_after_update(self) -> bool:
        """Whether the weights are shown that the step made."""
        return bool(self.reveal and self.reveal.is_after_update)


def _fits(check: GradientCheck | None, widths: Sequence[int]) -> bool:
    """Tell whether there is a check of a network with so many units in its levels."""
    if check is None:
        return False
    shapes = [(inputs + 1, units) for inputs, units in pairwise(widths)]
    return [errors.shape for errors in check.errors] == shapes
