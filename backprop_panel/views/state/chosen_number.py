"""The number that a page explains: chosen on the map, by its name, or by the links on its path."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import param

from ...analysis.explanations.explaining import explain
from ...analysis.explanations.explanation import Explanation
from ...analysis.record_cell import RecordCell
from ...nn.faults import FAULTS
from ...nn.record import StepRecord
from .cell import Cell, cell_of
from .marks import NamedUnits
from .shown_moment import ShownMoment


class ChosenNumber(ShownMoment):
    """The path of numbers that were followed, and what is outlined on the map.

    A subclass implements `fork_if_past`.
    """

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
    map_wanted = param.Event(doc="Fires when a number is to be seen on the map, whatever is shown.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._explained: tuple[tuple, list[Explanation]] | None = None
        self._deltas_shown_before = False
        self.param.watch(self._forget_units, ["path", "run"])

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
            self._explained = of, [self._explain(record) for record in records]
        return self._explained[1]

    def _explain(self, record: StepRecord) -> Explanation:
        """Explain the number in a record; a hidden fault stays unnamed."""
        explanation = explain(record, self.question)
        fault = FAULTS.get(str(record.settings.get("fault")))
        if fault is None or not self.run.secret:
            return explanation
        return replace(explanation, note=explanation.note.replace(fault.sentence, "It is hidden."))

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

    def _forget_units(self, *events: param.parameterized.Event) -> None:
        self.named_units = None
