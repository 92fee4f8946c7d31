"""The names of the rows of levels: the examples of the batch."""

from __future__ import annotations

import re

from bokeh.models import ColumnDataSource

from ...nn.record import StepRecord
from ..state.map_source import MapSource

BLANK = "\N{FIGURE SPACE}"
"""An invisible character about as wide as a letter."""


class ExampleNames:
    """Names the rows of levels, which share a source."""

    def __init__(self) -> None:
        self._named: StepRecord | None = None

    def show(self, rows: ColumnDataSource, record: StepRecord | None, source: MapSource) -> None:
        """Name the rows by the examples of a record; with None, by blanks of the same width.

        Names that change too fast to be read take longer to paint than the cells: blanks stand in
        for them.
        """
        if record is self._named:
            return
        self._named = record
        if record is None:
            names = [re.sub(r"\S", BLANK, name) for name in rows.data["names"]]
        else:
            names = [source.example_label(row) for row in range(len(record.logits))]
        rows.data = {"names": names}
