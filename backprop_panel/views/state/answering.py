"""Answers that are computed in a thread while the page goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable
from threading import Event, Thread
from time import perf_counter
from typing import Any

import panel as pn
from panel.io.callbacks import PeriodicCallback

from .user_errors import USER_ERRORS

Answers = Callable[[], Iterable[Any]]
"""Called in the thread; the iterable computes the answers one after the other."""

QUICK_SECONDS = 0.02
"""An answer within this time is shown at once, others when the page next looks for them."""

LOOK_MILLISECONDS = 50
"""Time between two looks for an answer."""


class Answering:
    """Computes the answers to a question, such as coarse and finer ones, and shows the newest.

    Parameters
    ----------
    show : callable
        Called on the page with an answer.
    refuse : callable
        Called on the page with the message of an error that was caused by user input.
    """

    def __init__(self, show: Callable[[Any], None], refuse: Callable[[str], None]) -> None:
        self._show, self._refuse = show, refuse
        self._job: _Job | None = None
        self._waiting: Answers | None = None
        self._ticks = PeriodicCallback(
            callback=self._look, period=LOOK_MILLISECONDS, background=True
        )
        if pn.state.curdoc is not None:
            pn.state.on_session_destroyed(lambda context: self._give_up())

    @property
    def busy(self) -> bool:
        """Whether more answers are to come."""
        return self._job is not None

    def ask(self, about: Hashable, answers: Answers) -> None:
        """Show these answers, in place of those that were asked for before.

        Parameters
        ----------
        about : Hashable
            What is asked. A question about the same thing waits until the present one is answered:
            while a run plays, it never would be otherwise.
        answers : callable
        """
        if self._job is not None and self._job.about == about:
            self._waiting = answers
            return
        self._give_up()
        self._job = _Job(about, answers)
        self._job.finished.wait(QUICK_SECONDS)
        self._look()

    def stop(self) -> None:
        """Give up what is being computed."""
        self._give_up()
        self._rest()

    def finish(self) -> None:
        """Wait for all answers, and show the last one."""
        while self._job is not None:
            self._job.finished.wait()
            self._look()

    def _look(self) -> None:
        """Show the newest answer; after the last one, begin with the question that waits."""
        job = self._job
        if job is None:
            return
        if job.finished.is_set():
            self._job, waiting = None, self._waiting
            if waiting is not None:
                self._job, self._waiting = _Job(job.about, waiting), None
        if self._job is None:
            self._rest()
        elif not self._ticks.running:
            self._ticks.start()
        if job.newest:
            self._pass_on(job.newest.pop())

    def _pass_on(self, answer: Any) -> None:
        if isinstance(answer, USER_ERRORS):
            self._refuse(str(answer))
        elif isinstance(answer, Exception):
            raise answer
        else:
            self._show(answer)

    def _give_up(self) -> None:
        if self._job is not None:
            self._job.stopped.set()
        self._job = self._waiting = None

    def _rest(self) -> None:
        if self._ticks.running:
            self._ticks.stop()


class _Job:
    """A thread that computes answers, and rests as long after each as it took.

    That leaves half of the time to the page and to training.
    """

    def __init__(self, about: Hashable, answers: Answers) -> None:
        self.about = about
        self.newest: deque[Any] = deque(maxlen=1)
        self.stopped, self.finished = Event(), Event()
        Thread(target=self._work, args=(answers,), name="answering", daemon=True).start()

    def _work(self, answers: Answers) -> None:
        begin = perf_counter()
        try:
            for answer in answers():
                self.newest.append(answer)
                if self.stopped.wait(perf_counter() - begin):
                    break
                begin = perf_counter()
        except Exception as error:
            self.newest.append(error)
        self.finished.set()
