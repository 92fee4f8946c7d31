"""HTML of the page: escaped user text, tokens as coloured chips, one format of numbers."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from math import isfinite, isinf, isnan
from pathlib import Path
from typing import Any

import panel as pn

from ..state.token_text import visible
from .colors import run_color, token_color

STYLE = (Path(__file__).parents[1] / "workbench.css").read_text()
"""The style sheet of everything on the page but widgets and plots."""

SCROLL_INTO_VIEW = """
const [view] = [...Bokeh.index.query(({model}) => model === cb_obj)]
// After it is drawn: the button may stand at the foot of the screen.
if (cb_obj.text) setTimeout(() => view?.el.scrollIntoView({block: "nearest"}), 50)
"""
"""The JavaScript that is run with the model of a message when that changes."""


def html(text: str, css_class: str, **params: Any) -> pn.pane.HTML:
    """Return a pane of HTML in the page's style; user text in `text` must be escaped."""
    options = {"margin": 0, "sizing_mode": "stretch_width"}
    return pn.pane.HTML(text, css_classes=[css_class], stylesheets=[STYLE], **(options | params))


def legend_of_layers(depth: int) -> str:
    """Return the legend of a network's layers, each in its colour, as HTML."""
    return " ".join(
        f'<span style="color:{run_color(layer)}">━</span> layer {layer + 1}'
        for layer in range(depth)
    )


POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

LEAST, LEAST_IN_COLUMN = -4, -6
"""The powers of ten from which on numbers are decimals, alone and beside others."""

MOST = 4
"""The power of ten from which on they are not."""


DIGITS, MOST_DIGITS = 4, 10
"""Significant digits of a number: usually, and of one that is to differ from a number near it."""


def number(value: float, least: int = LEAST, digits: int = DIGITS) -> str:
    """Return a number with a few significant digits, such as ``0.1471`` or ``9.467×10⁻⁵``.

    Parameters
    ----------
    value : float
    least : int
        The power of ten from which on it is written as a decimal.
    digits : int
        The most significant digits.
    """
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "∞" if value > 0 else "−∞"
    value += 0.0  # no negative zero
    short = f"{value:.{digits}g}"
    is_short = float(short) == value  # few digits say it all, as those of a setting
    if is_short and "e" not in short and (not value or abs(value) >= 10.0**least):
        return short.replace("-", "−")
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if least <= int(exponent) < MOST:
        return f"{value:.{digits - 1 - int(exponent)}f}".replace("-", "−")
    if is_short:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}×10{str(int(exponent)).translate(POWERS)}".replace("-", "−")


def apart(first: float, second: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes for them to differ."""
    for digits in range(DIGITS, MOST_DIGITS + 1):
        texts = number(first, digits=digits), number(second, digits=digits)
        if texts[0] != texts[1]:
            break
    return texts


def numbers(values: Iterable[float]) -> list[str]:
    """Return numbers that stand in a column, all of them as decimals or as multiples of powers.

    They are decimals unless one is very small, or all of them are.
    """
    values = list(values)
    sizes = [abs(value) for value in values if value and isfinite(value)]
    if not sizes:
        return list(map(number, values))
    smallest, largest = (_exponent(size) for size in (min(sizes), max(sizes)))
    are_decimals = LEAST_IN_COLUMN <= smallest and LEAST <= largest < MOST
    return [number(value, LEAST_IN_COLUMN if are_decimals else MOST) for value in values]


def round_number(value: float) -> str:
    """Return a number of one or two digits for a tick, such as ``0.15`` or ``2×10⁻⁵``."""
    mantissa, exponent = f"{value:.1e}".split("e")
    if value == 0 or -3 <= int(exponent) < 4:
        return f"{float(f'{value:.1e}'):g}".replace("-", "−")
    digits = mantissa.removesuffix(".0").replace("-", "−")
    power = f"10{str(int(exponent)).translate(POWERS)}"
    return {"1": power, "−1": f"−{power}"}.get(digits, f"{digits}×{power}")


def signed(value: float) -> str:
    """Return a change as `number` does, with its sign: ``+0.0021``."""
    return plus(value) + number(value)


def plus(value: float) -> str:
    """Return the sign of a change that is not negative."""
    return "+" if value > 0 else ""


def _exponent(value: float) -> int:
    return int(f"{value:.3e}".split("e")[1])


def chip(token: str, color_id: int) -> str:
    """Return a token as HTML in its colour."""
    return (
        f'<span class="bp-token" style="background:{token_color(color_id)}">'
        f"{escape(visible(token))}</span>"
    )
