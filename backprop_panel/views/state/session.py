"""What one page shows, and what a person does to it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import param

from ...analysis.diagnosis.detective import Investigation, plant
from ...runs.demonstrations import DEMONSTRATIONS, demonstrate
from ...runs.manager import TrainingRunManager
from ...runs.run import TrainingRun
from ...settings import SettingError, shown
from ...storage.leases import lease_refusal
from ...training.engine import Engine
from ...training.weight_mapping import WeightMapping
from .cell import Cell
from .chosen_number import ChosenNumber
from .pending_changes import PendingChanges
from .playback import MOST_READABLE_RATE
from .undo import Undo, delete_run, reset_run

SECONDS_BETWEEN_CURVES = 1 / MOST_READABLE_RATE
"""The shortest time, while training, between two drawings of curves and texts."""

HIDDEN = (
    "Another run would show what is hidden in this one: find it out or give up on the tab Health, "
    "or choose another run as the active one."
)

SPENT_ON_IT = "{check} is one of the checks that a detective can spend, on the tab Health."
"""Why checks are not free while the cause is hidden."""


class Session(ChosenNumber):
    """The state of one page. Views derive from it; controls call its methods.

    All actions on a run go through it, so that each refusal becomes a message beside its control.
    """

    manager = param.ClassSelector(class_=TrainingRunManager, constant=True, doc="All runs.")
    investigation = param.ClassSelector(
        default=None,
        class_=Investigation,
        allow_None=True,
        doc="The investigation of the hidden cause of the run that is shown, if one was begun.",
    )
    undo = param.ClassSelector(class_=Undo, constant=True, doc="What can be taken back.")
    pending = param.ClassSelector(
        class_=PendingChanges, constant=True, doc="Changed settings that no step was made with."
    )
    forked = param.String("", doc="The run and step that were left by training on in the past.")
    dark = param.Boolean(False, doc="Whether the page is dark.")
    left = param.Event(doc="Fires when no browser shows the page any more.")

    def __init__(self, manager: TrainingRunManager, **params: Any) -> None:
        super().__init__(
            manager=manager,
            undo=Undo(),
            pending=PendingChanges(),
            **params,
        )
        self._deleted = ("", "")  # the id of a run, and what was told of it
        self._investigations: dict[str, Investigation] = {}  # by the id of the run
        manager.param.watch(self._follow_current, "current")
        self.param.watch(
            lambda *events: self.pending.forget_outdated(self),
            ["record", "run", "training", "settings"],
        )
        self._follow_current()

    def fork_if_past(self) -> None:
        """Fork the run if an earlier step is shown; the run itself stays as it is."""
        if self.past is not None:
            before, step = self.run.name, self.past.step
            self.fork_past()
            self.forked = f"{before} at step {step:,}"

    def fork_past(self, name: str | None = None, **settings: Any) -> None:
        """Fork the run at the step that is shown.

        Raises
        ------
        SettingError
            If the run's settings are hidden.
        """
        self.refuse_hidden()
        self.pause()
        self.manager.fork(self.run.id, self.engine.step, name, **settings)

    def refuse_hidden(self) -> None:
        """Raise `SettingError` if the run's settings are hidden: another run would show them."""
        if self.run.secret:
            raise SettingError("runs", HIDDEN)

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

    def change_mode(self, mode: str) -> None:
        """Choose whether steps update the weights, or leave them as they are."""
        self.run.trainer.change(mode=mode)
        self._show_settings()

    def new_run(self, name: str | None = None, **settings: Any) -> None:
        """Make a run, and put back in the one shown what was changed for it."""
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
        self._investigations[mystery.run.id] = self.investigation = Investigation(mystery)
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

    def tell_deleted(self, run: TrainingRun) -> None:
        """Tell that another window has deleted the run that was shown, and which is shown now."""
        gone = f"{shown(run.name)} was deleted in another window; this is {shown(self.run.name)}."
        self.mistakes = {**self.mistakes, "runs": gone}
        self._deleted = (run.id, gone)

    def forget_outdated(self) -> None:
        """Withdraw notices that are no longer true.

        They tell that another window trains the run, or has deleted it.
        """
        deleted, gone = self._deleted
        outdated = set()
        if not self.manager.trained_elsewhere:
            outdated.add(lease_refusal(self.run.name))
        if any(run.id == deleted for run in self.manager.runs):
            outdated.add(gone)
        if outdated & set(self.mistakes.values()):
            kept = {name: text for name, text in self.mistakes.items() if text not in outdated}
            self.mistakes = kept

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
            self.investigation = self._investigations.get(self.run.id)
            self.past = None
            self.subtracted = None
            self.mistakes = {}
            self.stopped_because = self.forked = ""
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
        """Draw, unless this is a frame of training too soon after the last."""
        nonlocal due
        is_frame = session.training and all(event.name == "record" for event in events)
        if not is_frame or monotonic() >= due:
            due = monotonic() + SECONDS_BETWEEN_CURVES
            draw()

    session.param.watch(draw_if_due, ["record", "run", "training", "past", "settings"])
    session.manager.param.watch(draw, "runs")
