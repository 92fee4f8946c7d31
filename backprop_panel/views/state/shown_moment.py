"""The moment that a page shows: a run now or at an earlier step, a difference, a slow step."""

from __future__ import annotations

from typing import Any

import param

from ...analysis.difference import subtract
from ...nn.record import StepRecord
from ...runs.run import TrainingRun
from ...runs.run_settings import TRAINER_SETTINGS
from ...training.engine import Engine
from ...training.event_log import goes_on_from
from .map_source import MapSource, RunSource
from .playback import Playback
from .slow_motion import SlowMotion


class ShownMoment(Playback):
    """What is shown of a run, and what it is compared with.

    A subclass implements `fork_if_past` and `toggle_slow_motion`.
    """

    settings = param.Dict({}, doc="The training settings of the run, for views that show them.")
    past = param.ClassSelector(
        default=None,
        class_=Engine,
        allow_None=True,
        doc="A copy of the run's engine at the step that is shown; None at the present.",
    )
    subtracted = param.ClassSelector(
        default=None,
        class_=Engine,
        allow_None=True,
        doc="An engine to subtract from the values on the map, if any.",
    )
    subtracted_run = param.ClassSelector(
        default=None,
        class_=TrainingRun,
        allow_None=True,
        doc="The run of the subtracted engine; None for the one that is shown.",
    )
    slow_motion = param.ClassSelector(
        class_=SlowMotion, constant=True, doc="The step whose phases are walked through, if any."
    )
    deviation = param.String("", doc="How the replay differs from the recorded losses.")

    def __init__(self, **params: Any) -> None:
        super().__init__(slow_motion=SlowMotion(), **params)
        self._compared: tuple[tuple, tuple[StepRecord, StepRecord, StepRecord]] | None = None
        self._followed = False
        self._seen: tuple[Any, ...] = ()
        self.param.watch(self._note_what_is_seen, ["record", "settings", "past", "run"])
        self.param.watch(self._walk_on, ["record", "training", "subtracted"])

    @property
    def engine(self) -> Engine:
        """The engine that is shown: the run's, or a copy of it at an earlier step."""
        return self.past or self.run.trainer.engine

    def _show_settings(self) -> None:
        self.settings = {name: getattr(self.run.trainer, name) for name in TRAINER_SETTINGS}

    @property
    def examined(self) -> StepRecord:
        """The record on the map and in explanations: in slow motion, the one walked through."""
        return self.slow_motion.record or self.record

    @property
    def map_record(self) -> StepRecord:
        """What the map draws: a record, or its difference from the subtracted engine.

        While a worker trains, its engine must not be read, and the difference is that of the newest
        record. Otherwise it is that of the present engine.
        """
        if self.subtracted is not None:
            return self._comparison()[2]
        return self.slow_motion.seen or self.record

    @property
    def compared(self) -> tuple[StepRecord, StepRecord]:
        """The record that is shown and that of the other engine on the same samples.

        Other data have other examples at the same places; see `same_examples`.
        """
        return self._comparison()[:2]

    def _comparison(self) -> tuple[StepRecord, StepRecord, StepRecord]:
        """Return both records and their difference."""
        of = (self.record, self.subtracted, self.training)
        if self._compared is None or self._compared[0] != of:
            ours = self.record if self.training else self.engine.look()
            theirs = self.subtracted.look(ours.samples)
            self._compared = of, (ours, theirs, subtract(ours, theirs))
        return self._compared[1]

    @property
    def map_source(self) -> MapSource:
        """The source of the map and of the explanation of its cells."""
        return RunSource(self.run, self.map_record, self.subtracted)

    def look(self) -> None:
        """Show the next batch with the weights as they are now, without an update."""
        with self._at_once():
            self.past = None
            self.record = self.run.trainer.engine.look()
            self._show_settings()

    def follow_run(self) -> None:
        """Show what was done to the run elsewhere; a step that is looked at stays.

        Only where the run no longer has that step is the present shown in its place.
        """
        engine = self.run.trainer.engine
        if self.past is not None and goes_on_from(engine, self.past):
            self.param.trigger("past")  # for what shows where the run is now
            return
        self._followed = engine.step >= self.record.step
        try:
            self.look()
        finally:
            self._followed = False

    def follow_code(self) -> None:
        """Show what was done to the run since the page last showed it, as by a notebook's cell.

        Not while a thread steps the engine, which must not be read then.
        """
        if not self.training and self._state_of_run() != self._seen:
            self.run.commands.run_if_idle(self.follow_run)

    def travel(self, step: int) -> None:
        """Show the run as it was after `step` updates; the last one is the present."""
        self.pause()
        step = min(max(step, 0), self.run.trainer.step)
        if step == self.run.trainer.step:
            self.look()
            return
        past, record, deviation = self.run.step_again(step)
        with self._at_once():
            self.past, self.record, self.deviation = past, record, deviation

    def show_step(self, step: int) -> None:
        """Show a step with the batch that it was made with; the last one as well."""
        self.travel(step)
        if self.past is None and step:
            self.record = self.run.step_again(step).record

    def _note_what_is_seen(self, *events: param.parameterized.Event) -> None:
        self._seen = self._state_of_run()

    def _state_of_run(self) -> tuple[Any, ...]:
        """Return what is another after a step, an edit or another setting."""
        trainer = self.run.trainer
        return self.run.id, trainer.step, len(trainer.engine.events), trainer.mode

    def _walk_on(self, *events: param.parameterized.Event) -> None:
        """Walk through another step if one was asked for; what is trained meanwhile is not."""
        if not self.slow_motion.on:
            return
        if self.subtracted is not None:
            self.toggle_slow_motion()
        elif self.training or self._followed:
            return
        elif all(event.name == "record" for event in events):
            self.slow_motion.walk(self.record)
