"""One run that is saved automatically, and how much of it is in the store."""

from __future__ import annotations

import warnings
from threading import Event
from time import monotonic, perf_counter
from typing import TYPE_CHECKING

from ..settings import shown
from ..training.trainer import always_free
from .run_delta import RunDelta, Saved

if TYPE_CHECKING:
    from ..runs.run import TrainingRun


class AutosavedRun:
    """A loaded run of a manager, and how much of it is in the store.

    Attributes
    ----------
    run : TrainingRun
    stem : str or None
        The beginning of a free name, for a run that the user did not name; else None.
    draft : bool
        Whether the run is stored with its first event only.
    saved : Saved or None
        How much of it is in the file; None: nothing yet.
    mode : str
        Whether the run trains or is only visualized, as in the file.
    held : bool
        Whether this manager holds its lease.
    used : float
        When the lease was last needed.
    lost : bool
        Whether another process changed the run while this one did. The file then takes precedence.
    copying : float
        Seconds for which training waited for the last delta.
    """

    def __init__(self, run: TrainingRun, stem: str | None = None, draft: bool = False) -> None:
        self.run = run
        self.stem = stem
        self.draft = draft
        self.saved: Saved | None = None
        self.mode: str = run.config["mode"]
        self.held = False
        self.used = 0.0
        self.lost = False
        self.copying = 0.0
        self._delta: RunDelta | None = None
        self._requested = False
        self._failure: Exception | None = None
        self._finished = Event()

    @property
    def is_unsaved(self) -> bool:
        """Whether the run has changes that belong into the file and are not there."""
        engine = self.run.trainer.engine
        if self.saved is None:
            return bool(engine.events) or not self.draft
        return not self.saved.is_all_of(engine)

    @property
    def has_unsaved_events(self) -> bool:
        """Whether a stored run has changes that are not in the file, beside its checkpoints."""
        return not self.saved.has_events_of(self.run.trainer.engine)

    @property
    def has_new_mode(self) -> bool:
        """Whether a stored run has another mode than the file."""
        return self.saved is not None and self.mode != self.run.trainer.mode

    def not_saved(self, reason: object) -> str:
        """Return the message that the last changes of the run are lost."""
        return f"The last changes to {shown(self.run.name)} here are not saved: {reason}"

    def warn_of_closed_store(self) -> None:
        """Warn once that a change of the run is not saved, as its manager is closed."""
        run = self.run
        run.trainer.claim = always_free
        warnings.warn(
            f"{shown(run.name)} goes on in memory only: its manager is closed, and saves nothing "
            "more.",
            stacklevel=2,
        )

    def request_delta(self) -> None:
        """Have a delta taken between two steps; `delta` returns it.

        A delta left over from an earlier save is taken anew, as it lacks the later changes.
        """
        is_awaited = self._requested and not self._finished.is_set()
        if not is_awaited and not self.lost:
            self._requested, self._delta, self._failure = True, None, None
            self._finished.clear()
            self.run.commands.put(self._take_delta)

    def delta(self, deadline: float) -> RunDelta | None:
        """Return the requested delta, None if it is not there by the deadline.

        It is also None if the run has been read from the file since, as the delta does not start
        from that state.

        Raises
        ------
        Exception
            The one that taking the delta raised.
        """
        if not self._requested or not self._finished.wait(max(0.0, deadline - monotonic())):
            return None
        delta, self._delta, self._requested = self._delta, None, False
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        return delta if delta is not None and delta.before is self.saved else None

    def _take_delta(self) -> None:
        begin = perf_counter()
        try:
            # Between the request and this moment the run may have been read from the file.
            if self.is_unsaved:
                self._delta = RunDelta.take(self.run.trainer.engine, self.saved)
        except Exception as failure:  # too little memory, for example: training goes on
            self._failure = failure
        self.copying = perf_counter() - begin
        self._finished.set()
