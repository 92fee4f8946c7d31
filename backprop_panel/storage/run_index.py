"""The list of one person's runs in a store."""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from ..settings import SettingError
from .run_delta import Conflict
from .serialization import pack_json, unpack_json

if TYPE_CHECKING:
    from ..runs.run import TrainingRun


@dataclass(frozen=True)
class Listed:
    """A run as it is listed."""

    id: str
    name: str
    parent: tuple[str, int] | None
    saves: int


class Catalogue:
    """One person's runs: everything that is asked here is asked of these alone.

    Each method works in the transaction that it is given.
    """

    def __init__(self, db: sqlite3.Connection, user: str, read_only: bool = False) -> None:
        if not read_only:
            db.execute("INSERT INTO workspaces (user) VALUES (?) ON CONFLICT DO NOTHING", (user,))
        found = db.execute("SELECT id FROM workspaces WHERE user = ?", (user,)).fetchone()
        # Who never wrote into a store that is read-only now has no runs in it.
        self._workspace: int | None = found[0] if found else None

    def listed(self, db: sqlite3.Connection) -> list[Listed]:
        """Return the runs in their order."""
        rows = db.execute(
            "SELECT id, name, parent, parent_step, saves FROM runs "
            "WHERE workspace = ? ORDER BY position",
            (self._workspace,),
        )
        return [
            Listed(run, name, None if parent is None else (parent, step), saves)
            for run, name, parent, step, saves in rows
        ]

    def config(self, db: sqlite3.Connection, run_id: str) -> dict[str, Any]:
        """Return the configuration of a run."""
        query = "SELECT config FROM runs WHERE id = ? AND workspace = ?"
        row = db.execute(query, (run_id, self._workspace)).fetchone()
        if row is None:
            raise Conflict("it was deleted in another window or process")
        return unpack_json(row[0])

    def used_last(self, db: sqlite3.Connection) -> str | None:
        """Return the id of the run that was last worked on."""
        query = "SELECT current FROM workspaces WHERE id = ?"
        found = db.execute(query, (self._workspace,)).fetchone()
        return found[0] if found else None

    def use(self, db: sqlite3.Connection, run_id: str) -> None:
        """Remember which run is worked on."""
        db.execute("UPDATE workspaces SET current = ? WHERE id = ?", (run_id, self._workspace))

    def insert(self, db: sqlite3.Connection, run: TrainingRun, stem: str | None) -> str:
        """Add a run as the last one, with nothing done to it yet; return its name there.

        If its name is taken, it gets a free one that begins with `stem`; without, it is refused.
        """
        parent, step = run.parent or (None, None)
        taken = set() if stem is None else {listed.name for listed in self.listed(db)}
        name = free_name(stem, taken) if run.name in taken else run.name
        place = "SELECT coalesce(max(position), 0) + 1 FROM runs"
        with _taken_names_refused(name):
            db.execute(
                "INSERT INTO runs (id, workspace, name, config, parent, parent_step, position) "
                f"VALUES (?, ?, ?, ?, ?, ?, ({place}))",
                (run.id, self._workspace, name, pack_json(run.config), parent, step),
            )
        return name

    def rename(self, db: sqlite3.Connection, run_id: str, name: str) -> None:
        """Give a run another name."""
        query = "UPDATE runs SET name = ? WHERE id = ? AND workspace = ?"
        with _taken_names_refused(name):
            db.execute(query, (name, run_id, self._workspace))

    def delete(self, db: sqlite3.Connection, run: TrainingRun) -> None:
        """Delete a run unless it is the last."""
        query = "SELECT count(*) FROM runs WHERE workspace = ?"
        if db.execute(query, (self._workspace,)).fetchone() == (1,):
            raise SettingError("runs", f"{run.name!r} is the only run; there must be one.")
        self.delete_row(db, run.id)

    def delete_row(self, db: sqlite3.Connection, run_id: str) -> None:
        """Delete a run, whether it can be read or not, the last one too."""
        db.execute("DELETE FROM runs WHERE id = ? AND workspace = ?", (run_id, self._workspace))


MOST_NAME_LENGTH = 200
"""Characters in a run's name, wherever it comes from."""

NUMBER_LENGTH = 10
"""Characters that a stem leaves for its number."""


def free_name(stem: str, taken: Container[str]) -> str:
    """Return the first of ``stem1``, ``stem2``, … that is not taken; a long stem is cut short."""
    if len(stem) > MOST_NAME_LENGTH - NUMBER_LENGTH:
        stem = f"{stem[: MOST_NAME_LENGTH - NUMBER_LENGTH - 2]}…."
    return next(name for number in count(1) if (name := f"{stem}{number}") not in taken)


@contextmanager
def _taken_names_refused(name: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise SettingError("name", f"There is a run named {name!r} already.") from None
    except UnicodeEncodeError:
        raise SettingError("name", f"{name!r} is not a text that can be stored.") from None
