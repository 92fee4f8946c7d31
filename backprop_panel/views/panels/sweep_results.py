"""What the views of a sweep's results have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn
import param

from ..state.sweep_choice import SweepChoice


class SweepResults(pn.viewable.Viewer):
    """A view of the runs of a sweep, of which one that is clicked is opened.

    Parameters
    ----------
    choice : SweepChoice
    open_run : callable
        Called with the number of the run that is clicked.
    """

    choice = param.ClassSelector(class_=SweepChoice, constant=True)

    def __init__(self, choice: SweepChoice, open_run: Callable[[int], Any]) -> None:
        super().__init__(choice=choice)
        self._open = open_run
