"""Ticks of curves' axes: two or more on each, as many as their labels have room for."""

from __future__ import annotations

from bokeh.models import Axis, ColorBar, CustomJSTicker, CustomJSTickFormatter, LogAxis
from bokeh.plotting import figure

LABEL_JS = r"""
// Bokeh writes the nearest power of ten, or small numbers with more digits than fit.
function label(tick, decimals = 0) {
  const number = Number(tick.toPrecision(12)), size = Math.abs(number)
  if (!number || (size >= 1e-3 && size < 1e7)) {
    const own = number.toString().split(".")[1]?.length ?? 0
    // Not by toLocaleString, which took a third of the time of laying out a plot.
    const [whole, fraction] = number.toFixed(Math.min(Math.max(own, decimals), 12)).split(".")
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",").replace("-", "−")
    return fraction ? `${grouped}.${fraction}` : grouped
  }
  const [mantissa, exponent] = number.toExponential().split("e")
  const raised = (character) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(character)]
  const power = [...exponent.replace("+", "")].map(raised).join("")
  return `${mantissa === "1" ? "" : `${mantissa}×`}10${power}`.replace(/^-/, "−")
}

// How many decimals all ticks of a linear axis have: as many as the finest.
function decimals(ticks) {
  const written = ticks.map((tick) => label(tick))
  if (written.some((text) => text.includes("10") && /[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]/.test(text))) return 0
  return Math.max(0, ...written.map((text) => text.split(".")[1]?.length ?? 0))
}
"""

TICKS_JS = (
    LABEL_JS
    + """
// Round numbers from low to high, as many as have room, but two at least: Bokeh's own steps leave
// one or none where an axis is short, or spans less than two decades.
function ticks(low, high, logarithmic, most, pixels, upright, whole = false) {
  if (!(low < high)) return []
  const scaled = logarithmic ? Math.log10 : (tick) => tick
  const width = (tick) => 8 + 6.5 * label(tick).length
  const span = scaled(high) - scaled(low)
  const gap = (from, to) => (scaled(to) - scaled(from)) / span * pixels
  const fits = (found) => found.length <= most && found.every((tick, index) =>
    index === 0 || gap(found[index - 1], tick) >= (upright ? 16 : Math.max(...found.map(width))))
  let denser = []
  for (const found of candidates(low, high, logarithmic, whole)) {
    if (found.length < 2) continue
    if (fits(found)) return found
    denser = found
  }
  for (let stride = 2; stride < denser.length; stride++) {
    const thinned = denser.filter((_, index) => index % stride === 0)
    if (thinned.length === 2 || fits(thinned)) return thinned
  }
  return denser.length || !whole ? denser : ticks(low, high, logarithmic, most, pixels, upright)
}

// Sets of ticks, the dense ones first.
function* candidates(low, high, logarithmic, whole) {
  if (logarithmic && high / low > 3) {
    const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high))
    const sets = [[[1, 2, 3, 4, 5, 6, 7, 8, 9], 1], [[1, 2, 5], 1], [[1, 3], 1], [[1], 1]]
    for (let every = 2; every <= last - first; every++) sets.push([[1], every])
    for (const [mantissas, every] of sets) {
      const found = []
      for (let power = Math.ceil(first / every) * every; power <= last; power += every)
        found.push(...mantissas.map((mantissa) => Number(`${mantissa}e${power}`)))
      yield found.filter((tick) => low <= tick && tick <= high)
    }
    return
  }
  const power_of_range = Math.floor(Math.log10(high - low)) - 1
  for (let power = whole ? Math.max(0, power_of_range) : power_of_range; ; power++)
    for (const mantissa of [1, 2, 5]) {
      const step = Number(`${mantissa}e${power}`), found = []
      for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9 * step; at++)
        found.push(Number((at * step).toPrecision(12)))
      if (found.length < 2) return
      yield found
    }
}
"""
)

_MAJOR = (
    TICKS_JS
    + """
const {start, end} = cb_data
const size = () => {
  try {
    return upright ? figure.inner_height : figure.inner_width
  } catch {  // unset until the plot is laid out
    return 300
  }
}
const low = Math.min(start, end), high = Math.max(start, end)
return ticks(low, high, logarithmic, most, size(), upright, whole)
"""
)


def use_round_ticks(figure: figure, axis: Axis, most: int, whole: bool = False) -> None:
    """Give an axis from two to `most` round ticks, with labels in the format of the page.

    With `whole`, there are none between whole numbers, such as those of steps.
    """
    upright = axis in figure.yaxis
    args = {
        "figure": figure,
        "upright": upright,
        "logarithmic": isinstance(axis, LogAxis),
        "most": most,
        "whole": whole,
    }
    axis.ticker = CustomJSTicker(args=args, major_code=_MAJOR)
    (figure.ygrid if upright else figure.xgrid).ticker = axis.ticker
    use_labels(axis)


def use_labels(axis: Axis | ColorBar) -> None:
    """Write the ticks of an axis or of a colour scale in the format of the page.

    Those of a linear axis have one number of decimals: 0.05 and 0.10.
    """
    given = "" if isinstance(axis, LogAxis) else ", decimals(ticks)"
    axis.formatter = CustomJSTickFormatter(code=f"{LABEL_JS} return label(tick{given})")
