"""Which data did this: the windows that push the chosen weight, bias or unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from html import escape

from ...analysis.data_attribution import batch_pushes, training_set_pushes
from ...analysis.pushes import Pushes
from ...analysis.record_cell import RecordCell
from ...data.sequence_dataset import SequenceDataset
from ...nn.record import StepRecord
from ..plots.colors import theme_of
from ..state.session import Session
from ..widgets.buttons import button, switch
from .pushes_text import FIRST_WINDOWS, MOST_WINDOWS, PushesText
from .question_card import QuestionCard


class WhichData(QuestionCard):
    """The windows of the batch, or of the whole training set, ranked by their push."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, "Which data did this")
        self._of_all = switch({"this batch": False, "the training set": True}, False)
        self._of_all.param.watch(self._draw_if_visible, "value")
        self._more = button("", self._show_more, margin=(2, 0), visible=False)
        self._most = FIRST_WINDOWS
        self._layout[:] = [self._head, self._of_all, self._text, self._more]

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
        text = PushesText(answer, session.run.dataset, cell, theme_of(session.dark), self._most)
        level = RecordCell("activations", cell.layer + 1).symbol(session.examined)
        is_unit = cell.quantity == "deltas"
        self.set_head(escape(f"unit {cell.index[1]} of {level}" if is_unit else answer.name))
        self.set_text(text.html())
        most = max((answer.terms < 0).sum(), (answer.terms > 0).sum())
        self._more.visible = bool(most > FIRST_WINDOWS)
        self._more.label = (
            f"First {FIRST_WINDOWS}"
            if self._most > FIRST_WINDOWS
            else f"All {most}"
            if most <= MOST_WINDOWS
            else f"First {MOST_WINDOWS}"
        )

    @property
    def _pushed(self) -> RecordCell:
        """The chosen weight or bias; for a unit, its delta in any example."""
        cell = self.session.selection
        if cell.is_parameter:
            return replace(cell, is_gradient=False).number()
        return RecordCell("deltas", cell.layer - 1, (0, cell.column))

    def _show_more(self) -> None:
        self._most = FIRST_WINDOWS + MOST_WINDOWS - self._most
        self.show(self.answer)

    def refuse(self, message: str) -> None:
        """Say why no data are shown."""
        self._more.visible = False
        super().refuse(message)


def of_batch(record: StepRecord, cell: RecordCell, data: SequenceDataset) -> Iterator[Pushes]:
    """Yield the pushes of the windows of the record's batch."""
    yield batch_pushes(record, cell, data)
