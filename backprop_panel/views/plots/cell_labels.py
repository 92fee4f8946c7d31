"""Labels beside the cells of a heatmap."""

from __future__ import annotations

from collections.abc import Sequence

from bokeh.models import (
    Axis,
    BasicTicker,
    ColumnDataSource,
    CustomJSTickFormatter,
    FixedTicker,
    NoOverlap,
    Ticker,
)

LABEL_COLOR = "#868e96"


def names_of_cells(names: Sequence[str] = ()) -> ColumnDataSource:
    """Return a source for the names of rows or columns, which several heatmaps can share."""
    return ColumnDataSource({"names": list(names)})


def label_cells(axis: Axis, names: ColumnDataSource, index: str, ticks: int, most: int) -> None:
    """Label the cells along an axis.

    Parameters
    ----------
    axis : Axis
    names : ColumnDataSource
        From `names_of_cells`.
    index : str
        JavaScript for the index of the name at the number ``tick``.
    ticks : int
        How many labels to show, about.
    most : int
        Characters of a label; of a longer one, the end is shown.
    """
    axis.update(
        visible=True,
        axis_label=None,
        axis_line_color=None,
        major_label_standoff=2,
        major_label_text_font_size="8px",
        major_label_text_color=LABEL_COLOR,
        # A letter's box is higher than the letter.
        major_label_policy=NoOverlap(min_distance=-3),
        major_tick_in=0,
        major_tick_out=0,
        minor_tick_out=0,
        ticker=ticker_of_cells(ticks),
        formatter=CustomJSTickFormatter(
            args={"names": names, "most": most},
            code=f"const label = names.data.names[{index}] ?? '';"
            "return label.length > most ? '…' + label.slice(1 - most) : label",
        ),
    )


def ticker_of_cells(ticks: int, only: int | None = None) -> Ticker:
    """Return the places of about so many labels, or of the `only` one."""
    if only is not None:
        return FixedTicker(ticks=[only])
    return BasicTicker(min_interval=1, desired_num_ticks=ticks, num_minor_ticks=0)
