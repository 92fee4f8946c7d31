"""Labels beside the cells of a heatmap."""

from __future__ import annotations

from collections.abc import Sequence

from bokeh.models import Axis, BasicTicker, ColumnDataSource, CustomJSTickFormatter

LABEL_COLOR = "#868e96"


def names_of_cells(names: Sequence[str] = ()) -> ColumnDataSource:
    """Return what the rows or the columns of heatmaps stand for, to be shared and to be changed."""
    return ColumnDataSource({"names": list(names)})


def label_cells(axis: Axis, names: ColumnDataSource, index: str, ticks: int, most: int) -> None:
    """Label the cells along an axis, or every so many of them, with the end of a long label."""
    axis.update(
        visible=True,
        axis_label=None,
        axis_line_color=None,
        major_label_standoff=2,
        major_label_text_font_size="8px",
        major_label_text_color=LABEL_COLOR,
        major_tick_in=0,
        major_tick_out=0,
        minor_tick_out=0,
        ticker=BasicTicker(min_interval=1, desired_num_ticks=ticks, num_minor_ticks=0),
        formatter=CustomJSTickFormatter(
            args={"names": names, "most": most},
            code=f"const label = names.data.names[{index}] ?? '';"
            "return label.length > most ? '…' + label.slice(1 - most) : label",
        ),
    )
