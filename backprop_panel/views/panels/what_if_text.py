"""What the loss along a number looks like: its lines and dots, and the changes in numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from ...analysis.loss_curve import LossCurve
from ...nn.record import StepRecord
from ..plots.colors import Theme
from ..plots.dotted_curves import Dot
from ..plots.html import chip
from ..plots.line_source import Line
from ..plots.numbers import apart, number, number_html, numbers, plus, signed
from .terms_table import bar

END = 500
"""The slider's last position to each side of the present value."""

ROOM = 0.15
"""How far the tangent is drawn above and below the curve, as a share of the curve's height."""

LEVEL = 1e-4
"""The share of the loss that the plot is high at least, where the loss is almost level."""

MOST_TOKENS = 40

RATE = "learning rate"
"""The kind of the curve along the learning rate."""


@dataclass(frozen=True)
class Tried:
    """The loss along a number of a record, or along the learning rate.

    Attributes
    ----------
    record : StepRecord
    name : str
        Of the number that varies.
    curve : LossCurve
    kind : str
        What varies: ``weight``, ``bias``, ``input`` or `RATE`.
    token_losses : array, shape (vocabulary,), optional
        For an input: the loss with each token in place of its own.
    """

    record: StepRecord
    name: str
    curve: LossCurve
    kind: str = "weight"
    token_losses: NDArray[np.floating] | None = None

    @property
    def of_rate(self) -> bool:
        """Whether it is the learning rate that varies: the loss is that after the update."""
        return self.kind == RATE

    @property
    def present(self) -> str:
        """The moment whose value is the one that does not vary, in words."""
        record = self.record
        if not record.updated:
            return "now"
        return (
            f"in step {record.step:,}" if self.of_rate else f"before step {record.step:,}’s update"
        )

    def value_at(self, position: int) -> float:
        """Return the value at a position of the slider; 0 is the present one."""
        now, last = self.curve.now, float(self.curve.values[-1])
        if not position:
            return now
        if self.of_rate:  # on a logarithmic scale, in digits that can be read
            return float(f"{now * (last / now) ** (position / END):.3g}")
        return now + (last - now) * position / END


def asked(tried: Tried, value: float) -> str:
    """Return what is asked, as HTML."""
    rest = "the loss of this batch after its update" if tried.of_rate else "nothing else changes"
    were = f"were <b>{number(value)}</b>" if value != tried.curve.now else "had another value"
    return f"{escape(tried.name)} {were}: {rest}"


def lines(tried: Tried, theme: Theme) -> list[Line]:
    """Return the curve, and its tangent as far as it stays near the curve."""
    curve = tried.curve
    shown = np.isfinite(curve.losses)
    drawn = [Line(curve.values[shown], curve.losses[shown], theme.mark, "loss")]
    if shown.any() and np.isfinite(curve.loss + curve.slope):
        drawn.insert(0, _tangent(curve, curve.losses[shown], tried.of_rate, theme))
    return drawn


def _tangent(curve: LossCurve, losses: NDArray[np.floating], of_rate: bool, theme: Theme) -> Line:
    spaced = np.geomspace if of_rate else np.linspace
    values = spaced(curve.values[0], curve.values[-1], 401)
    predicted = curve.loss + curve.slope * (values - curve.now)
    low, high = losses.min(), losses.max()
    if of_rate:  # also on a logarithmic axis
        room = (high / low) ** ROOM if low > 0 else 1
        near = (predicted >= low / room) & (predicted <= high * room)
    else:
        room = ROOM * (high - low)
        near = (predicted >= low - room) & (predicted <= high + room)
    return Line(
        values[near], predicted[near], theme.positive, "the slope alone", dash="dashed", width=1.5
    )


def dots(tried: Tried, value: float, loss: float, theme: Theme) -> Iterator[Dot]:
    """Yield a dot at the present value, and a ring at the one that is tried."""
    if np.isfinite(tried.curve.loss):
        yield Dot(tried.curve.now, tried.curve.loss, fill=theme.operand, text=tried.present)
    if value != tried.curve.now and np.isfinite(loss):
        yield Dot(value, loss, theme.background, theme.mark, 9, "what if")


def said(tried: Tried, value: float, loss: float, theme: Theme) -> str:
    """Return in numbers, as HTML, how the loss changes, and what the slope alone predicts."""
    curve, when = tried.curve, " after the update" if tried.of_rate else ""
    ring = f"○ {number(value)} &nbsp; " if value != curve.now else ""
    legend = (
        f'<p class="bp-facts"><span style="color:{theme.operand}">●</span> {tried.present} '
        f"{number(curve.now)} &nbsp; {ring}"
        f'<span style="color:{theme.positive}">╌╌</span> the slope alone</p>'
    )
    if value == curve.now:
        return legend + _said(
            f"The loss of this batch{when} is <b>{number_html(curve.loss)}</b>: "
            "move the slider to see what it would be."
        )
    change, predicted = loss - curve.loss, curve.predicted(value) - curve.loss
    if tried.of_rate:
        step = f"{number(curve.now)} → {number(value)}"
    else:
        step = f"changed by <b>{signed(value - curve.now)}</b>"
    return legend + _said(
        f"{escape(tried.name)} {step}: the loss changes by <b>{signed(change)}</b> "
        f"(the slope alone says <b>{signed(predicted)}</b>)"
        f"<br>loss of this batch{when}: {' → '.join(apart(curve.loss, loss))}"
    )


def tokens_html(tried: Tried, entry: tuple[int, int], vocabulary: Sequence[str], theme: Theme):
    """Return the loss with each token in place of an input's own as a table, lowest first.

    Parameters
    ----------
    tried : Tried
    entry : (int, int)
        Example and input.
    vocabulary : sequence of str
    theme : Theme
    """
    losses, now = tried.token_losses, tried.curve.loss
    position = entry[1] // len(vocabulary)
    present = int(tried.record.contexts[entry[0], position])
    changes = losses - now
    largest = float(np.abs(changes[np.isfinite(changes)]).max(initial=0))
    order = np.argsort(losses, kind="stable")
    shown = order[:MOST_TOKENS].tolist()
    columns = zip(shown, numbers(losses[shown]), numbers(changes[shown]), strict=True)
    rows = "".join(
        f"<tr><td>{chip(vocabulary[token], token)}{' now' if token == present else ''}</td>"
        f"<td>loss {loss}</td>"
        f'<td class="bp-bar">{bar(changes[token], largest, theme)}</td>'
        f"<td>{'' if token == present else plus(changes[token]) + change}</td></tr>"
        for token, loss, change in columns
    )
    more = len(order) - MOST_TOKENS
    note = f"<p>… {more:,} more tokens</p>" if more > 0 else ""
    return (
        f"<p>If token {position + 1} of example {entry[0]} were another one, "
        f"the loss of this batch would be:</p><table>{rows}</table>{note}"
    )


def _said(text: str) -> str:
    return f'<div class="bp-said" role="status">{text}</div>'
