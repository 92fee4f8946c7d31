"""The activation explorer: where the batch lies on the activation function of a unit or a layer."""

from __future__ import annotations

from functools import partial
from html import escape

import panel as pn

from ...analysis.activation_points import ActivationPoints, activation_points
from ...nn.record import StepRecord
from ..plots.colors import theme_of
from ..plots.dotted_curves import DottedCurves
from ..state.map_source import RunSource
from ..state.session import Session
from ..widgets.buttons import switch
from .activation_text import curves, dots, flat_examples, flat_units, legend
from .question_card import QuestionCard


class ActivationExplorer(QuestionCard):
    """φ and φ′ of a hidden unit or of its layer, with the batch's z on them."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Activation")
        self._of_layer = switch({"this unit": False, "the layer": True}, False)
        self._of_layer.param.watch(self._draw_if_visible, "value")
        self._curves = DottedCurves("activation")
        self._plot = pn.Column(
            self._curves.pane, height=170, margin=(2, 0), sizing_mode="stretch_width"
        )
        self._layout[:] = [self._head, self._of_layer, self._plot, self._text]

    def draw(self) -> None:
        """Ask where the batch lies."""
        session, cell = self.session, self.session.selection
        layer, unit = cell.layer - 1, None if self._of_layer.value else cell.column
        self.ask(
            (session.run, layer, unit),
            session.examined,
            partial(_points, session.examined, layer, unit),
        )

    def show(self, answer: tuple[StepRecord, ActivationPoints]) -> None:
        """Draw the curves, the dots, and what is flat."""
        record, points = answer
        session, theme = self.session, theme_of(self.session.dark)
        self._curves.show(curves(points, theme))
        self._curves.show_dots(list(dots(points, session.selection.row, theme)))
        self._plot.visible = True
        if self._of_layer.value:
            about, flat = "", flat_units(points)
        else:
            about = f"unit {points.units[0]} of "
            flat = flat_examples(points, RunSource(session.run, record))
        self.set_head(f"{about}a{points.layer + 1}, {escape(points.activation)}")
        self.set_text(legend(points, theme) + flat)

    def refuse(self, message: str) -> None:
        """Say why there is nothing to see."""
        self._plot.visible = False
        super().refuse(message)


def _points(
    record: StepRecord, layer: int, unit: int | None
) -> list[tuple[StepRecord, ActivationPoints]]:
    return [(record, activation_points(record, layer, unit))]
