"""What one page shows, and what a person does to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Any

import param

from ...analysis.diagnosis.detective import Investigation, plant
from ...analysis.difference import subtract
from ...analysis.explanations.explaining import explain
from ...analysis.explanations.explanation import Explanation
from ...analysis.record_cell import RecordCell
from ...nn.record import StepRecord
from ...runs.demonstrations import DEMONSTRATIONS, demonstrate
from ...runs.manager import TrainingRunManager
from ...runs.run import TrainingRun
from ...runs.run_settings import TRAINER_SETTINGS
from ...training.engine import Engine
from ...training.event_log import goes_on_from
from ...training.weight_mapping import WeightMapping
from .cell import Cell, cell_of
from .map_source import MapSource, RunSource
from .marks import NamedUnits
from .pending_changes import PendingChanges
from .playback import MOST_READABLE_RATE, Playback
from .slow_motion import SlowMotion
from .undo import Undo, delete_run, reset_run

SECONDS_BETWEEN_CURVES = 1 / MOST_READABLE_RATE
"""The shortest time, while training, between two drawings of curves and texts."""


class Session(Playback):
    """The state of one page. Views derive from it; controls call its methods.

    All actions on a run go through it, so that each refusal becomes a message beside its control.
    """

    manager = param.ClassSelector(class_=TrainingRunManager, constant=True, doc="All runs.")
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
        doc="The run whose engine that is; None: the one that is shown.",
    )
    path = param.ClassSelector(
        default=(),
        class_=tuple,
        doc="The numbers that were followed, as `RecordCell`s: the last one is explained.",
    )
    deltas_shown = param.Boolean(
        False, doc="Whether the gradients of activations are shown as deltas, dL/dz."
    )
    ringed = param.ClassSelector(
        default=(), class_=tuple, doc="The numbers of the term that is pointed at, `RecordCell`s."
    )
    named_units = param.ClassSelector(
        default=None,
        class_=NamedUnits,
        allow_None=True,
        doc="Units that are outlined on the map, until a number is chosen.",
    )
    slow_motion = param.ClassSelector(
        class_=SlowMotion, constant=True, doc="The step whose phases are walked through, if any."
    )
    investigation = param.ClassSelector(
        default=None,
        class_=Investigation,
        allow_None=True,
        doc="The investigation of a hidden cause, if one was begun.",
    )
    undo = param.ClassSelector(class_=Undo, constant=True, doc="What can be taken back.")
    pending = param.ClassSelector(
        class_=PendingChanges, constant=True, doc="Changed settings that no step was made with."
    )
    deviation = param.String("", doc="How the replay differs from the recorded losses.")
    dark = param.Boolean(False, doc="Whether the page is dark.")
    map_wanted = param.Event(doc="Fires when a number is to be seen on the map, whatever is shown.")
    left = param.Event(doc="Fires when no browser shows the page any more.")

    def __init__(self, manager: TrainingRunManager, **params: Any) -> None:
        super().__init__(
            manager=manager,
            slow_motion=SlowMotion(),
            undo=Undo(),
            pending=PendingChanges(),
            **params,
        )
        self._compared: tuple[tuple, tuple[StepRecord, StepRecord, StepRecord]] | None = None
        self._explained: tuple[tuple, list[Explanation]] | None = None
        self._deltas_shown_before = False
        self._followed = False
        manager.param.watch(self._follow_current, "current")
        self.param.watch(self._walk_on, ["record", "training", "subtracted"])
        self.param.watch(self._forget_units, ["path", "run"])
        self.param.watch(
            lambda *events: self.pending.forget_outdated(self),
            ["record", "run", "training", "settings"],
        )
        self._follow_current()

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

        While a worker trains, its engine must not be read: the difference is that of the newest
        record; otherwise, that of the present engine.
        """
        if self.subtracted is not None:
            return self._comparison()[2]
        return self.slow_motion.seen or self.record

    @property
    def compared(self) -> tuple[StepRecord, StepRecord]:
        """The record that is shown and that of the other engine on the same batch."""
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

    def follow_store(self) -> None:
        """Show what another window did to the run; a step that is looked at stays.

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

    def fork_if_past(self) -> None:
        """Fork the run if an earlier step is shown: the run itself stays as it is."""
        if self.past is not None:
            self.fork_past()

    def fork_past(self, name: str | None = None, **settings: Any) -> None:
        """Fork the run at the step that is shown."""
        self.pause()
        self.manager.fork(self.run.id, self.engine.step, name, **settings)

    def change(self, name: str, value: Any) -> None:
        """Change a training setting from the step that is shown on."""
        if self.past is not None:
            self.fork_past(**{name: value})
        else:
            before = self.pending.before.get(name, getattr(self.run.trainer, name))
            self.run.trainer.change(**{name: value})
            self._show_settings()
            if name != "fault":  # a new run begins without one
                self.pending.note(self, name, before)
            elif not self.training:  # it may have changed the weights
                self.look()

    def new_run(self, name: str | None = None, **settings: Any) -> None:
        """Make a run; what was changed in the one shown for it is put back there."""
        shown, before = self.run, self.pending.before
        self.manager.create(name=name, **settings)
        shown.trainer.change(**before)
        self.pending.kept = before

    def demonstrate(self, key: str) -> None:
        """Make the run of a demonstration, and train it in the background as far as that says."""
        self.pause()
        demonstrate(self.manager, key)
        self.train_to(DEMONSTRATIONS[key].steps)

    def investigate(self, seed: int) -> None:
        """Make a run with a hidden cause, and train it in the background as far as it goes."""
        self.pause()
        mystery = plant(self.manager, seed)
        self.investigation = Investigation(mystery)
        self.train_to(mystery.steps)

    def reset(self) -> None:
        """Take the run back to its beginning and show that; `undo` takes it forward again."""
        self.pause()
        reset_run(self)
        self._show_anew()

    def delete(self) -> None:
        """Delete the run and show another; `undo` brings it back."""
        self.pause()
        delete_run(self, self.run)

    def take_back(self) -> None:
        """Undo the last reset or deletion, and compare as before it."""
        self.pause()
        compared = self.undo.take_back()
        with self._at_once():
            self._show_anew()
            if compared:
                self.subtracted, self.subtracted_run = compared

    def _show_anew(self) -> None:
        """Show the run after its history has changed."""
        with self._at_once():
            self.subtracted = None
            self.mistakes = {}
            self.stopped_because = ""
            self.look()

    @property
    def question(self) -> RecordCell | None:
        """The number that is explained, if any."""
        return self.path[-1] if self.path else None

    @property
    def selection(self) -> Cell | None:
        """The cell of the map that shows the number, if any."""
        widths = self.run.model.network.widths
        return cell_of(self.question, widths) if self.question else None

    def explanations(self) -> list[Explanation]:
        """Return the explanation of the number in question; two, if two moments are compared.

        Raises
        ------
        SettingError
            If the record that is shown has no such number.
        """
        records = [self.examined] if self.subtracted is None else self.compared
        of = (self.question, *records)
        if self._explained is None or self._explained[0] != of:
            self._explained = of, [explain(record, self.question) for record in records]
        return self._explained[1]

    def select(self, cell: Cell) -> None:
        """Choose a cell, or deselect it if it is chosen."""
        number = cell.number(self.deltas_shown)
        if self.slow_motion.is_after_update and number.quantity in ("weights", "biases"):
            number = replace(number, quantity=f"new_{number.quantity}")
        with self._at_once():
            self.path = () if number == self.question else (number,)
            if self.slow_motion.example is not None and not cell.is_parameter:
                self.slow_motion.show_example(cell.row)

    def follow(self, number: RecordCell) -> None:
        """Explain a number that the present one is made of; a number on the way is returned to."""
        before = self.path.index(number) if number in self.path else len(self.path)
        self.path = (*self.path[:before], number)

    def show_on_map(self, number: RecordCell) -> None:
        """Explain a number, and show where it is on the map."""
        self.path = (number,)
        self.map_wanted = True

    def show_units(self, units: NamedUnits) -> None:
        """Outline units on the map, in place of a number that was chosen."""
        self.path = ()
        self.named_units = units
        self.map_wanted = True

    def deselect(self) -> None:
        """Choose nothing."""
        self.path = ()
        self.named_units = None

    def toggle_slow_motion(self) -> None:
        """Walk through the step that is shown, phase by phase; or show the newest step again.

        Deltas are shown meanwhile: the equations of the phases are about them.
        """
        with self._at_once():
            if self.slow_motion.on:
                self.slow_motion.leave()
                self.deltas_shown = self._deltas_shown_before
            elif self.subtracted is None:
                self._deltas_shown_before, self.deltas_shown = self.deltas_shown, True
                self.slow_motion.walk(self.record)

    def toggle_one_example(self) -> None:
        """Show the example of the chosen cell alone, or the first; or all again."""
        slow_motion, cell = self.slow_motion, self.selection
        if slow_motion.example is not None:
            slow_motion.show_example(None)
        else:
            slow_motion.show_example(cell.row if cell and not cell.is_parameter else 0)

    def load_weights(self, mapping: WeightMapping) -> None:
        """Load all weights and biases from a file, from the step that is shown on."""
        self.fork_if_past()
        self.run.load_weights(mapping)
        if not self.training:
            self.look()

    def set_weight(self, cell: Cell, value: float) -> None:
        """Set a weight or bias to another value, from the step that is shown on."""
        self._edit(lambda engine: engine.edits.set_weight(cell.layer, cell.row, cell.column, value))

    def freeze(
        self, layer: int, frozen: bool, row: int | None = None, column: int | None = None
    ) -> None:
        """Freeze a layer, a unit or an entry from the step that is shown on, or let it learn."""
        self._edit(lambda engine: engine.edits.freeze(layer, frozen, row, column))

    def silence(self, level: int, unit: int, silenced: bool) -> None:
        """Silence a hidden unit from the step that is shown on, or no longer."""
        self._edit(lambda engine: engine.edits.silence(level, unit, silenced))

    def leave(self) -> None:
        """Save all runs and let other windows train them, as no browser shows this page now."""
        self.pause()
        self.left = True
        self.manager.give_back()

    def close(self) -> None:
        """Release the frames and the runs of the page."""
        self.left = True
        self.frame_pacer.stop()
        self.manager.close()

    def _forget_units(self, *events: param.parameterized.Event) -> None:
        self.named_units = None

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

    def _edit(self, edit: Callable[[Engine], None]) -> None:
        self.fork_if_past()
        engine = self.run.trainer.engine
        self.run.submit(lambda: edit(engine))
        if not self.training:
            self.look()

    def _follow_current(self, *events: param.parameterized.Event) -> None:
        """Show the manager's current run as it is now."""
        before = self.run
        if before is not None:
            self.pause()
        with self._at_once():
            self.run = self.manager.current
            self.past = None
            self.subtracted = None
            self.mistakes = {}
            self.stopped_because = ""
            self.pending.kept = {}
            self.look()
            if before is None or before.model.network.widths != self.run.model.network.widths:
                self.path = ()  # the number may not exist
            if self.slow_motion.on:
                self.slow_motion.walk(self.record)  # before the map takes the other run


def redraw_on_change(session: Session, draw: Callable[..., None]) -> None:
    """Call `draw` whenever the page shows something else, but not for every frame of training."""
    due = 0.0

    def draw_if_due(*events: param.parameterized.Event) -> None:
        nonlocal due
        is_frame = session.training and all(event.name == "record" for event in events)
        if not is_frame or monotonic() >= due:
            due = monotonic() + SECONDS_BETWEEN_CURVES
            draw()

    session.param.watch(draw_if_due, ["record", "run", "training", "past", "settings"])
    session.manager.param.watch(draw, "runs")
