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

LABEL_COLOR = "#6b7280"
"""The grey of labels where the page's theme has set none."""


def names_of_cells(names: Sequence[str] = ()) -> ColumnDataSource:
    """Return a source for the names of rows or columns, which several heatmaps can share."""
    return ColumnDataSource({"names": list(names)})


def label_cells(
    axis: Axis, names: ColumnDataSource, index: str, ticks: int, most: int, apart: int
) -> None:
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
    apart : int
        Pixels between two labels; others are left out.
    """
    axis.update(
        visible=True,
        axis_label=None,
        axis_line_color=None,
        major_label_standoff=2,
        major_label_text_font_size="11px",
        major_label_text_color=LABEL_COLOR,
        major_label_policy=NoOverlap(min_distance=apart),
        major_tick_in=0,
        major_tick_out=0,
        minor_tick_out=0,
        ticker=ticker_of_cells(ticks),
        formatter=CustomJSTickFormatter(
            args={"names": names, "most": most},
            # By characters: an emoji is two places of a text.
            code=f"const label = [...(names.data.names[{index}] ?? '')];"
            "return label.length > most ? '…' + label.slice(1 - most).join('') : label.join('')",
        ),
    )


def ticker_of_cells(ticks: int, only: int | None = None) -> Ticker:
    """Return the places of about so many labels, or of the `only` one."""
    if only is not None:
        return FixedTicker(ticks=[only])
    return BasicTicker(min_interval=1, desired_num_ticks=ticks, num_minor_ticks=0)
