"""The Data tab: master sequences with the batch's windows, predictions, generated text."""

from __future__ import annotations

from html import escape

import numpy as np
import panel as pn
import param
from numpy.typing import NDArray

from ...analysis.confusion import confusion_matrix
from ...data.text_preview import without_example
from ...nn.record import StepRecord
from ...runs.run import TrainingRun
from ..plots.cell_labels import names_of_cells
from ..plots.color_scales import ColorScale
from ..plots.colors import theme_of
from ..plots.heatmap import Heatmap
from ..plots.html import chip, html, scroll_region
from ..plots.numbers import number_html
from ..plots.table_button import with_table
from ..state.session import Session, redraw_on_change
from ..state.token_text import label, visible
from .generation_card import GenerationCard

MOST_MASTERS_SHOWN = 12
MOST_TOKENS = 120
MOST_EXAMPLES = 32
MOST_TICKS = 24
"""Upper limits of what is shown, so that it fits on a screen."""

CONTEXT_WIDTH, CHIP_WIDTH, LETTER_WIDTH = 100, 10, 7
"""Pixels for the context of an example, for each token in it, and for each letter of that."""


class DataTab(pn.viewable.Viewer):
    """The inputs of the network and its outputs."""

    session = param.ClassSelector(class_=Session, constant=True)
    visible = param.Boolean(False, doc="Whether the tab is the active one.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._masters = scroll_region("bp-masters", "Master sequences")
        self._predictions = scroll_region("bp-predictions", "Predictions")
        self._generation = GenerationCard(session)
        self._confusion = pn.Column(
            width=300, height=240, margin=0, styles={"position": "relative"}
        )
        self._layout = self._lay_out()
        redraw_on_change(session, self._draw)
        session.param.watch(self._rebuild, "run")
        session.param.watch(self._recolor, "dark")
        self.param.watch(self._draw, "visible")
        self._rebuild()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _lay_out(self) -> pn.Column:
        predictions = pn.Column(
            html("Predictions <span>· the batch, before the update</span>", "bp-head"),
            self._predictions,
            width=350,
            margin=(0, 10, 0, 0),
        )
        outputs = pn.Column(
            html("Confusion <span>· target by row, prediction by column</span>", "bp-head"),
            self._confusion,
            self._generation,
            width=314,
            margin=0,
        )
        return pn.Column(
            html("Master sequences <span>· underlined: the batch's windows</span>", "bp-head"),
            self._masters,
            pn.FlexBox(predictions, outputs, margin=(8, 0), sizing_mode="stretch_width"),
            sizing_mode="stretch_width",
            margin=0,
        )

    def _rebuild(self, *events: param.parameterized.Event) -> None:
        data = self.session.run.dataset
        labels = list(map(label, data.output_labels))
        names = names_of_cells(labels)
        self._matrix = Heatmap(
            "confusion",
            (len(labels), len(labels)),
            theme_of(self.session.dark),
            about="targets by row, predictions by column",
            row_names=names,
            column_names=names,
            row_ticks=min(len(labels), MOST_TICKS),
            column_ticks=min(len(labels), MOST_TICKS),
            columns_apart=2 if max(map(len, labels)) == 1 else 5,  # letters are told apart anyway
        )
        matrix, button = with_table(self._matrix.pane(), "confusion", "confusion")
        button.styles = {
            **button.styles,
            "top": "-20px",
            "bottom": "auto",
        }  # beside the head, not over a cell
        self._confusion[:] = [matrix, button]
        if not self.visible:
            # When it is opened, it must not begin with the examples of another run.
            self._masters.object = self._predictions.object = ""
            self._generation.clear()
        self._draw()

    def _recolor(self, *events: param.parameterized.Event) -> None:
        with pn.io.hold():
            self._matrix.recolor(theme_of(self.session.dark))

    def _draw(self, *events: param.parameterized.Event) -> None:
        if not self.visible:
            return
        run, record = self.session.run, self.session.record
        if record.logits.shape[1] != run.dataset.output_dimension:
            return
        matrix = confusion_matrix(record)
        # All at once: parts of another run, or of another step, would not fit together.
        with pn.io.hold():
            self._masters.object = masters_html(run, record)
            self._predictions.object = predictions_html(run, record)
            self._generation.draw()
            self._matrix.show(matrix, ColorScale(max(float(matrix.max()), 1.0)))


RIGHT = '<span title="predicted rightly">✓</span>'
WRONG = '<span class="bp-mistake" title="predicted wrongly">✗</span>'


def masters_html(run: TrainingRun, record: StepRecord) -> str:
    """Return the master sequences in their tokens' colours, the batch's windows underlined."""
    data = run.dataset
    origin = data.origin[data.sample_windows[record.samples]]
    rows = []
    for number in range(min(len(data.masters), MOST_MASTERS_SHOWN)):
        ids = data.masters[number][:MOST_TOKENS]
        in_batch = np.zeros(len(data.masters[number]) + 1, int)
        for offset in origin[origin[:, 0] == number, 1]:
            in_batch[offset : offset + data.sequence_length] += 1
        chips = "".join(
            f'<span class="{"bp-used" if in_batch[offset] else ""}">'
            f"{chip(data.vocabulary[token], token)}</span>"
            for offset, token in enumerate(ids)
        )
        rest = len(data.masters[number]) - len(ids)
        more = f" … {rest:,} more" if rest else ""
        rows.append(f"<div>#{number + 1} {chips}{more}{_class_of(run, number)}</div>")
    hidden = len(data.masters) - len(rows)
    note = f"<div>… {hidden:,} more master sequences</div>" if hidden else ""
    short = without_example(data)
    return "".join(rows) + note + (f"<div>{short}</div>" if short else "")


def _class_of(run: TrainingRun, master: int) -> str:
    """Return the class of a master if its label says it."""
    data = run.dataset
    if data.task_type == "next_token" or data.master_labels is None:
        return ""
    return f" → {_output(run, int(data.class_of_masters[master]))}"


def predictions_html(run: TrainingRun, record: StepRecord) -> str:
    """Return a table of the batch: example, predicted output, its probability and the target's."""
    probabilities = record.probabilities
    predicted = probabilities.argmax(axis=1)
    rows = []
    for row in range(min(len(record.targets), MOST_EXAMPLES)):
        target, guess = int(record.targets[row]), int(predicted[row])
        rows.append(
            f"<tr><td>{context_html(run, record.contexts[row])} "
            f'<span class="bp-one-line">→ {_output(run, target)}</span></td>'
            f"<td>{_output(run, guess)}</td>"
            f"<td>{number_html(float(probabilities[row, guess]))}</td>"
            f"<td>{number_html(float(probabilities[row, target]))}</td>"
            f"<td>{RIGHT if guess == target else WRONG}</td></tr>"
        )
    more = len(record.targets) - len(rows)
    note = f"<div>… {more:,} more examples</div>" if more > 0 else ""
    return (
        "<table><tr><th>example</th><th>predicted</th><th>p(predicted)</th><th>p(target)</th>"
        f"<th></th></tr>{''.join(rows)}</table>{note}"
    )


def context_html(run: TrainingRun, context: NDArray[np.integer]) -> str:
    """Return a context in its tokens' colours: the last ones that have room, and all on hover."""
    tokens = [run.dataset.vocabulary[token] for token in context]
    shown, room = len(tokens), CONTEXT_WIDTH
    while shown and room >= (wide := CHIP_WIDTH + LETTER_WIDTH * len(visible(tokens[shown - 1]))):
        room, shown = room - wide, shown - 1
    first = min(shown, len(tokens) - 1)  # the last one in any case
    chips = "".join(map(chip, tokens[first:], context[first:]))
    if not first:
        return chips
    whole = escape(" ".join(map(visible, tokens)))
    return f'<span title="{whole}">… {chips}</span>'


def _output(run: TrainingRun, output: int) -> str:
    return chip(run.dataset.output_labels[output], output)
