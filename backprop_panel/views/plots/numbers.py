"""The one format of numbers on the page, in Python and in the browser.

Four significant digits, grouped thousands, a true minus, powers of ten as such: a number that is
not zero never looks like zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from json import dumps
from math import isfinite, isinf, isnan

POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

LEAST, LEAST_IN_COLUMN = -4, -6
"""The powers of ten from which on numbers are decimals, alone and beside others."""

MOST = 4
"""The power of ten from which on they are not."""


DIGITS, MOST_DIGITS = 4, 10
"""Significant digits of a number: usually, and of one that is to differ from a number near it."""

EXACT_DIGITS = 9
"""Significant digits that tell any float32 from all others."""


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
    # Few digits say it all, as those of a setting.
    is_short = float(f"{value:.{digits}g}") == value
    text = steady(value, least, digits)
    if not is_short or not isfinite(value):
        return text
    mantissa, times, power = text.partition("×")
    return (mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa) + times + power


def steady(value: float, least: int = LEAST, digits: int = DIGITS) -> str:
    """Return a number as `number` does, but with all digits: its width hardly changes.

    Parameters
    ----------
    value : float
    least : int
        The power of ten from which on it is written as a decimal.
    digits : int
        The significant digits.
    """
    if isnan(value):
        return "NaN"
    if isinf(value):
        return "∞" if value > 0 else "−∞"
    if not value:
        return "0"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    if least <= int(exponent) < MOST:
        text = f"{value:,.{max(digits - 1 - int(exponent), 0)}f}"
    else:
        text = f"{mantissa}×10{str(int(exponent)).translate(POWERS)}"
    return text.replace("-", "−")


def exact(value: float) -> str:
    """Return a number with all digits of a float32, as it can be copied into a program."""
    return f"{value:.{EXACT_DIGITS}g}"


_NEGATIVE_OR_POWER = re.compile(r"(?<![\w.-])(?=-|[\d.]+e)-?\d[\d,]*(\.\d+)?(e[+-]?\d+)?(?!\w)")


def spelled(text: str) -> str:
    """Return a text whose negative numbers and powers of ten are written as `number` does."""
    return _NEGATIVE_OR_POWER.sub(lambda found: _spelled(found[0]), text)


def _spelled(digits: str) -> str:
    mantissa, _, exponent = digits.partition("e")
    power = f"×10{str(int(exponent)).translate(POWERS)}" if exponent else ""
    return mantissa.replace("-", "−") + power


def number_html(value: float, least: int = LEAST) -> str:
    """Return a number as HTML that tells all of its digits to who points at it."""
    return f'<span title="{exact(value)}">{number(value, least)}</span>'


def apart(first: float, second: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes for them to differ."""
    for digits in range(DIGITS, MOST_DIGITS + 1):
        texts = number(first, digits=digits), number(second, digits=digits)
        if texts[0] != texts[1]:
            break
    return texts


def numbers(values: Iterable[float]) -> list[str]:
    """Return numbers that stand in a column, as decimals that compare at a glance if they can.

    Small ones are decimals as well beside others; if one is very small or large, or all of them
    are, each is written as it is alone.
    """
    values = list(values)
    sizes = [abs(value) for value in values if value and isfinite(value)]
    if not sizes:
        return list(map(number, values))
    smallest, largest = (_exponent(size) for size in (min(sizes), max(sizes)))
    are_decimals = LEAST_IN_COLUMN <= smallest and LEAST <= largest < MOST
    return [number(value, LEAST_IN_COLUMN if are_decimals else LEAST) for value in values]


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


NUMBER_JS = """
const written = (value, digits) => {
  if (Number.isNaN(value)) return "NaN"
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞"
  const short = Number(value.toPrecision(digits))
  const whole = short === value
  const [mantissa, power] = value.toExponential(digits - 1).split("e")
  const exponent = Number(power)
  const places = Math.max(digits - 1 - exponent, 0)
  if (value === 0 || (exponent >= LEAST && exponent < MOST)) {
    const plain = whole ? String(short || 0) : value.toFixed(places)
    return plain.replace(/^(-?\\d)(?=\\d{3}(\\.|$))/, "$1,").replace("-", "−")
  }
  const raised = [...String(exponent)].map((each) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(each)])
  const before = whole ? String(Number(mantissa)) : mantissa
  return `${before}×10${raised.join("")}`.replace("-", "−")
}
""".replace("LEAST", str(LEAST)).replace("MOST", str(MOST))
"""JavaScript that defines ``written(value, digits)``, which writes a number as `number` does."""

NO_NUMBER = "—"
"""What stands in place of a number that there is not."""


def number_cell(why_absent: str) -> str:
    """Return the template of a table's cell: a number as the page writes it.

    Its tooltip has all digits, and `why_absent` where `NO_NUMBER` stands in its place.
    """
    return f"""<%
{NUMBER_JS}
const known = typeof value === "number"
%><span title="<%= known ? value : {dumps(why_absent)} %>"><%
print(known ? written(value, 4) : value)
%></span>"""
