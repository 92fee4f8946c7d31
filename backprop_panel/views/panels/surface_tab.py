"""The Surface tab: the loss over two directions through the weights, with the run's path on it."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import numpy as np
import panel as pn
import param

from ...analysis.loss_surface import COARSEST, FINEST, LossGrid
from ...nn.losses import LOSSES
from ..plots.colors import LOSS_LEGEND, NOT_FINITE
from ..plots.html import html
from ..plots.line_plot import MARKER_COLOR
from ..plots.surface_plot import Place, SurfacePlot
from ..state.session import Session, redraw_on_change
from ..state.surface_work import SurfaceWork
from ..widgets.buttons import button
from .plane_fields import NO_WEIGHTS, PlaneFields

COMPUTING = "The first points of the surface are being computed …"
NOT_FINITE_NOW = "the weights that are shown are not finite: no point stands for them"


HEIGHT = "max(300px, calc(var(--bp-height, 100vh) - 340px + var(--bp-freed, 0px)))"
"""The height of the plot: what the window leaves; in the presentation it leaves more."""


class SurfaceTab(pn.viewable.Viewer):
    """The loss surface of the run, its path, and the moment that is shown as a point."""

    session = param.ClassSelector(class_=Session, constant=True)
    visible = param.Boolean(False, doc="Whether the tab is the active one.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._plane = PlaneFields(session)
        self.work = SurfaceWork(session)
        self.plot = SurfacePlot("surface")
        self._note = html("", "bp-note")
        self._legend = html("", "bp-legend")
        self._scale_note = ""
        self._again = button("Draw around the present", self._draw_again, margin=(12, 6, 0, 0))
        self._drawing = self._new_drawing()
        self._layout = self._lay_out()
        redraw_on_change(session, self._follow)
        session.param.watch(self._follow, "subtracted")
        self.param.watch(self._follow, "visible")
        self._plane.param.watch(self._follow, ["cells", "ready"])
        self.work.param.watch(self._draw_losses, ["surface", "grid", "message"])

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _new_drawing(self) -> pn.Column:
        return self.plot.with_table(
            visible=False,
            sizing_mode="stretch_width",
            styles={"height": HEIGHT},
        )

    def _lay_out(self) -> pn.Column:
        return pn.Column(
            # In several lines where the window is narrow.
            pn.FlexBox(*self._plane.fields, self._again, sizing_mode="stretch_width", margin=0),
            self._note,
            self._legend,
            self._drawing,
            sizing_mode="stretch_width",
            margin=0,
        )

    def _follow(self, *events: param.parameterized.Event) -> None:
        if not (self.visible and self._plane.ready):
            self.work.stop()
        else:
            self.work.compute(self._plane.cells)
        if self.visible:
            self._draw_path()

    def _draw_again(self) -> None:
        if self._plane.ready:
            self.work.again()
        else:
            self._plane.demand()

    def _draw_losses(self, *events: param.parameterized.Event) -> None:
        if not self.visible:
            return
        with pn.io.hold():
            if self.work.grid is not None:
                shades = self.plot.show_losses(self.work.grid, self._axis_names())
                self._scale_note = " (log scale)" if shades.is_log else ""
                if np.isinf(shades.losses).any():
                    self._scale_note += f' · <span style="color:{NOT_FINITE}">■</span> not finite'
            self._draw_path()

    def _draw_path(self) -> None:
        """Draw all but the losses: the path, its points, and what is said about them."""
        work = self.work
        there = self._plane.ready and work.surface is not None
        with pn.io.hold():
            self._again.disabled = self._plane.ready and work.is_around_present
            self._drawing.visible = self._legend.visible = there
            self._note.visible = not there
            self._note.object = self._reason()
            if there:
                steps, points = work.path()
                places = list(self._places(steps, points))
                if self.session.past is None and np.isfinite(work.shown_point()).all():
                    points = np.array([*points, work.shown_point()])
                self.plot.show_path(points, places)
                self._legend.object = self._legend_text(places)

    def _reason(self) -> str:
        """Return why there is no surface, as HTML."""
        if not self._plane.ready:
            return NO_WEIGHTS
        return escape(self.work.message) or COMPUTING

    def _axis_names(self) -> tuple[str, str]:
        shares = self.work.surface.directions.shares
        if shares is None:
            return tuple(cell.name(self.session.record) for cell in self.work.cells)
        return tuple(
            f"direction {number} ({share:.1%} of the path's variance)"
            for number, share in enumerate(shares, 1)
        )

    def _places(self, steps: list[int], points: np.ndarray) -> Iterator[Place]:
        """Yield the states of the path, its beginning, the compared moment and the one shown."""
        for step, (x, y) in zip(steps, points.tolist(), strict=True):
            yield Place(x, y, f"step {step:,}")
        yield Place(*points[0].tolist(), "the beginning", "square", 9)
        session = self.session
        compared = self.work.compared_point()
        if compared is not None and np.isfinite(compared).all():
            text = f"compared: step {session.subtracted.step:,}"
            yield Place(*compared.tolist(), text, "diamond", 14)
        shown = self.work.shown_point()
        if np.isfinite(shown).all():
            yield Place(*shown.tolist(), self._moment(), "circle", 12, MARKER_COLOR)

    def _moment(self) -> str:
        session = self.session
        if session.past is not None:
            return f"the past, after step {session.past.step:,}"
        step = session.record.step if session.training else session.engine.step
        return f"now, after step {step:,}" if step else "now, before the first step"

    def _legend_text(self, places: list[Place]) -> str:
        """Return what the marks stand for, and what is drawn, as HTML."""
        surface, grid = self.work.surface, self.work.grid
        marks = ["━ path", "□ its beginning"]
        if any(place.marker == "diamond" for place in places):
            marks.append("◇ compared moment")
        is_shown = places[-1].color == MARKER_COLOR
        marks.append(
            f'<span style="color:{MARKER_COLOR}">●</span> {self._moment()}'
            if is_shown
            else NOT_FINITE_NOW
        )
        drawn = [
            f"colour: {LOSSES[surface.loss_type].label} of {len(surface.samples)} training "
            f"examples{self._scale_note}, {LOSS_LEGEND}",
            _progress(grid),
            _plane_of(surface.directions.shares, int(surface.steps[-1])),
        ]
        return f"{' &nbsp; '.join(marks)}<br>{' · '.join(drawn)}"


def _progress(grid: LossGrid) -> str:
    """Return how many points are computed: those of the finest grid that is complete."""
    side = len(grid.x) if grid.complete or len(grid.x) == COARSEST else (len(grid.x) + 1) // 2
    return f"{side}×{side}" + (f" of {FINEST}×{FINEST}" if side < FINEST else "") + " points"


def _plane_of(shares: tuple[float, float] | None, step: int) -> str:
    """Return where the plane lies."""
    if shares is None:
        return f"all other weights as at step {step:,}"
    return f"plane through step {step:,}: {sum(shares):.1%} of the path's variance"
