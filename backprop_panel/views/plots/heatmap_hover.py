"""What the pointer over a heatmap does, in the browser alone: nothing is sent for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bokeh.models import CustomJS, CustomJSHover, GlyphRenderer, HoverTool

if TYPE_CHECKING:
    from .heatmap import Heatmap

BIAS_GAP = 0.35
"""Rows between a layer's weights and its bias."""


def hover_tool(heatmap: Heatmap, renderer: GlyphRenderer) -> HoverTool:
    """Return the tool that names the cell under the pointer and frames it.

    The name goes with the exact value, and with that of the same cell in the heatmap's gradient or
    value, where the cell is framed as well.
    """
    other = heatmap.other
    describe = CustomJSHover(
        args={
            "own": heatmap.source,
            "other": other and other.source,
            "row_names": heatmap.row_names,
            "column_names": heatmap.column_names,
            "width": heatmap.shape[1],
            "name": heatmap.name,
            "bias_name": _bias_name(heatmap),
            "other_name": other.name if other else "",
            "other_bias_name": _bias_name(other) if other else "",
            "split": _split(heatmap),
        },
        code=_DESCRIBE,
    )
    frame = CustomJS(
        args={
            "own": heatmap.source,
            "pointed_at": heatmap.pointed_at,
            "width": heatmap.shape[1],
            "split": _split(heatmap),
            "gap": BIAS_GAP,
        },
        code=_FRAME,
    )
    return HoverTool(
        renderers=[renderer],
        tooltips="<div style='white-space: pre; font-size: 12px'>@image{custom}</div>",
        formatters={"@image": describe},
        point_policy="follow_mouse",
        callback=frame,
    )


def _bias_name(heatmap: Heatmap) -> str:
    return heatmap.name.replace("W", "b")


def _split(heatmap: Heatmap) -> int:
    """Return the row from which on there is bias, -1 for none."""
    return heatmap.weight_rows if heatmap.bias else -1


_DESCRIBE = r"""
const column = Math.round(special_vars.x)
const down = -special_vars.y
const in_bias = split >= 0 && down > split - 0.5
const row = in_bias ? 0 : Math.round(down)
const part = in_bias ? 1 : 0
const {first_row, row_block, first_column, column_block, rows} = own.data
const tall = row_block[part], wide = column_block[part]
const at = (source) => {
  const image = source.data.image[part]
  const line = Math.floor((row - first_row[part]) / tall)
  const place = Math.floor((column - first_column[part]) / wide)
  const missing = image == null || line < 0 || line >= image.shape[0] || place >= image.shape[1]
  return missing || place < 0 ? NaN : image[line * image.shape[1] + place]
}
const exact = (number) => Number.isFinite(number) ? number.toPrecision(6) : "not finite"
const span = (index, first, block, end) => {
  if (block == 1) return `${index}`
  const start = first + block * Math.floor((index - first) / block)
  return `${start}…${Math.min(start + block, end) - 1}`
}
const down_name = span(row, first_row[part], tall, rows[part])
const across_name = span(column, first_column[part], wide, width)
const place = in_bias ? `[${across_name}]` : `[${down_name}, ${across_name}]`
const words = [...(tall * wide > 1 ? ["largest"] : []), ...own.tags]
const what = words.length ? `${words.join(" ")} of ` : ""
const lines = [`${what}${in_bias ? bias_name : name}${place} = ${exact(at(own))}`]
if (other != null) {
  lines.push(`${what}${in_bias ? other_bias_name : other_name}${place} = ${exact(at(other))}`)
}
const row_label = row_names.data.names[row]?.trim(), column_label = column_names.data.names[column]
if (row_label && !in_bias) lines.push(row_label)
if (column_label) lines.push(column_label)
return lines.join("\n")
"""

# The columns are changed in place: a new `data` would go to the server with each cell passed over.
_FRAME = r"""
const {x, y} = cb_data.geometry
const height = own.data.rows[0]
const column = Math.round(x)
const in_bias = split >= 0 && -y > split - 0.5
const row = in_bias ? split : Math.round(-y)
const rows = split >= 0 ? split + 1 : height
const inside = 0 <= column && column < width && 0 <= row && row < rows
const top = 0.5 - row - (in_bias ? gap : 0)
const box = inside ? [[column - 0.5], [column + 0.5], [top], [top - 1]] : [[], [], [], []]
const {data} = pointed_at
if (data.left[0] !== box[0][0] || data.top[0] !== box[2][0]) {
  [data.left, data.right, data.top, data.bottom] = box
  pointed_at.change.emit()
}
"""
