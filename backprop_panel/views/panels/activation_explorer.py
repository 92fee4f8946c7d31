"""The activation explorer: where the batch lies on the activation function of a unit or a layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from ...analysis.activation_points import activation_points
from ..plots.colors import Theme, theme_of
from ..plots.dotted_curves import Dot, DottedCurves
from ..plots.line_source import Line
from ..state.cell import Cell
from ..state.map_source import MapSource, RunSource
from ..state.session import Session
from ..widgets.buttons import switch
from .activation_text import curves, dots, layer_text, legend, unit_text
from .question_card import QuestionCard


@dataclass(frozen=True)
class Drawn:
    """Everything that is shown; in a wide layer, to count its z takes longer than a frame."""

    head: str
    lines: list[Line]
    dots: list[Dot]
    text: str


class ActivationExplorer(QuestionCard):
    """φ and φ′ of a hidden unit or of its layer, with the batch's z on them."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Activation")
        self._of_layer = switch({"this unit": False, "the layer": True}, False)
        self._of_layer.param.watch(self._draw_if_visible, "value")
        self._curves = DottedCurves("activation", names=("z", "φ(z) and φ′(z)"))
        self._plot = self._curves.with_table(height=190, margin=(2, 0), sizing_mode="stretch_width")
        self._layout[:] = [self._head, self._of_layer, self._plot, self._text]

    def draw(self) -> None:
        """Ask where the batch lies."""
        session, of_layer, theme = self.session, self._of_layer.value, theme_of(self.session.dark)
        source, cell = RunSource(session.run, session.examined), session.selection
        self.ask(
            (session.run, cell.layer, cell.index, of_layer, theme),
            session.examined,
            partial(drawn, source, cell, of_layer, theme),
        )

    def show(self, answer: Drawn) -> None:
        """Draw the curves, the dots, and what is flat."""
        self.set_head(answer.head)
        z = answer.lines[0].x
        self._curves.show_between(answer.lines, z[0], z[-1])
        self._curves.show_dots(answer.dots)
        self._plot.visible = True
        self.set_text(answer.text)

    def refuse(self, message: str) -> None:
        """Say why there is nothing to see."""
        self._plot.visible = False
        super().refuse(message)


def drawn(source: MapSource, cell: Cell, of_layer: bool, theme: Theme) -> Iterator[Drawn]:
    """Yield what is shown of a unit, or of all units of its layer."""
    unit = None if of_layer else cell.column
    points = activation_points(source.record, cell.layer - 1, unit)
    about = f"a{cell.layer}" if of_layer else f"unit {unit} of a{cell.layer}"
    example = None if of_layer else cell.row
    flat = layer_text(points) if of_layer else unit_text(points, source)
    yield Drawn(
        head=f"{about}, {points.activation}",
        lines=curves(points, theme),
        dots=list(dots(points, example, theme)),
        text=legend(points, example, theme) + flat,
    )
