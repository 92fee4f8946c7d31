"""Which data did this: the windows that push the chosen weight, bias or unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

from ...analysis.data_attribution import batch_pushes, training_set_pushes
from ...analysis.pushes import Pushes
from ...analysis.record_cell import RecordCell
from ...data.sequence_dataset import SequenceDataset
from ...nn.record import StepRecord
from ..plots.colors import theme_of
from ..state.session import Session
from ..widgets.buttons import switch
from .pushes_text import PushesText
from .question_card import QuestionCard


class WhichData(QuestionCard):
    """The windows of the batch, or of the whole training set, ranked by their push."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Which data did this")
        self._of_all = switch({"this batch": False, "the training set": True}, False)
        self._of_all.param.watch(self._draw_if_visible, "value")
        self._everything: frozenset[str] = frozenset()
        self._layout[:] = [self._head, self._of_all, self._text]

    def draw(self) -> None:
        """Ask for the pushes on the chosen number."""
        session, cell, of_all = self.session, self._pushed, self._of_all.value
        answers = training_set_pushes if of_all else of_batch
        self.ask(
            (session.run, cell, of_all),
            session.examined,
            partial(answers, session.examined, cell, session.run.dataset),
        )

    def show(self, answer: Pushes) -> None:
        """List the strongest windows."""
        session, cell = self.session, self._pushed
        text = PushesText(
            answer, session.run.dataset, cell, theme_of(session.dark), self._everything
        )
        level = RecordCell("activations", cell.layer + 1).symbol(session.examined)
        is_unit = cell.quantity == "deltas"
        pushed = f"unit {cell.index[1]} of {level}" if is_unit else answer.name
        data = "the training set" if self._of_all.value else "this batch"
        self.set_head(escape(f"windows of {data}, by their push on {pushed}"))
        self.set_text(text.html())

    @property
    def _pushed(self) -> RecordCell:
        """The chosen weight or bias; for a unit, its delta in any example."""
        cell = self.session.selection
        if cell.is_parameter:
            return replace(cell, is_gradient=False).number()
        return RecordCell("deltas", cell.layer - 1, (0, cell.column))

    def _do(self, message: dict[str, Any]) -> None:
        match message:
            case {"list": str(way), "long": bool(is_long)}:
                self._everything = self._everything - {way} | ({way} if is_long else frozenset())
                if self.answer is not None:
                    self.show(self.answer)
            case _:
                super()._do(message)


def of_batch(record: StepRecord, cell: RecordCell, data: SequenceDataset) -> Iterator[Pushes]:
    """Yield the pushes of the windows of the record's batch."""
    yield batch_pushes(record, cell, data)
