"""The thread that saves the runs of a store's managers regularly."""

from __future__ import annotations

from threading import Event, Thread
from time import thread_time
from typing import Protocol

SAVE_SECONDS = 0.5
"""The time between two saves. Changes are on disk within twice that. Networks with megabytes of
weights are saved more rarely, as saving them so often would slow the training down."""

COPYING_SHARE = 0.02
"""The largest share of the training time that copying the changes takes."""

SAVING_SHARE = 0.1
"""The largest share of one processor's time that saving takes."""


class Saver(Protocol):
    """What the saving thread calls: a manager's `Autosave`."""

    def save(self) -> float:
        """Save the changes; return the seconds for which training waited."""


class SavingThread:
    """Calls savers regularly, more rarely if saving takes long.

    Attributes
    ----------
    savers : list of Saver
    """

    def __init__(self) -> None:
        self.savers: list[Saver] = []
        self._stopping = Event()
        self._thread = Thread(target=self._save, name="saving", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread after its present save."""
        self._stopping.set()
        self._thread.join()

    def _save(self) -> None:
        pause = SAVE_SECONDS
        while not self._stopping.wait(pause):
            begin = thread_time()
            copying = sum(saver.save() for saver in list(self.savers))
            saving = thread_time() - begin
            pause = max(SAVE_SECONDS, copying / COPYING_SHARE, saving / SAVING_SHARE)
