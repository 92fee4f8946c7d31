"""The sweep of a page: it belongs to the store, so that a closed page does not end it."""

from __future__ import annotations

from collections.abc import Hashable
from threading import Thread
from time import monotonic
from typing import Any

import param
from panel.io.callbacks import PeriodicCallback

from ...runs.run import TrainingRun
from ...settings import SettingError
from ...storage.run_names import free_name
from ...sweeps.stored_sweeps import UnreadableSweep, stored_sweeps
from ...sweeps.sweep import Sweep
from ...sweeps.trial import Trial
from .session import Session

MILLISECONDS = 500
"""Time between two looks for what has come."""

LOOKING_SHARE = 0.1
"""Largest share of the time that is spent on looking what others have trained."""

SWEEPS: dict[tuple[str, str], Sweep] = {}
"""The sweeps of this process, by the file and the user of their runs: all pages see one."""

PROBLEMS: dict[tuple[str, str], str] = {}
"""Why newer sweeps than that one cannot be read."""

NEWEST: dict[tuple[str, str], str] = {}
"""The id of the newest sweep of a store when it was last looked for."""


class SweepWork(param.Parameterized):
    """The sweep that a page shows: begun, paused, resumed, and its runs opened.

    What is wrong stands in the session's `mistakes` under ``sweep``.
    """

    session = param.ClassSelector(class_=Session, constant=True)
    sweep = param.ClassSelector(default=None, class_=Sweep, allow_None=True)
    version = param.Integer(0, doc="Grows when there is something new to be drawn.")
    problem = param.String("", doc="Why sweeps of the store cannot be read; empty if they can.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._changes = self._seen = 0
        self._was_running = False
        self._standing: Hashable = None
        self._may_have_news, self._next_look = True, 0.0
        self._ticks: PeriodicCallback | None = None
        self.find()

    @property
    def running(self) -> bool:
        """Whether runs are being trained."""
        return self.sweep is not None and self.sweep.running

    def find(self) -> None:
        """Show the sweep that this process trains or, without any, the newest readable one."""
        store = self.session.manager.store
        if store is None:
            return
        found = SWEEPS.get(self._key())
        try:
            if not store.read_only and not (found and found.running):
                found = self._newest(found)
            self.problem = PROBLEMS.get(self._key(), "")
        except SettingError as error:
            self.problem = str(error)
        self._may_have_news = True
        if found is not self.sweep:
            self._show(found)

    def look(self) -> None:
        """Show what another window or process trains, of this sweep or of a first one."""
        if self.running or self.session.manager.store is None or monotonic() < self._next_look:
            return
        begin = monotonic()
        if self.sweep is None:
            self.find()
        else:
            self._follow(self.sweep)
        self._next_look = monotonic() + (monotonic() - begin) / LOOKING_SHARE

    def _follow(self, sweep: Sweep) -> None:
        """Take what others have trained of a sweep, and tell the views if that changes anything."""
        run_elsewhere = sweep.run_elsewhere
        try:
            if run_elsewhere or self._may_have_news:
                sweep.refresh()
            # It lets go of the sweep after its last save.
            self._may_have_news = run_elsewhere
            self.problem = PROBLEMS.get(self._key(), "")
        except SettingError as error:
            self.problem = str(error)
        standing = (*sweep.counts.values(), sweep.progress, run_elsewhere)
        if standing != self._standing:
            self._standing = standing
            self.version += 1

    def start(self, base: dict[str, Any], scheduler: str, **plan: Any) -> None:
        """Begin a sweep in place of the one that is shown.

        Raises
        ------
        SettingError
            If it cannot work, or one is running, which is shown then: nothing has started.
        """
        self.find()  # what another window has begun meanwhile
        if self.running:
            raise SettingError("sweep", "A sweep is running: cancel it first.")
        store = self.session.manager.store
        taken = {row.name for row in stored_sweeps(store, self._key()[1])} if store else set()
        plan["name"] = free_name("sweep ", taken)
        owner = {"store": store.path, "user": self._key()[1]} if store else {}
        sweep = Sweep(base, **plan, **owner)
        sweep.start(scheduler or None)
        if store:
            SWEEPS[self._key()] = sweep
            NEWEST[self._key()] = sweep.id
            PROBLEMS.pop(self._key(), None)
        self.problem = ""
        self._show(sweep)

    def go_on(self, scheduler: str, stopped: bool = False) -> None:
        """Train what is not finished; with `stopped`, what halving stopped as well."""
        if stopped:
            self.sweep.resume_stopped()
        self.sweep.start(scheduler or None)
        self._start_ticks()
        self.version += 1

    def pause(self, cancelled: bool = False) -> None:
        """Have all runs stopped where they are; the page goes on meanwhile."""
        self.sweep.begin_pause(cancelled)
        self.version += 1

    def open(self, number: int) -> TrainingRun:
        """Show a run of the sweep on the page.

        Raises
        ------
        SettingError
            If it is not stored yet, or was deleted.
        """
        manager = self.session.manager
        if manager.store is not None:
            manager.refresh()
            return manager.switch(self.sweep.trials[number].run_id)
        found = self.sweep.open(self.sweep.trials[number])
        known = [run for run in manager.runs if run.id == found.id]
        if known:
            return manager.switch(found.id)
        copy = TrainingRun(found.name, found.config, found.id)
        copy.adopt(found.trainer.engine)
        return manager.add(copy)

    def close(self) -> None:
        """End with the page: a sweep in memory ends too, one of a store goes on."""
        if self._ticks is not None:
            self._ticks.stop()
            self._ticks = None
        if self.sweep is not None:
            self.sweep.unwatch(self._changed)
            if self.session.manager.store is None and self.sweep not in SWEEPS.values():
                # In a thread: its workers take seconds to end, and other pages wait for this one.
                Thread(target=self.sweep.close, name="end of the sweep").start()

    def trials(self) -> list[Trial]:
        """Return the runs that have begun."""
        return [] if self.sweep is None else self.sweep.begun

    def tick(self) -> None:
        """Tell the views what has come since the last tick."""
        running, was_running = self.running, self._was_running
        if running or was_running or self._changes != self._seen:
            self._seen, self._was_running = self._changes, running
            self.version += 1
        elif self._ticks is not None:
            # In a tick without news: what a callback that is stopped has changed is not sent.
            self._ticks.stop()
            self._ticks = None

    def _key(self) -> tuple[str, str]:
        manager = self.session.manager
        return str(manager.store.path), manager.user

    def _newest(self, known: Sweep | None) -> Sweep | None:
        """Load the newest sweep that can be read, unless none has begun since `known` was it.

        Why newer ones cannot be read is noted.
        """
        path, user = key = self._key()
        rows = stored_sweeps(self.session.manager.store, user)
        newest = rows[-1].id if rows else NEWEST.get(key, "")
        if known is not None and newest == NEWEST.get(key):
            return known
        NEWEST[key] = newest
        problems, found = [], None
        for row in reversed(rows):
            try:
                found = SWEEPS[key] = Sweep.load(row.id, store=path, user=user)
                break
            except UnreadableSweep as error:
                problems.append(str(error))
        PROBLEMS[key] = " ".join(problems)
        return found

    def _show(self, sweep: Sweep | None) -> None:
        if self.sweep is not None:
            self.sweep.unwatch(self._changed)
        if sweep is not None:
            sweep.watch(self._changed)
            if sweep.running:
                self._start_ticks()
        self.sweep = sweep
        self.version += 1

    def _changed(self) -> None:
        """Note a change; called in the sweep's thread, which must not touch the page."""
        self._changes += 1

    def _start_ticks(self) -> None:
        if self._ticks is None:
            # In the background: no page is told that the server is busy.
            self._ticks = PeriodicCallback(callback=self.tick, period=MILLISECONDS, background=True)
            self._ticks.start()
