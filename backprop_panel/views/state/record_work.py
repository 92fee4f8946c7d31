"""Work about the record that a page shows, in the background."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Any, ClassVar

import param
from panel.io.callbacks import PeriodicCallback

from ...analysis.background import REST, Background, gathered
from ...nn.record import StepRecord
from .session import Session
from .user_errors import USER_ERRORS

MILLISECONDS = 200
"""Time between two looks for a result."""


class RecordWork(param.Parameterized):
    """Computes something about each record: of a run that is trained, of one now and then.

    Subclasses say what: `pieces` computes it, and `take` shows the last piece that is not None.
    """

    rest: ClassVar[int] = 20
    """How many times longer than it took the work waits for the next record of a trained run.

    Its pieces rest besides, so that training keeps more than 97% of its time.
    """

    rest_of_piece: ClassVar[float] = REST
    """How many times longer than a piece took it rests after it, while a run is trained."""

    patience: ClassVar[float] = 0.0
    """Seconds for which what is shown must stand still before the work begins."""

    session = param.ClassSelector(class_=Session, constant=True)
    on = param.Boolean(False, doc="Whether records are worked on.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._background: Background | None = None
        self._ticks: PeriodicCallback | None = None
        self._of: StepRecord | None = None
        self._begun_at = self._next_at = self._changed_at = 0.0
        session.param.watch(self._follow, ["record", "run", "training"])
        session.param.watch(lambda event: self._stop(), "left")
        self.param.watch(self._switch, "on")

    def pieces(self, record: StepRecord) -> Iterator[Any]:
        """Compute it, yielding after each few milliseconds."""
        raise NotImplementedError

    def take(self, record: StepRecord, result: Any) -> None:
        """Show the result."""
        raise NotImplementedError

    def forget(self, message: str = "") -> None:
        """Show no result, and why there is none."""
        raise NotImplementedError

    @property
    def running(self) -> bool:
        """Whether a record is worked on."""
        return self._background is not None

    def tick(self) -> None:
        """Take what was computed since the last tick."""
        if self._background is not None and self._background.done:
            self._finish(self._background)
        self._follow()
        if self._is_idle() and self._ticks is not None:
            self._ticks.stop()
            self._ticks = None

    def _is_idle(self) -> bool:
        """Return whether nothing is under way or waits to begin."""
        is_known = not self.on or self.session.record is self._of
        return self._background is None and not self.session.training and is_known

    def _switch(self, event: param.parameterized.Event) -> None:
        if not event.new:
            self._stop()
            self.forget()
        self._follow()

    def _stop(self) -> None:
        if self._background is not None:
            self._background.stop()
        self._background = self._of = None

    def _follow(self, *events: param.parameterized.Event) -> None:
        """Begin with the record that is shown, unless it is known, under way or too early."""
        if any(event.name == "run" for event in events):
            self._stop()
            self.forget()
            self._next_at = 0.0
        if events:
            self._changed_at = monotonic()
        record = self.session.record
        if not self.on or record is self._of:
            return
        self._start_ticks()
        if not self._must_wait():
            self._of, self._begun_at = record, monotonic()
            self._background = Background(gathered(self.pieces(record)), self.rest_of_piece)
            self._background.start()

    def _start_ticks(self) -> None:
        if self._ticks is None:
            # In the background: no page is told that the server is busy.
            self._ticks = PeriodicCallback(callback=self.tick, period=MILLISECONDS, background=True)
            self._ticks.start()

    def _must_wait(self) -> bool:
        if self.session.manager.trained_elsewhere:
            return True  # what is shown changes every second, and has to be repeated from the store
        if self.session.training:
            return self.running or monotonic() < self._next_at
        if self.running:
            self._stop()  # on a record that is no longer shown
        return monotonic() < self._changed_at + self.patience

    def _finish(self, background: Background) -> None:
        record, self._background = self._of, None
        self._next_at = monotonic() + self.rest * (monotonic() - self._begun_at)
        try:
            results = background.take()
        except USER_ERRORS as error:
            self.forget(str(error))
        else:
            self.take(record, results[-1] if results else None)
