"""Slow motion: the phases of one step are walked through on the map."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import panel as pn
import param
from panel.io.callbacks import PeriodicCallback

from ...analysis.explanations.phases import RecordPhase, phases_of
from ...nn.record import StepRecord
from ...settings import Quantity

PACES = (0.5, 1.0, 2.0, 4.0)
"""Seconds that a phase can be shown for."""


class SlowMotion(param.Parameterized):
    """Which phase of which step is shown; off while there is no record.

    The map and the explanations stay with the record, whatever is trained meanwhile.

    Attributes
    ----------
    phases : tuple of RecordPhase
        Those of the step; none while slow motion is off.
    """

    record = param.ClassSelector(
        default=None,
        class_=StepRecord,
        allow_None=True,
        doc="The step that is walked through; None while slow motion is off.",
    )
    place = param.Integer(0, bounds=(0, None), doc="Which of the phases is shown.")
    example = param.Integer(
        None, allow_None=True, doc="The only row of the batch that is shown; None: all rows."
    )
    seconds = Quantity(1.0, bounds=(0, None), doc="How long Autoplay shows a phase.")
    playing = param.Boolean(False, doc="Whether the phases follow one another by themselves.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self.phases: tuple[RecordPhase, ...] = ()
        self._updated: StepRecord | None = None
        self._ticks: PeriodicCallback | None = None
        self.param.watch(self._change_pace, "seconds")

    @property
    def on(self) -> bool:
        """Whether a step is walked through."""
        return self.record is not None

    @property
    def phase(self) -> RecordPhase | None:
        """The phase that is shown."""
        return self.phases[self.place] if self.on else None

    @property
    def is_after_update(self) -> bool:
        """Whether the weights are shown as they are after the update."""
        return self.on and self.phase.name == "update"

    @property
    def seen(self) -> StepRecord:
        """The record to draw: with the new weights once the update has happened."""
        return self._updated if self.is_after_update else self.record

    def walk(self, record: StepRecord) -> None:
        """Walk through a step: from its beginning, or from the phase that was shown of another."""
        if record is self.record:
            return
        self.phases, self._updated = phases_of(record), _after_update(record)
        row = None if self.example is None else min(self.example, len(record.targets) - 1)
        self._show(record=record, place=min(self.place, len(self.phases) - 1), example=row)

    def leave(self) -> None:
        """Show the whole record again."""
        self._stop()
        self._show(record=None, place=0, example=None)
        self.phases, self._updated = (), None

    def show(self, place: int) -> None:
        """Show a phase, the nearest one if there is no such, and stop Autoplay."""
        self._stop()
        self._move_to(place)

    def toggle_autoplay(self) -> None:
        """Show the phases one after another, from the first if the last is shown; or stop."""
        if self.playing or not self.on:
            self._stop()
            return
        if self.place == len(self.phases) - 1:
            self._move_to(0)
        self.playing = True
        self._ticks = PeriodicCallback(
            callback=self.tick, period=round(1000 * self.seconds), background=True
        )
        self._ticks.start()

    def tick(self) -> None:
        """Show the next phase, as Autoplay does; stop at the last."""
        self._move_to(self.place + 1)
        if self.place == len(self.phases) - 1:
            self._stop()

    def show_example(self, row: int | None) -> None:
        """Show a single row of the batch, or all for None."""
        if self.on:
            last = len(self.record.targets) - 1
            self._show(example=None if row is None else min(max(row, 0), last))

    def _move_to(self, place: int) -> None:
        if self.on:
            self._show(place=min(max(place, 0), len(self.phases) - 1))

    def _show(self, **changes: Any) -> None:
        """Change the bar and the map together."""
        with pn.io.hold():
            self.param.update(**changes)

    def _stop(self) -> None:
        self.playing = False
        if self._ticks is not None:
            self._ticks.stop()
            self._ticks = None

    def _change_pace(self, event: param.parameterized.Event) -> None:
        if self._ticks is not None:
            self._ticks.period = round(1000 * event.new)


def _after_update(record: StepRecord) -> StepRecord:
    """Return a record whose weights and biases are those after its update."""
    layers = zip(record.layers, record.layer_updates, strict=True)
    return replace(record, layers=tuple(before + update for before, update in layers))
