"""The windows that push a number, as HTML: ranked, in the master sequences, and what they share."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape

from ...analysis.common_tokens import CommonToken, TokenCounts, WindowCounts, token_counts
from ...analysis.pushes import Push, Pushes
from ...analysis.record_cell import RecordCell
from ...data.sequence_dataset import SequenceDataset
from ..plots.colors import Theme
from ..plots.html import chip
from ..plots.numbers import number, numbers
from .explanation_links import message, ring
from .terms_table import bar

FIRST_WINDOWS, MOST_WINDOWS = 5, 50
"""Windows listed each way: at first, and on demand."""

MOST_MASTERS = 8
TOKENS_AROUND, MOST_TOKENS = 2, 120
"""Of a longer master sequence: the tokens shown around its windows, and in all."""

STANDS_OUT = 0.25
"""How much more frequent a token must be among the strongest windows than among all."""

MOST_IN_COMMON = 2

UP, DOWN = "▲", "▼"


class PushesText:
    """The windows of a batch or of the training set that push a weight, a bias or a unit.

    Parameters
    ----------
    pushes : Pushes
    data : SequenceDataset
        For tokens and master sequences.
    cell : RecordCell
        The weight, the bias, or delta of the unit.
    theme : Theme
    everything : collection of str
        The ways, ``up`` and ``down``, whose long list is shown.
    """

    def __init__(
        self,
        pushes: Pushes,
        data: SequenceDataset,
        cell: RecordCell,
        theme: Theme,
        everything: Collection[str] = (),
    ) -> None:
        self.pushes, self.data, self.cell, self.theme = pushes, data, cell, theme
        self._everything = everything
        self.up = pushes.up(self._most("up"))
        self.down = pushes.down(self._most("down"))

    def html(self) -> str:
        """Return all that is said."""
        ways = ((UP, "up", self.up, True), (DOWN, "down", self.down, False))
        tables = "".join(self._ranked(*way) for way in ways)
        return self._meaning() + tables + self._together() + self._common() + self._masters()

    def _most(self, way: str) -> int:
        return MOST_WINDOWS if way in self._everything else FIRST_WINDOWS

    def _together(self) -> str:
        """Return the sum of the terms of all windows."""
        pushes = self.pushes
        count = f"{len(pushes.terms):,} different windows"
        if not pushes.complete:
            return f"<p>{count} so far: more are being computed …</p>"
        return (
            f"<p>{count}; their terms sum to the gradient of {self._parameter}, "
            f"<b>{number(pushes.gradient)}</b>.</p>"
        )

    @property
    def _parameter(self) -> str:
        """The weight or bias whose gradient the terms sum to; for a unit, its bias."""
        if self.cell.quantity == "deltas":
            return f"b{self.cell.layer + 1}[{self.cell.index[1]}]"
        return escape(self.pushes.name)

    def _meaning(self) -> str:
        """Say what a window is, and which sign and colour mean what."""
        what = f"<b>{escape(self.pushes.name)}</b>"
        if self.cell.quantity == "deltas":
            what = f"the pre-activation of unit {self.cell.index[1]}"
        return (
            "<p>Each row is a window of the data: the tokens of an example → its target, "
            "×2 where two examples are the same. Training goes against the gradient: a window with "
            f"a negative term, blue, pushes {what} up ({self._mark(UP)}), one with a positive "
            f"term, orange, pushes it down ({self._mark(DOWN)}).</p>"
        )

    def _mark(self, way: str) -> str:
        color = self.theme.negative if way == UP else self.theme.positive
        return f'<span style="color:{color}">{way}</span>'

    def _ranked(self, way: str, name: str, listed: Sequence[Push], up: bool) -> str:
        """Return the windows that push one way as a table."""
        strongest = [*self.up[:1], *self.down[:1]]
        largest = max((abs(push.term) for push in strongest), default=0.0)
        texts = numbers(push.term for push in listed)
        rows = "".join(
            self._row(push, text, largest) for push, text in zip(listed, texts, strict=True)
        )
        terms = self.pushes.terms
        of_way = terms[terms < 0] if up else terms[terms > 0]
        count = f"{len(of_way):,} window{'' if len(of_way) == 1 else 's'}"
        total = f"Σ {number(float(of_way.sum()))}" if len(of_way) else ""
        return (
            f"<table><tr><th>{self._mark(way)} pushed {name} by {count}</th><th></th>"
            f"<th>{total}</th></tr>{rows}</table>{self._more(name, len(of_way))}"
        )

    def _more(self, way: str, count: int) -> str:
        """Return the button that shows a list as far as it goes, or its beginning again."""
        if count <= FIRST_WINDOWS:
            return ""
        is_long = way in self._everything
        if is_long:
            label = f"First {FIRST_WINDOWS}"
        else:
            label = f"All {count}" if count <= MOST_WINDOWS else f"First {MOST_WINDOWS}"
        attributes = message(list=way, long=not is_long)
        return f'<p><button data-key="{way}" {attributes}>{label}</button></p>'

    def _row(self, push: Push, term: str, largest: float) -> str:
        times = f" ×{push.count:,}" if push.count > 1 else ""
        places = ", ".join(f"#{master + 1} at {offset + 1}" for master, offset in push.origins[:12])
        return (
            f'<tr {ring(self._cells(push))} title="{places}"><td>{self._window(push)}{times}</td>'
            f'<td class="bp-bar">{bar(push.term, largest, self.theme)}</td>'
            f'<td class="bp-total">{term}</td></tr>'
        )

    def _window(self, push: Push) -> str:
        data = self.data
        context = "".join(chip(data.vocabulary[token], token) for token in push.context)
        return f"{context}→{chip(data.output_labels[push.target], push.target)}"

    def _cells(self, push: Push) -> list[RecordCell]:
        """Return the numbers on the map that the push of a window of the batch is made of."""
        layer, unit = self.cell.layer, self.cell.index[-1]
        cells = [RecordCell("deltas", layer, (row, unit)) for row in push.examples]
        if self.cell.quantity == "weights":
            below = self.cell.index[0]
            cells += [RecordCell("activations", layer, (row, below)) for row in push.examples]
        return cells

    def _common(self) -> str:
        """Say which tokens stand out among the strongest windows each way."""
        counts = token_counts(self.pushes, most=FIRST_WINDOWS)
        ways = ((UP, "up", counts.up), (DOWN, "down", counts.down))
        said = [
            f"{self._mark(way)} Of the {among.windows:,} examples in the strongest windows that "
            f"push {name}, {shared}."
            for way, name, among in ways
            if (shared := self._shared(counts, among))
        ]
        return _said("<br>".join(said) or "The strongest windows have no token in common.")

    def _shared(self, counts: TokenCounts, among: WindowCounts) -> str:
        """Return the tokens that stand out among some windows in words; empty without any."""
        found = [
            token
            for token in counts.common(among)
            if token.share - token.share_of_all >= STANDS_OUT
        ]
        texts = [self._in_words(token, counts.all.windows) for token in found[:MOST_IN_COMMON]]
        return " and ".join(texts)

    def _in_words(self, token: CommonToken, examples: int) -> str:
        data = self.data
        if token.position is None:
            what, place = data.output_labels[token.token], "target"
        else:
            what, place = data.vocabulary[token.token], f"token {token.position + 1}"
        return (
            f"<b>{token.count:,}</b> have {chip(what, token.token)} as {place} "
            f"({token.share_of_all:.0%} of all {examples:,} examples have it)"
        )

    def _masters(self) -> str:
        """Return the master sequences with a mark below the last token of each listed window."""
        marks: dict[int, dict[int, str]] = {}
        for way, listed in ((UP, self.up), (DOWN, self.down)):
            for push in listed:
                for master, offset in push.origins:
                    end = offset + self.data.sequence_length - 1
                    marks.setdefault(master, {})[end] = way
        rows = [self._master(master, marks[master]) for master in sorted(marks)[:MOST_MASTERS]]
        more = len(marks) - MOST_MASTERS
        note = f"<p>… in {more:,} more master sequences</p>" if more > 0 else ""
        return (
            "<p>All windows are cut from the master sequences below. The listed ones end at the "
            f"marks: {self._mark(UP)} pushes up, {self._mark(DOWN)} down.</p>{''.join(rows)}{note}"
        )

    def _master(self, master: int, ends: dict[int, str]) -> str:
        """Return a master sequence with its marks; of a long one, what is around them."""
        ids = self.data.masters[master]
        places = range(len(ids))
        if len(ids) > MOST_TOKENS:
            reach = self.data.sequence_length - 1 + TOKENS_AROUND
            near = {at for end in ends for at in range(end - reach, end + TOKENS_AROUND + 1)}
            places = sorted(near & set(places))[:MOST_TOKENS]
        cells, last = "", -1
        for place in places:
            cells += ("" if place == last + 1 else " … ") + self._place(ids[place], ends.get(place))
            last = place
        rest = " …" if last < len(ids) - 1 else ""
        return f'<div class="bp-master"><span>#{master + 1}</span> {cells}{rest}</div>'

    def _place(self, token: int, way: str | None) -> str:
        mark = self._mark(way) if way else "&nbsp;"
        token_html = chip(self.data.vocabulary[token], token)
        return f'<span class="bp-place">{token_html}<i>{mark}</i></span>'


def _said(text: str) -> str:
    return f'<div class="bp-said">{text}</div>'
