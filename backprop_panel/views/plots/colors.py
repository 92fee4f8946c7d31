"""Colours: one diverging scale through the page's background, one colour a token, one a run."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from bokeh.palettes import Viridis256

TOKEN_COLORS = (
    "#3b6fe0", "#bf560b", "#267f37", "#ae3ec9", "#0b7689",
    "#c2255c", "#7a6a00", "#6741d9", "#5c677d", "#a0522d",
)  # fmt: skip
"""Colours of equal lightness, for white letters, of the first tokens."""

MOST_TOKEN_COLORS = 60
"""The number of token colours before they repeat. Nobody tells more apart."""

LOSS_COLORS = Viridis256
"""The scale of every picture that shows losses as colours: dark is low, bright is high."""

LOSS_LINE_COLORS = Viridis256[90:240]
"""The same for lines and dots, without its ends, which a dark or a light page would swallow."""

LOSS_LEGEND = "dark: low, bright: high"

GOLDEN_ANGLE = 0.381966
"""The share of a turn between the hues of successive colours, which sets neighbours far apart."""

LEAST_CONTRAST = 4.6
"""The contrast of white letters on a token's colour."""

RUN_COLORS = (
    "#4c6ef5", "#0ca678", "#e8590c", "#ae3ec9", "#1098ad", "#e64980", "#868e96", "#94a300",
    "#8d5524", "#e03131", "#15616d", "#c79000",
)  # fmt: skip
"""Twelve colours that are told apart; further runs repeat them with other dashes."""

RUN_DASHES = ("solid", "dashdot", "dotdash")


@dataclass(frozen=True)
class Theme:
    """The colours of plots in light or dark mode.

    Attributes
    ----------
    background, negative, positive : str
        The page's background, which stands for zero, and the ends of a heatmap's scale.
    below, above : str
        The colours of values beyond the ends of a robust scale.
    mark : str
        The outline of the chosen cell.
    line : str
        The outlines of its row and column.
    operand : str
        The outlines of what the chosen number is made of.
    ring : str
        The outlines of the term that is pointed at.
    by_hand : str
        The outlines of what was frozen, silenced or set by hand.
    kink, unchecked : str
        The colours of cells without a relative error: those at a corner of ReLU, and those that
        were not checked.
    """

    background: str
    negative: str
    positive: str
    below: str
    above: str
    mark: str
    line: str
    operand: str
    ring: str
    by_hand: str
    kink: str
    unchecked: str

    def diverging(self, colors: int = 255) -> list[str]:
        """Return the scale from `negative` through `background` to `positive`."""
        half = colors // 2
        below = _blend(self.negative, self.background, half + 1)
        above = _blend(self.background, self.positive, half + 1)
        return [*below, *above[1:]]

    def beyond(self, clipped: bool) -> dict[str, str | None]:
        """Return a colour mapper's options for values beyond the ends of its scale."""
        return {
            "low_color": self.below if clipped else None,
            "high_color": self.above if clipped else None,
        }


LIGHT = Theme(
    "#fbfbfa", "#1c5fae", "#d95f02", "#08264a", "#6b2800",
    "#111418", "#11141859", "#3b5bdb", "#ae3ec9",
    "#0b7285", "#748ffc", "#c9ced6",
)  # fmt: skip
DARK = Theme(
    "#121417", "#5c9dff", "#ffab40", "#d6e6ff", "#fff0d6",
    "#ffffff", "#ffffff66", "#a5b4ff", "#e599f7",
    "#3bc9db", "#5c7cfa", "#454c56",
)  # fmt: skip

NOT_FINITE = "#e600a9"
"""The colour of NaN and infinity, and of nothing else."""


def theme_of(dark: bool) -> Theme:
    """Return the theme for dark or light mode."""
    return DARK if dark else LIGHT


def token_color(token_id: int) -> str:
    """Return the colour of a token, the same everywhere."""
    number = int(token_id) % MOST_TOKEN_COLORS
    return TOKEN_COLORS[number] if number < len(TOKEN_COLORS) else _further_color(number)


@cache
def _further_color(number: int) -> str:
    """Return a colour of another hue and saturation, as light as white letters allow."""
    hue, saturation = number * GOLDEN_ANGLE % 1, (0.85, 0.5, 0.3)[number % 3]
    for lightness in np.arange(0.6, 0.1, -0.01):
        rgb = np.array(colorsys.hls_to_rgb(hue, lightness, saturation))
        if 1.05 / (0.05 + _luminance(rgb)) >= LEAST_CONTRAST:
            break
    return "#{:02x}{:02x}{:02x}".format(*(255 * rgb).round().astype(int))


def _luminance(rgb: np.ndarray) -> float:
    """Return the relative luminance of a colour from 0 to 1 a channel, as WCAG has it."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def run_color(number: int) -> str:
    """Return the colour of a run by its number, counted from 0 in the order of creation."""
    return RUN_COLORS[number % len(RUN_COLORS)]


def run_dash(number: int) -> str:
    """Return the dash of a run's curve: another for each round of the colours."""
    return RUN_DASHES[number // len(RUN_COLORS) % len(RUN_DASHES)]


def contrasting(color: str) -> str:
    """Return a colour for thin lines on `color`: lighter on a dark one, darker on a light one."""
    is_dark = _rgb(color) @ (0.3, 0.59, 0.11) < 128
    return _blend(color, "#ffffff" if is_dark else "#000000", 11)[4]


def _blend(start: str, end: str, count: int) -> Sequence[str]:
    """Return `count` colours from `start` to `end`."""
    shares = np.linspace(0, 1, count)[:, np.newaxis]
    colors = (1 - shares) * _rgb(start) + shares * _rgb(end)
    return ["#{:02x}{:02x}{:02x}".format(*color) for color in colors.round().astype(int)]


def _rgb(color: str) -> np.ndarray:
    return np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)])
