"""The network map: every value in the order in which data flows, its gradient under it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import panel as pn
import param
from numpy.typing import NDArray

from ...nn.record import StepRecord
from ..plots.cell_labels import names_of_cells
from ..plots.color_scales import Scales
from ..plots.colors import theme_of
from ..plots.heatmap import Heatmap, Place
from ..plots.heatmap_batch import Frame
from ..plots.html import STYLE, example, html, visible
from ..state.map_columns import Slot, slots_of, touched
from ..state.session import Session

BLANK = "\N{FIGURE SPACE}"
"""As wide as a letter, about, and nothing to see."""

ROOM_FOR_NOTE = 12
"""Columns from which on a gradient's caption has room for more than its name."""

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class NetworkMap(pn.viewable.Viewer):
    """All heatmaps of a network, patched in place with each step."""

    session = param.ClassSelector(class_=Session, constant=True)
    scale = param.Selector(
        default="each kind", objects=["each kind", "each heatmap"], doc="What shares a scale."
    )
    locked = param.Boolean(False, doc="Whether the scales stay as they are.")
    visible = param.Boolean(True, doc="Whether anyone sees it: if not, nothing is drawn.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._grid = pn.Column(
            margin=0, sizing_mode="stretch_width", css_classes=["bp-map"], stylesheets=[STYLE]
        )
        self._legend = html("", "bp-legend")
        self._layout = pn.Column(
            self._grid,
            self._legend,
            margin=0,
            sizing_mode="stretch_width",
        )
        self._scales = Scales()
        self._opening = pn.state.curdoc is not None and not pn.state.loaded
        self._build()
        session.param.watch(self._follow_run, "run")
        session.param.watch(self._draw, "record")
        session.param.watch(self._subtract, "other")
        session.param.watch(self._mark, "selection")
        session.param.watch(self._recolor, "dark")
        self.param.watch(self._rescale, ["scale", "locked"])
        self.param.watch(self._draw, "visible")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _follow_run(self, event: param.parameterized.Event) -> None:
        """Show another run: in the heatmaps that are there if its network has the same shape."""
        self._scales.forget()
        if slots_of(self.session.run) != self._slots:
            self._build()
            return
        self._drawn = self._named = None
        with pn.io.hold():
            for slot, value in zip(self._slots, self._values, strict=True):
                names = self._column_labels(slot)
                if names != value.column_names.data["names"]:
                    value.column_names.data = {"names": names}
            self._draw()

    def _build(self) -> None:
        """Make the heatmaps of the present run's network."""
        record, theme = self.session.record, theme_of(self.session.dark)
        self._slots = slots_of(self.session.run)
        self._examples = names_of_cells()
        self._values: list[Heatmap] = []
        self._gradients: list[Heatmap] = []
        for slot in self._slots:
            options = {
                "theme": theme,
                "on_tap": self._select,
                "bias": slot.kind == "weight",
                "row_names": self._examples if slot.kind == "level" else names_of_cells(),
                "column_names": names_of_cells(self._column_labels(slot)),
                "row_ticks": 40 if slot.name == "X" else 0,
                "column_ticks": {"X": 8, "ŷ": 6}.get(slot.name, 0),
            }
            value = Heatmap(slot.name, slot.value(record).shape, **options)
            gradient = Heatmap(
                f"d{slot.name}", slot.gradient(record).shape, partner=value, **options
            )
            self._values.append(value)
            self._gradients.append(gradient)
        self._frame = Frame([*self._values, *self._gradients])
        self._named: NDArray | None = None
        self._drawn: StepRecord | None = None
        self._draw()
        self._lay_out()

    def _lay_out(self) -> None:
        """Put up the map; as a page opens, at first one heatmap, so that it is soon seen."""
        columns = " ".join(
            f"minmax({_smallest_width(slot)}px, {slot.columns + 20 * (slot.name == 'X')}fr)"
            for slot in self._slots
        )
        self._grid.styles = {"display": "grid", "grid-template-columns": columns}
        captions = [self._caption(slot, "") for slot in self._slots]
        below = [self._caption(slot, "d") for slot in self._slots]
        heatmaps = [*self._values, *self._gradients]
        shown = 1 if self._opening else len(heatmaps)
        panes = [heatmap.pane() for heatmap in heatmaps[:shown]]
        panes += [pn.Spacer(sizing_mode="stretch_both") for _ in heatmaps[shown:]]
        count = len(self._slots)
        self._grid[:] = [*captions, *panes[:count], *below, *panes[count:]]

    def complete(self) -> Iterator[None]:
        """Put up what was left out as the page opened, a value and its gradient at a time."""
        while left_out := self._left_out():
            objects = list(self._grid)
            for place, heatmap in left_out[:2]:
                objects[place] = heatmap.pane()
            self._grid[:] = objects  # at once: each change has Bokeh look through the whole page
            yield
        self._opening = False

    def _left_out(self) -> list[tuple[int, Heatmap]]:
        """Return the heatmaps that are not up, and their places in the grid, column by column."""
        count = len(self._slots)
        places = [
            place
            for at, heatmaps in enumerate(zip(self._values, self._gradients, strict=True))
            # Each row of heatmaps is below its captions.
            for place in zip((count + at, 3 * count + at), heatmaps, strict=True)
        ]
        return [(at, heatmap) for at, heatmap in places if isinstance(self._grid[at], pn.Spacer)]

    def _caption(self, slot: Slot, prefix: str) -> pn.pane.HTML:
        rows = self._rows(slot)
        note = f"{rows}×{slot.columns}"
        if prefix:
            note = f"∂L/∂{slot.name}" if slot.columns >= ROOM_FOR_NOTE else ""
        return html(f"<b>{prefix}{slot.name}</b> <span>{note}</span>", "bp-caption")

    def _rows(self, slot: Slot) -> str:
        if slot.kind == "weight":
            return str(self.session.run.model.network.widths[slot.index])
        return "B"

    def _column_labels(self, slot: Slot) -> list[str]:
        data = self.session.run.dataset
        if slot.name == "X":
            return [
                f"{visible(token)}{str(position + 1).translate(SUBSCRIPTS)}"
                for position in range(data.context_length)
                for token in data.vocabulary
            ]
        if slot.name == "ŷ":
            return [visible(label) for label in data.output_labels]
        return []

    def _draw(self, *events: param.parameterized.Event) -> None:
        """Patch every heatmap with the record that is shown."""
        session = self.session
        if not self.visible or session.record is self._drawn:
            return
        if len(session.record.layers) != session.run.model.network.depth:
            return
        self._drawn, record = session.record, session.shown
        shown = list(self._kinds_and_values(record))
        rescaled = self._scales.follow(
            ((kind, values) for _, kind, values in shown), smoothly=session.training
        )
        with pn.io.hold():
            for heatmap, kind, values in shown:
                heatmap.take(values, self._scales.ends[kind])
            self._name_rows(record)
            self._frame.send()
            if rescaled:
                self._show_legend()

    def _kinds_and_values(self, record: StepRecord) -> Iterator[tuple[Heatmap, str, NDArray]]:
        """Yield each heatmap with its values, and the kind whose scale they share."""
        for slot, value, gradient in zip(self._slots, self._values, self._gradients, strict=True):
            kind = "logits" if slot.name == "ŷ" else slot.kind
            yield value, self._kind(value, kind), slot.value(record)
            yield gradient, self._kind(gradient, f"gradient of {kind}"), slot.gradient(record)

    def _kind(self, heatmap: Heatmap, kind: str) -> str:
        alone = self.scale == "each heatmap" or heatmap.name == "X"
        return heatmap.name if alone else kind

    def _show_legend(self) -> None:
        theme = theme_of(self.session.dark)
        ramp = ", ".join(theme.diverging(9))
        kinds = {
            "weight": "weights",
            "level": "activations",
            "logits": "ŷ",
            "gradient of weight": "dW",
            "gradient of level": "da",
            "gradient of logits": "dŷ",
        }
        parts = [
            f"{label} ±{self._scales.ends[kind]:.2g}"
            for kind, label in kinds.items()
            if kind in self._scales.ends and self.scale == "each kind"
        ]
        what = "" if self.session.other is None else "<b>differences</b> · "
        style = f"background:linear-gradient(90deg, {ramp})"
        scales = " · ".join(parts) or "each heatmap to its own largest magnitude"
        self._legend.object = f'{what}− <span class="bp-ramp" style="{style}"></span> + {scales}'

    def _name_rows(self, record: StepRecord) -> None:
        """Say which example of the batch each row of a level is.

        Where batches fly past nobody could read it, and a browser takes longer to paint the labels
        than the cells: then there is nothing, as wide as what was there.
        """
        contexts = None if self.session.racing else record.contexts
        if contexts is self._named:
            return
        self._named = contexts
        if contexts is None:
            names = [re.sub(r"\S", BLANK, name) for name in self._examples.data["names"]]
        else:
            data = self.session.run.dataset
            labels = data.output_labels
            names = [
                example(tokens, labels[target])
                for tokens, target in zip(data.tokens(contexts), record.targets, strict=True)
            ]
        self._examples.data = {"names": names}

    def _rescale(self, *events: param.parameterized.Event) -> None:
        self._scales.locked = self.locked
        if not self.locked:
            self._scales.forget()
        self._drawn = None
        self._draw()
        self._show_legend()

    def _subtract(self, *events: param.parameterized.Event) -> None:
        """Show differences, or values again: on scales of their own."""
        self._scales.forget()
        self._drawn = None
        with pn.io.hold():
            for heatmap in (*self._values, *self._gradients):
                heatmap.source.tags = [] if self.session.other is None else ["difference"]
            self._draw()

    def _recolor(self, *events: param.parameterized.Event) -> None:
        theme = theme_of(self.session.dark)
        with pn.io.hold():
            for heatmap in (*self._values, *self._gradients):
                heatmap.follow(theme)
        self._show_legend()

    def _select(self, place: Place) -> None:
        """Choose a cell; choosing it again lets it go."""
        self.session.selection = None if place == self.session.selection else place

    def _mark(self, *events: param.parameterized.Event) -> None:
        """Frame the chosen cell, and the rows and columns of all that it touches."""
        place = self.session.selection
        marks = touched(self._slots, place) if place else {}
        with pn.io.hold():
            for slot, value in zip(self._slots, self._values, strict=True):
                rows, columns = marks.get(slot.name, ((), ()))
                is_here = place and place.heatmap.removeprefix("d") == slot.name
                value.mark(rows, columns, place if is_here else None)


def _smallest_width(slot: Slot) -> int:
    """Return the pixels that a column of the map needs for its caption and its cells."""
    if slot.name == "X":
        return 118
    return max(52, min(3 * slot.columns, 420))
