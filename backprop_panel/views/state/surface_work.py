"""The loss surface that a page shows, computed in the background while someone looks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import param
from numpy.typing import NDArray
from panel.io.callbacks import PeriodicCallback

from ...analysis.background import Background
from ...analysis.directions import find_directions
from ...analysis.loss_surface import COARSEST, LossGrid, LossSurface
from ...analysis.record_cell import RecordCell
from ...runs.run import TrainingRun
from ...settings import SettingError
from .session import Session

MILLISECONDS = 200
"""Time between two looks for more of the surface."""

Cells = tuple[RecordCell, RecordCell] | None
Piece = tuple[LossSurface, LossGrid] | None


class SurfaceWork(param.Parameterized):
    """Computes the loss surface of the run that a page shows, and follows the run on it.

    A surface is computed anew for another run, plane, loss function or set of silenced units, and
    when the present leaves it. It stays as it is while the run moves on it: `again` draws it
    around the present.
    """

    session = param.ClassSelector(class_=Session, constant=True)
    surface = param.ClassSelector(default=None, class_=LossSurface, allow_None=True)
    grid = param.ClassSelector(
        default=None, class_=LossGrid, allow_None=True, doc="What is computed of it."
    )
    message = param.String("", doc="Why there is no surface.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._background: Background[Piece] | None = None
        self._ticks: PeriodicCallback | None = None
        self._of: tuple | None = None
        self._begun_at = 0
        self._begun_with: NDArray[np.float32] | None = None
        self._wanted = self._delivered = False
        self._later: dict[int, NDArray[np.float64]] = {}
        session.param.watch(lambda event: self.stop(), "left")

    @property
    def running(self) -> bool:
        """Whether a thread computes."""
        return self._background is not None and self._background.running

    @property
    def is_around_present(self) -> bool:
        """Whether the surface is, or will be, that around the present: another would be alike."""
        session = self.session
        if session.training or self._begun_with is None or self.message:
            return False
        return np.array_equal(self._begun_with, session.run.trainer.engine.network.parameters)

    @property
    def cells(self) -> Cells:
        """The two weights of the plane; None for the main directions."""
        return self._of[1]

    def compute(self, cells: Cells) -> None:
        """Compute the surface of the run, or more of it, if there is something to compute.

        Parameters
        ----------
        cells : two of RecordCell or None
            Two weights; None for the main directions of the run's path.
        """
        self._wanted = True
        engine = self.session.run.trainer.engine
        # A reset gives a run other checkpoints.
        of = (engine.checkpoints, cells, engine.settings.loss_type, engine.silenced)
        if of != self._of:
            self._of = of
            self.param.update(surface=None, grid=None, message="")
            self._begin()
        elif self._is_outdated():
            self._begin()
        elif not self._background.done:
            self._background.start()
            self._start_ticks()

    def again(self) -> None:
        """Compute what is followed around the present; the surface before stays until then."""
        self._wanted = True
        self._begin()

    def stop(self) -> None:
        """Stop computing; `follow` goes on."""
        self._wanted = False
        if self._background is not None:
            self._background.stop()

    def tick(self) -> None:
        """Take what was computed since the last tick."""
        running = self.running
        try:
            if (piece := self._background.take()) is not None:
                self._show(*piece)
        except SettingError as error:
            self.param.update(surface=None, grid=None, message=str(error))
        if self._wanted and self._is_outdated():  # the run has moved meanwhile
            self._begin()
        elif not running and self._ticks is not None:
            self._ticks.stop()
            self._ticks = None

    def path(self) -> tuple[list[int], NDArray[np.float64]]:
        """Return the steps, (n,), and the points, (n, 2), of the run's path so far."""
        surface = self.surface
        for state in list(self.session.run.trainer.engine.checkpoints.states):
            if state.step > surface.steps[-1] and state.step not in self._later:
                self._later[state.step] = surface.project(state.parameters)
        later = {step: point for step, point in self._later.items() if np.isfinite(point).all()}
        steps = [*surface.steps.tolist(), *later]
        return steps, np.array([*surface.path, *later.values()])

    def shown_point(self) -> NDArray[np.float64]:
        """Return where the moment that the page shows is on the surface, shape (2,)."""
        session = self.session
        if not session.training:
            return self.surface.project(session.engine.network.parameters)
        # The engine must not be read while a worker trains it.
        record = session.record
        layers = zip(record.layers, record.layer_updates, strict=True)
        return self.surface.project(np.concatenate([(w + step).ravel() for w, step in layers]))

    def compared_point(self) -> NDArray[np.float64] | None:
        """Return where the moment that is subtracted is on the surface, None if there is none."""
        subtracted = self.session.subtracted
        return None if subtracted is None else self.surface.project(subtracted.network.parameters)

    def _show(self, surface: LossSurface, grid: LossGrid) -> None:
        """Take a grid; one of another surface in place of the present one once it is whole."""
        if surface is not self.surface:
            if self.surface is not None and not _is_whole(grid):
                return
            self._delivered, self._later = True, {}
        self.param.update(surface=surface, grid=grid, message="")

    def _begin(self) -> None:
        if self._background is not None:
            self._background.stop()
        session, run = self.session, self.session.run
        self._begun_at, self._delivered = run.trainer.step, False
        # The engine must not be read while a worker trains it.
        parameters = run.trainer.engine.network.parameters
        self._begun_with = None if session.training else parameters.copy()
        self._background = Background(_pieces(run, self.cells))
        self._background.start()
        self._start_ticks()

    def _is_outdated(self) -> bool:
        """Whether the run has left the surface, or has moved since there was none."""
        if self.message:
            return self.session.run.trainer.step != self._begun_at and not self.running
        return self._present_is_outside()

    def _start_ticks(self) -> None:
        if self._ticks is None:
            # In the background: no page is told that the server is busy.
            self._ticks = PeriodicCallback(callback=self.tick, period=MILLISECONDS, background=True)
            self._ticks.start()

    def _present_is_outside(self) -> bool:
        """Whether the present has left the surface, of which the first grid is complete."""
        if self.session.past is not None or not self._delivered or not _is_whole(self.grid):
            return False
        shown = self.shown_point()
        inside = zip(shown, self.surface.extents, strict=True)
        return bool(np.isfinite(shown).all()) and not all(
            low <= place <= high for place, (low, high) in inside
        )


def _is_whole(grid: LossGrid) -> bool:
    """Whether the coarsest grid is complete, so that no part of the surface is blank."""
    return grid.complete or len(grid.x) > COARSEST


def _pieces(run: TrainingRun, cells: Cells) -> Iterator[Piece]:
    """Yield None while the plane is sought, then the surface with more and more of its losses."""
    for directions in find_directions(run, cells):
        if directions is None:
            yield None
            continue
        surface = LossSurface(run, directions)
        for grid in surface.refine():
            yield surface, grid
