"""Labels beside the cells of a heatmap."""

from __future__ import annotations

from bokeh.models import Axis, BasicTicker, ColumnDataSource, CustomJSTickFormatter

LABEL_COLOR = "#868e96"


def label_cells(
    axis: Axis, labels: ColumnDataSource, which: str, index: str, ticks: int, most: int
) -> None:
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
            args={"labels": labels, "most": most},
            code=f"const label = labels.data['{which}'][0][{index}] ?? '';"
            "return label.length > most ? '…' + label.slice(1 - most) : label",
        ),
    )
