"""The hover over a heatmap, all of it in the browser: no message is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bokeh.models import CustomJS, CustomJSHover, GlyphRenderer, HoverTool

from .cell_outlines import BIAS_GAP

if TYPE_CHECKING:
    from .heatmap import Heatmap


TOOLTIP = (
    "<div style='white-space: pre; font-size: calc(12px * var(--bp-type, 1))'>@image{custom}</div>"
)


def hover_tool(heatmap: Heatmap, renderer: GlyphRenderer) -> HoverTool:
    """Return the tool that names and outlines the cell under the pointer.

    It shows the exact value together with that of the same cell in the heatmap's gradient or
    value, where the cell is outlined as well.
    """
    return HoverTool(
        renderers=[renderer],
        tooltips=TOOLTIP,
        formatters={"@image": _description(heatmap)},
        point_policy="follow_mouse",
        callback=_outline(heatmap),
    )


def _description(heatmap: Heatmap) -> CustomJSHover:
    """Return the text of the tooltip."""
    other = heatmap.counterpart
    return CustomJSHover(
        args={
            "own": heatmap.source,
            "other": other and other.source,
            "row_names": heatmap.row_names,
            "column_names": heatmap.column_names,
            "width": heatmap.shape[1],
            "bias_name": heatmap.bias_name,
            "other_bias_name": other.bias_name if other else "",
            "split": _split(heatmap),
        },
        code=_DESCRIBE,
    )


def _outline(heatmap: Heatmap) -> CustomJS:
    """Return the callback that outlines the cell under the pointer."""
    return CustomJS(
        args={
            "own": heatmap.source,
            "pointed_at": heatmap.outlines.pointed_at,
            "width": heatmap.shape[1],
            "split": _split(heatmap),
            "gap": BIAS_GAP,
        },
        code=_OUTLINE,
    )


def _split(heatmap: Heatmap) -> int:
    """Return the row of the bias, -1 for none."""
    return heatmap.weight_rows if heatmap.bias_name else -1


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
  const across = Math.floor((column - first_column[part]) / wide)
  const missing = image == null || line < 0 || line >= image.shape[0] || across >= image.shape[1]
  return missing || across < 0 ? NaN : image[line * image.shape[1] + across]
}
const unseen = ({data: {first_shown, end_shown}}) => {
  if (first_shown[part] >= end_shown[part]) return "not computed yet"
  return row < first_shown[part] || row >= end_shown[part] ? "of another example" : ""
}
const exact = (number) => Number.isFinite(number) ? number.toPrecision(6) : "not finite"
const missing_error = (number) => number > -6e-8 ? "not checked" : "at a corner of ReLU: no slope"
const span = (line, first, block, end) => {
  if (block == 1) return `${line}`
  const start = first + block * Math.floor((line - first) / block)
  return `${start}…${Math.min(start + block, end) - 1}`
}
const down_name = span(row, first_row[part], tall, rows[part])
const across_name = span(column, first_column[part], wide, width)
const index = in_bias ? `[${across_name}]` : `[${down_name}, ${across_name}]`
const said = (source, bias_name) => {
  const name = `${in_bias ? bias_name : source.name}${index}`
  if (unseen(source)) return `${name} is ${unseen(source)}`
  const number = at(source)
  const is_missing = number < 0 && source.tags.includes("relative error")
  if (is_missing) return `${name}: ${missing_error(number)}`
  const words = [...(tall * wide > 1 ? ["largest"] : []), ...source.tags]
  return `${words.length ? `${words.join(" ")} of ` : ""}${name} = ${exact(number)}`
}
const lines = [said(own, bias_name)]
if (other != null) lines.push(said(other, other_bias_name))
const row_label = row_names.data.names[row]?.trim(), column_label = column_names.data.names[column]
if (row_label && !in_bias) lines.push(row_label)
if (column_label) lines.push(column_label)
return lines.join("\n")
"""

# Changes the columns in place: each new `data` would be sent to the server.
_OUTLINE = r"""
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
