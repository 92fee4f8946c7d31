"""The modes of runs in a store: a run trains, or is only visualized.

A mode is no event: choosing one changes nothing of a run, so that no lease is needed and the last
choice of all windows is kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..training.trainer import Trainer

if TYPE_CHECKING:
    from .autosaved_run import AutosavedRun


def read_mode(db: sqlite3.Connection, run_id: str) -> str | None:
    """Return the mode of a run; None if it is that of its configuration."""
    found = db.execute("SELECT mode FROM runs WHERE id = ?", (run_id,)).fetchone()
    return known_mode(found[0]) if found else None


def known_mode(mode: str | None) -> str | None:
    """Return a mode, None in place of one that does not exist."""
    return mode if mode in Trainer.param["mode"].objects else None


def write_modes(db: sqlite3.Connection, entries: Sequence[AutosavedRun]) -> None:
    """Store the modes that runs have now."""
    for entry in entries:
        mode = entry.run.trainer.mode
        db.execute("UPDATE runs SET mode = ? WHERE id = ?", (mode, entry.run.id))
        entry.mode = mode
