"""Colours of tokens, and of a heatmap as the theme changes."""

import numpy as np

from backprop_panel.views.plots.colors import (
    DARK,
    LIGHT,
    MOST_TOKEN_COLORS,
    TOKEN_COLORS,
    token_color,
)
from backprop_panel.views.plots.heatmap import Heatmap


def luminance(color):
    rgb = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def test_tokens_beyond_the_first_ten_have_colours_of_their_own():
    colors = [token_color(number) for number in range(MOST_TOKEN_COLORS)]
    assert tuple(colors[: len(TOKEN_COLORS)]) == TOKEN_COLORS
    assert len(set(colors)) == len(colors)
    neighbours = zip(colors, colors[1:], strict=False)
    rgb = [[[int(c[at : at + 2], 16) for at in (1, 3, 5)] for c in pair] for pair in neighbours]
    assert min(np.abs(np.subtract(*pair)).max() for pair in rgb) > 40


def test_white_letters_are_legible_on_every_token():
    colors = map(token_color, range(MOST_TOKEN_COLORS))
    assert min(1.05 / (0.05 + luminance(color)) for color in colors) >= 4.5


def test_a_heatmap_takes_no_palette_that_it_has():
    heatmap, taken = Heatmap("confusion", (2, 2), LIGHT, about="confusion"), []
    heatmap.paint(lambda theme: taken.append(theme) or theme.diverging())
    heatmap.recolor(LIGHT)  # as with each switch to a network that was shown before
    assert taken == [LIGHT]
    heatmap.recolor(DARK)
    assert taken == [LIGHT, DARK]
