"""What one page shows: which run, which step of it, and what is selected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import Any

import panel as pn
import param
from panel.io.callbacks import PeriodicCallback

from ...analysis.difference import difference
from ...nn.record import StepRecord
from ...runs.manager import TrainingRun, TrainingRunManager
from ...runs.run import TRAINER_SETTINGS
from ...settings import Count, Quantity, SettingError
from ...training.engine import Engine
from ...training.worker import TURNS, StopWhen
from ..plots.heatmap import Place
from .frame_pacer import FrameClock
from .map_columns import slots_of

LEGIBLE = 5
"""Frames a second, at most, of which a text that changes with each can be read."""

SECONDS_BETWEEN_CURVES = 1 / LEGIBLE
"""What changes slowly, and takes long to draw, is drawn no more often while training."""

MISTAKES = (SettingError, MemoryError)
"""What a person can cause: it is shown beside the control, and logged nowhere."""


class Session(param.Parameterized):
    """The state of one page. Views derive from it; controls call its methods.

    Everything that a person can do to a run goes through here, so that what is refused ends as a
    message beside the control that asked for it.
    """

    manager = param.ClassSelector(class_=TrainingRunManager, constant=True, doc="All runs.")
    run = param.ClassSelector(
        default=None, class_=TrainingRun, allow_None=True, doc="The run that is shown."
    )
    record = param.ClassSelector(
        default=None, class_=StepRecord, allow_None=True, doc="The step that is shown."
    )
    settings = param.Dict({}, doc="The training settings of the run, for views that show them.")
    past = param.ClassSelector(
        default=None,
        class_=Engine,
        allow_None=True,
        doc="The run's engine as it was at the step that is shown, if that is not the present.",
    )
    other = param.ClassSelector(
        default=None,
        class_=Engine,
        allow_None=True,
        doc="What is subtracted from what is shown on the map, if anything.",
    )
    selection = param.ClassSelector(
        default=None, class_=Place, allow_None=True, doc="The cell that was chosen."
    )
    deviation = param.String(
        "", doc="How the replay to the step that is shown differs from the recorded losses."
    )
    training = param.Boolean(False, doc="Whether a worker is training the run.")
    goal_epoch = param.Integer(None, allow_None=True, doc="The epoch at which it will stop.")
    steps_per_second = Quantity(
        None,
        bounds=(0, None),
        allow_None=True,
        doc="How fast Play trains; None: as fast as it can.",
    )
    frames_per_second = Quantity(
        30.0, bounds=(0, None), doc="How often it is shown, at most: what eyes take for movement."
    )
    stop_after = Count(
        None, bounds=(1, None), allow_None=True, doc="Epochs after which Play stops by itself."
    )
    stop_below = Quantity(
        None, bounds=(0, None), allow_None=True, doc="Play stops when the loss is below this."
    )
    stop_not_finite = param.Boolean(True, doc="Whether Play stops at a loss that is not finite.")
    stopped_because = param.String("", doc="Why the last training stopped by itself.")
    mistakes = param.Dict({}, doc="Messages, by the name of the setting that they are about.")
    dark = param.Boolean(False, doc="Whether the page is dark.")

    def __init__(self, manager: TrainingRunManager, **params: Any) -> None:
        super().__init__(manager=manager, **params)
        self.frames = FrameClock(then=self.tick, most_a_second=self.frames_per_second)
        self._ticks: PeriodicCallback | None = None
        self._playing = False
        self._difference: tuple[tuple, StepRecord] | None = None
        self._asked_at: dict[str, str] = {}
        manager.param.watch(self._follow_current, "current")
        self.param.watch(self._change_pace, "steps_per_second")
        self.param.watch(self._change_frames, "frames_per_second")
        self.param.watch(self._change_stops, ["stop_after", "stop_below", "stop_not_finite"])
        self._follow_current()

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """Change what belongs together, and have it seen together."""
        with pn.io.hold(), param.parameterized.batch_call_watchers(self):
            yield

    def _follow_current(self, *events: param.parameterized.Event) -> None:
        """Show the manager's current run, as it stands."""
        before = self.run
        if before is not None:
            self.pause()
        with self._at_once():
            self.run = self.manager.current
            self.past = None
            self.other = None
            self.mistakes = {}
            self.stopped_because = ""
            self.look()
            if before is None or slots_of(before) != slots_of(self.run):
                self.selection = None  # there may be no such cell

    @property
    def engine(self) -> Engine:
        """What is shown: the run's engine, or a copy of it as it was."""
        return self.past or self.run.trainer.engine

    @property
    def racing(self) -> bool:
        """Whether frames follow one another faster than they can be read."""
        return self.training and min(self.steps_per_second or inf, self.frames_per_second) > LEGIBLE

    def look(self) -> None:
        """Show the next batch with the weights as they are now, and move nothing."""
        with self._at_once():
            self.past = None
            self.record = self.run.trainer.engine.look()
            self._show_settings()

    def _show_settings(self) -> None:
        self.settings = {name: getattr(self.run.trainer, name) for name in TRAINER_SETTINGS}

    @property
    def shown(self) -> StepRecord:
        """What the map shows: the record, or by how much another engine's differs from it.

        The engine is looked at only while no worker trains it; then what is shown is the very
        moment, and not the step that led to it.
        """
        if self.other is None:
            return self.record
        of = (self.record, self.other, self.training)
        if self._difference is None or self._difference[0] != of:
            ours = self.record if self.training else self.engine.look()
            self._difference = of, difference(ours, self.other)
        return self._difference[1]

    def travel(self, step: int) -> None:
        """Show the run as it was after `step` updates; at its last one, the present."""
        self.pause()
        step = min(max(step, 0), self.run.trainer.step)
        if step == self.run.trainer.step:
            self.look()
            return
        past, record, deviation = self.run.step_again(step)
        with self._at_once():
            self.past, self.record, self.deviation = past, record, deviation

    def fork_past(self, name: str | None = None, **settings: Any) -> None:
        """Go on from the step that is shown, in a run of its own: the past stays as it was."""
        self.pause()
        self.manager.fork(self.run.id, self.engine.step, name, **settings)

    def change(self, name: str, value: Any) -> None:
        """Change a training setting from the step that is shown on."""
        if self.past is not None:
            self.fork_past(**{name: value})
        else:
            self.run.trainer.change(**{name: value})
            self._show_settings()

    def reset(self) -> None:
        """Take the run back to its beginning and show that."""
        self.pause()
        self.manager.reset(self.run.id)
        with self._at_once():
            self.other = None
            self.mistakes = {}
            self.stopped_because = ""
            self.look()

    def run_single_step(self) -> None:
        """Make a step on one example and show it."""
        self._step(lambda trainer: trainer.run_step())

    def run_batch(self) -> None:
        """Make a step on a batch and show it."""
        self._step(lambda trainer: trainer.run_batch())

    def run_full_epoch(self) -> None:
        """Go on to the end of the epoch in the background, showing it as it goes."""
        self._start(goal_epoch=self.engine.reading.epoch + 1)

    def toggle_play(self) -> None:
        """Train in the background until paused; or pause."""
        if self.training:
            self.pause()
        else:
            self._start(goal_epoch=self._epoch_to_stop_at(), playing=True)

    def pause(self) -> None:
        """Stop training after the present step, and show where it stands."""
        if self.training:
            self.run.worker.stop()
            self._finish()

    def attempt(self, control: str, action: Callable[[], Any]) -> bool:
        """Do what a person asked for; what is refused becomes a message beside `control`.

        It stands beside the setting that it is about as well.
        """
        try:
            with pn.io.hold():  # what belongs together is seen together
                action()
        except MISTAKES as mistake:
            about = {control, getattr(mistake, "setting", control)}
            self._asked_at |= dict.fromkeys(about, control)
            self.mistakes = self._without_mistakes_of(control) | dict.fromkeys(about, str(mistake))
            return False
        self.mistakes = self._without_mistakes_of(control)
        return True

    def forget_mistake(self, about: str) -> None:
        """Say no longer what was wrong with a setting, wherever that stands."""
        if about in self.mistakes:
            self.mistakes = self._without_mistakes_of(self._asked_at.get(about, about))

    def _without_mistakes_of(self, control: str) -> dict[str, str]:
        """Return the messages but for those of what was asked for at a control."""
        return {
            about: text
            for about, text in self.mistakes.items()
            if self._asked_at.get(about, about) != control
        }

    def leave(self) -> None:
        """Save all and let other windows train it: nobody looks at this page now."""
        self.pause()
        self.manager.give_back()

    def close(self) -> None:
        """Free what the page held."""
        self.frames.stop()
        self.manager.close()

    def set_weight(self, place: Place, value: float) -> None:
        """Give the weight or bias at a place of the map another value, from this step on."""
        layer = int(place.heatmap.removeprefix("d").removeprefix("W")) - 1
        self._do(lambda engine: engine.set_weight(layer, place.row, place.column, value))

    def freeze(self, layer: int, frozen: bool) -> None:
        """Keep a layer as it is from this step on, or let it learn again."""
        self._do(lambda engine: engine.freeze(layer, frozen))

    def _do(self, deed: Callable[[Engine], None]) -> None:
        self._leave_the_past()
        engine = self.run.trainer.engine
        self.run.submit(lambda: deed(engine))
        if not self.training:
            self.look()

    def _step(self, step: Callable[[Any], StepRecord]) -> None:
        self.pause()

        def make() -> None:
            self._leave_the_past()
            self.record = step(self.run.trainer)

        self.attempt("training", make)

    def _start(self, goal_epoch: int | None, playing: bool = False) -> None:
        self.pause()
        self.attempt("training", lambda: self._begin(goal_epoch, playing))

    def _begin(self, goal_epoch: int | None, playing: bool) -> None:
        self._leave_the_past()
        self._playing = playing
        self.goal_epoch = goal_epoch
        self.stopped_because = ""
        self.run.worker.start(self._stop_when(), self.steps_per_second)
        self.training = True
        self.frames.start()
        # In the background: no page is told that the server is busy.
        self._ticks = PeriodicCallback(
            callback=self.tick, period=round(1000 * self.frames.wait), background=True
        )
        self._ticks.start()

    def _leave_the_past(self) -> None:
        if self.past is not None:
            self.fork_past()

    def _stop_when(self) -> StopWhen:
        if not self._playing:
            return StopWhen(epoch=self.goal_epoch)
        return StopWhen(
            epoch=self.goal_epoch, loss_below=self.stop_below, not_finite=self.stop_not_finite
        )

    def _epoch_to_stop_at(self) -> int | None:
        if self.stop_after is None:
            return None
        return self.engine.reading.epoch + self.stop_after

    def _change_pace(self, event: param.parameterized.Event) -> None:
        self.run.worker.set_pace(event.new)

    def _change_frames(self, event: param.parameterized.Event) -> None:
        self.frames.most_a_second = event.new

    def _change_stops(self, *events: param.parameterized.Event) -> None:
        """Let what is playing stop at the new conditions, epochs counted from now."""
        self.stopped_because = ""
        if self._playing and self.training:
            if any(event.name == "stop_after" for event in events):
                self.goal_epoch = self._epoch_to_stop_at()
            self.run.worker.stop_when = self._stop_when()

    def tick(self) -> None:
        """Show the newest step, if there is a new one."""
        if not self.training:
            return
        worker = self.run.worker
        if not worker.running:
            self._finish()
            return
        self._look_as_often_as_needed()
        if self.frames.ready:
            record = worker.take_record()
            if record is not None:
                with TURNS.withheld(), self.frames.frame():
                    self.record = record
        elif self.frames.due_in < self.frames.wait:
            worker.want_record()  # The next frame then shows as new a step as it can.

    def _look_as_often_as_needed(self) -> None:
        """Follow how far frames are apart by now; to begin the ticks anew costs more than a few."""
        wait = round(1000 * self.frames.wait)
        if not wait / 2 < self._ticks.period < 2 * wait:
            self._ticks.period = wait

    def _finish(self) -> None:
        worker = self.run.worker
        self.frames.stop()
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


def draw_with(session: Session, draw: Callable[..., None]) -> None:
    """Call `draw` whenever something else is shown; while training not with every frame."""
    due = 0.0

    def with_some_frames(*events: param.parameterized.Event) -> None:
        nonlocal due
        a_frame = session.training and all(event.name == "record" for event in events)
        if not a_frame or monotonic() >= due:
            due = monotonic() + SECONDS_BETWEEN_CURVES
            draw()

    session.param.watch(with_some_frames, ["record", "run", "training", "past", "settings"])
    session.manager.param.watch(draw, "runs")
