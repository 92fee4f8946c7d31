"""The index of one user's runs in a store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any

from ..settings import SettingError, shown
from .run_modes import known_mode
from .run_names import free_name, legal_name
from .run_summary import Losses, RunSummary
from .serialization import Damaged, pack_json, unpack_json

if TYPE_CHECKING:
    from ..runs.run import TrainingRun


@dataclass(frozen=True)
class ListedRun:
    """A run as the index lists it.

    Attributes
    ----------
    id, name : str
    parent : (str, int) or None
        The id of the run that it was forked from, and the step.
    saves : int
        How often it has been saved.
    position : int
        Its place in the order of the runs.
    mode : str or None
        Whether it trains or is only visualized; None: as its configuration says.
    """

    id: str
    name: str
    parent: tuple[str, int] | None
    saves: int
    position: int
    mode: str | None
    _config: str
    _summary: tuple[int, int, str | None, float | None, float | None, str]

    @property
    def config(self) -> dict[str, Any]:
        """The configuration as it was stored.

        Raises
        ------
        Damaged
        """
        return unpack_json(self._config)

    @property
    def summary(self) -> RunSummary | None:
        """The summary of the last save; None if there is none, as in a store of older format."""
        step, epoch, settings, last, best, best_of = self._summary
        if settings is None:
            return None
        try:
            settings = unpack_json(settings)
        except Damaged:
            return None
        # SQLite has no NaN: it keeps NULL in its place.
        last, best = (nan if loss is None else loss for loss in (last, best))
        return RunSummary(step, epoch, settings, Losses(last, best, best_of))


def list_owners(db: sqlite3.Connection) -> list[str]:
    """Return the owners of the runs of a store, in the order in which they came."""
    return [user for (user,) in db.execute("SELECT user FROM workspaces ORDER BY id")]


class RunIndex:
    """The runs of one user; no method reads or changes those of another.

    Each method works in the transaction that it is given.
    """

    def __init__(self, db: sqlite3.Connection, user: str, read_only: bool = False) -> None:
        if not read_only:
            db.execute("INSERT INTO workspaces (user) VALUES (?) ON CONFLICT DO NOTHING", (user,))
        found = db.execute("SELECT id FROM workspaces WHERE user = ?", (user,)).fetchone()
        # In a read-only store there may be no workspace of this user, and so no run.
        self._workspace: int | None = found[0] if found else None

    def listed(self, db: sqlite3.Connection) -> list[ListedRun]:
        """Return the runs in their order."""
        rows = db.execute(
            "SELECT id, name, parent, parent_step, saves, position, mode, config, "
            "step, epoch, settings, last_loss, best_loss, best_of FROM runs "
            "WHERE workspace = ? ORDER BY position",
            (self._workspace,),
        )
        return [
            ListedRun(
                run,
                name,
                parent and (parent, at),
                saves,
                place,
                known_mode(mode),
                config,
                tuple(rest),
            )
            for run, name, parent, at, saves, place, mode, config, *rest in rows
        ]

    def used_last(self, db: sqlite3.Connection) -> str | None:
        """Return the id of the run that was current last."""
        query = "SELECT current FROM workspaces WHERE id = ?"
        found = db.execute(query, (self._workspace,)).fetchone()
        return found[0] if found else None

    def use(self, db: sqlite3.Connection, run_id: str) -> None:
        """Store which run is current."""
        db.execute("UPDATE workspaces SET current = ? WHERE id = ?", (run_id, self._workspace))

    def insert(self, db: sqlite3.Connection, run: TrainingRun, stem: str | None) -> str:
        """Add a run as the last one, at its beginning; return its name in the index.

        A run whose name is taken gets a free one that begins with `stem`; without a stem it is
        refused.
        """
        parent, step = run.parent or (None, None)
        name = legal_name(run.name)
        if stem is not None and self._is_taken(db, name):
            name = free_name(stem, self._names(db))
        position = "SELECT coalesce(max(position), 0) + 1 FROM runs"
        with _taken_names_refused(name):
            db.execute(
                "INSERT INTO runs (id, workspace, name, config, parent, parent_step, position) "
                f"VALUES (?, ?, ?, ?, ?, ?, ({position}))",
                (run.id, self._workspace, name, pack_json(run.config), parent, step),
            )
        return name

    def rename(self, db: sqlite3.Connection, run_id: str, name: str) -> None:
        """Rename a run."""
        name = legal_name(name)
        query = "UPDATE runs SET name = ? WHERE id = ? AND workspace = ?"
        with _taken_names_refused(name):
            db.execute(query, (name, run_id, self._workspace))

    def delete(self, db: sqlite3.Connection, run: TrainingRun) -> None:
        """Delete a run unless it is the last."""
        query = "SELECT count(*) FROM runs WHERE workspace = ?"
        if db.execute(query, (self._workspace,)).fetchone() == (1,):
            raise SettingError("runs", f"{shown(run.name)} is the only run; there must be one.")
        self.delete_row(db, run.id)

    def delete_row(self, db: sqlite3.Connection, run_id: str) -> None:
        """Delete a run, readable or not, even the last one."""
        db.execute("DELETE FROM runs WHERE id = ? AND workspace = ?", (run_id, self._workspace))

    def _is_taken(self, db: sqlite3.Connection, name: str) -> bool:
        query = "SELECT 1 FROM runs WHERE workspace = ? AND name = ?"
        return db.execute(query, (self._workspace, name)).fetchone() is not None

    def _names(self, db: sqlite3.Connection) -> set[str]:
        rows = db.execute("SELECT name FROM runs WHERE workspace = ?", (self._workspace,))
        return {name for (name,) in rows}


@contextmanager
def _taken_names_refused(name: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise SettingError("name", f"There is a run named {shown(name)} already.") from None
    except UnicodeEncodeError:
        raise SettingError("name", f"{shown(name)} is not a text that can be stored.") from None
