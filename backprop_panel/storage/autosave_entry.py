"""One run of a manager, and how far it is in the store."""

from __future__ import annotations

from threading import Event
from time import monotonic, perf_counter
from typing import TYPE_CHECKING

from .run_delta import Saved, Snapshot

if TYPE_CHECKING:
    from ..runs.run import TrainingRun


class Entry:
    """A run on a shelf.

    Attributes
    ----------
    run : TrainingRun
    stem : str or None
        The first part of a free name, for a run whose name nobody chose; None: its name stays.
    draft : bool
        Whether the file gets it only with its first event.
    saved : Saved or None
        How far it is in the file; None: not at all yet.
    held : bool
        Whether this manager has its lease.
    used : float
        When the lease was last needed.
    lost : bool
        Whether another changed the run while this manager did: the file has the say.
    copying : float
        For how many seconds training waited for the last snapshot.
    """

    def __init__(self, run: TrainingRun, stem: str | None = None, draft: bool = False) -> None:
        self.run = run
        self.stem = stem
        self.draft = draft
        self.saved: Saved | None = None
        self.held = False
        self.used = 0.0
        self.lost = False
        self.copying = 0.0
        self._snapshot: Snapshot | None = None
        self._asked = False
        self._failure: Exception | None = None
        self._came = Event()

    @property
    def is_new(self) -> bool:
        """Whether the run has something that is not in the file and belongs there."""
        engine = self.run.trainer.engine
        if self.saved is None:
            return bool(engine.events) or not self.draft
        return not self.saved.is_all_of(engine)

    def ask(self) -> None:
        """Have a snapshot taken between two steps."""
        if not self._asked and not self.lost:
            self._asked = True
            self._came.clear()
            self.run.commands.put(self._take)

    def snapshot(self, until: float) -> Snapshot | None:
        """Return the snapshot that was asked for, if it comes by then; raise what prevented it."""
        if not self._asked or not self._came.wait(max(0.0, until - monotonic())):
            return None
        snapshot, self._snapshot, self._asked = self._snapshot, None, False
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure
        return snapshot

    def _take(self) -> None:
        begin = perf_counter()
        try:
            self._snapshot = Snapshot.take(self.run.trainer.engine, self.saved)
        except Exception as failure:  # too little memory: no reason for training to end
            self._failure = failure
        self.copying = perf_counter() - begin
        self._came.set()
