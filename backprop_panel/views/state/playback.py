"""Training that a page watches: single steps, the worker, its frames, and when it stops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Any

import panel as pn
import param
from panel.io.callbacks import PeriodicCallback

from ...nn.record import StepRecord
from ...runs.run import TrainingRun
from ...settings import Count, Quantity
from ...training.trainer import Trainer
from ...training.worker import TURNS, StopWhen
from .frame_pacer import FramePacer
from .user_errors import UserErrors

MOST_READABLE_RATE = 5
"""Frames a second up to which changing text can be read."""


class Playback(UserErrors):
    """Trains the run that is shown, step by step or in the background.

    A subclass implements `look` and `fork_if_past`.
    """

    run = param.ClassSelector(
        default=None, class_=TrainingRun, allow_None=True, doc="The run that is shown."
    )
    record = param.ClassSelector(
        default=None, class_=StepRecord, allow_None=True, doc="The step that is shown."
    )
    training = param.Boolean(False, doc="Whether a worker is training the run.")
    goal_epoch = param.Integer(None, allow_None=True, doc="The epoch at which it will stop.")
    steps_per_second = Quantity(
        None,
        bounds=(0, None),
        inclusive_bounds=(False, True),
        allow_None=True,
        doc="The speed of Play; None: as fast as possible.",
    )
    frames_per_second = Quantity(
        30.0,
        bounds=(0, None),
        inclusive_bounds=(False, True),
        doc="How often the page is drawn, at most, while it trains.",
    )
    stop_after = Count(
        None, bounds=(1, None), allow_None=True, doc="Epochs after which Play stops by itself."
    )
    stop_below = Quantity(
        None, bounds=(0, None), allow_None=True, doc="Play stops when the loss is below this."
    )
    stop_not_finite = param.Boolean(True, doc="Whether Play stops at a loss that is not finite.")
    stopped_because = param.String("", doc="Why the last training stopped by itself.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.frame_pacer = FramePacer(on_drawn=self.tick, max_rate=self.frames_per_second)
        self._ticks: PeriodicCallback | None = None
        self._playing = False
        self._goal_step: int | None = None
        self.param.watch(self._change_speed, "steps_per_second")
        self.param.watch(self._change_frame_rate, "frames_per_second")
        self.param.watch(self._change_stops, ["stop_after", "stop_below", "stop_not_finite"])

    def look(self) -> None:
        """Show the next batch with the weights as they are now, without an update."""
        raise NotImplementedError

    def fork_if_past(self) -> None:
        """Fork the run if an earlier step is shown, as only the last step can be trained on."""

    @property
    def too_fast_to_read(self) -> bool:
        """Whether frames follow one another faster than text in them can be read."""
        rate = min(self.steps_per_second or inf, self.frames_per_second)
        return self.training and rate > MOST_READABLE_RATE

    def run_single_step(self) -> None:
        """Make a step on one example and show it."""
        self._step(lambda trainer: trainer.run_step())

    def run_batch(self) -> None:
        """Make a step on a batch and show it."""
        self._step(lambda trainer: trainer.run_batch())

    def run_full_epoch(self) -> None:
        """Train to the end of the epoch in the background."""
        self._start(lambda: self.run.trainer.engine.batches.reading.epoch + 1)

    def train_to(self, step: int) -> None:
        """Train in the background up to a step."""
        self._start(lambda: None, goal_step=step)

    def toggle_play(self) -> None:
        """Train in the background until paused; or pause."""
        if self.training:
            self.pause()
        else:
            self._start(self._epoch_to_stop_at, playing=True)

    def pause(self) -> None:
        """Stop training after the present step, and show the run as it is then."""
        if self.training:
            self.run.worker.stop()
            self._finish()

    def tick(self) -> None:
        """Show the newest step, if there is a new one."""
        if not self.training:
            return
        worker, pacer = self.run.worker, self.frame_pacer
        if not worker.running:
            self._finish()
            return
        self._adapt_ticks()
        if pacer.ready:
            record = worker.take_record()
            if record is not None:
                with TURNS.withheld(), pacer.frame():
                    self.record = record
        elif pacer.due_in < pacer.poll_seconds:
            worker.want_record()  # The next frame then shows as new a step as it can.

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """Notify the page of all changes in the block together."""
        with pn.io.hold(), param.parameterized.batch_call_watchers(self):
            yield

    def _step(self, step: Callable[[Trainer], StepRecord]) -> None:
        self.pause()

        def make() -> None:
            """Make the step and show its record, in a fork if the past is shown."""
            self.fork_if_past()
            self.record = step(self.run.trainer)

        self.attempt("training", make)

    def _start(
        self,
        goal_epoch: Callable[[], int | None],
        playing: bool = False,
        goal_step: int | None = None,
    ) -> None:
        self.pause()
        self.attempt("training", lambda: self._begin(goal_epoch, playing, goal_step))

    def _begin(
        self, goal_epoch: Callable[[], int | None], playing: bool, goal_step: int | None
    ) -> None:
        self.fork_if_past()
        self._playing, self._goal_step = playing, goal_step
        self.goal_epoch = goal_epoch()
        self.stopped_because = ""
        self.run.worker.start(self._stop_when(), self.steps_per_second)
        self.training = True
        self.frame_pacer.start()
        # With `background`, Panel tells no page that the server is busy.
        self._ticks = PeriodicCallback(
            callback=self.tick, period=self._tick_milliseconds, background=True
        )
        self._ticks.start()

    def _finish(self) -> None:
        worker = self.run.worker
        self.frame_pacer.stop()
        if self._ticks is not None:
            self._ticks.stop()
            self._ticks = None
        with self._at_once():
            self.training = False
            self.goal_epoch = None
            self.look()
            self.stopped_because = (self._playing and worker.reason) or ""
            if worker.error is not None:
                self.mistakes = {**self.mistakes, "training": f"Training stopped: {worker.error}"}

    @property
    def _tick_milliseconds(self) -> int:
        return round(1000 * self.frame_pacer.poll_seconds)

    def _adapt_ticks(self) -> None:
        """Adapt the timer to the pace of the frames if it is off by a factor of two.

        Restarting it costs more than a few ticks.
        """
        wanted = self._tick_milliseconds
        if not wanted / 2 < self._ticks.period < 2 * wanted:
            self._ticks.period = wanted

    def _stop_when(self) -> StopWhen:
        if not self._playing:
            return StopWhen(epoch=self.goal_epoch, step=self._goal_step)
        return StopWhen(
            epoch=self.goal_epoch, loss_below=self.stop_below, not_finite=self.stop_not_finite
        )

    def _epoch_to_stop_at(self) -> int | None:
        if self.stop_after is None:
            return None
        return self.run.trainer.engine.batches.reading.epoch + self.stop_after

    def _change_speed(self, event: param.parameterized.Event) -> None:
        self.run.worker.set_pace(event.new)

    def _change_frame_rate(self, event: param.parameterized.Event) -> None:
        self.frame_pacer.max_rate = event.new

    def _change_stops(self, *events: param.parameterized.Event) -> None:
        """Let the training that plays stop at the new conditions, epochs counted from now."""
        self.stopped_because = ""
        if self._playing and self.training:
            if any(event.name == "stop_after" for event in events):
                self.goal_epoch = self._epoch_to_stop_at()
            self.run.worker.stop_when = self._stop_when()
