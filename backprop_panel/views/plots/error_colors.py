"""Colours of relative errors: a ramp, and two colours for cells that have none."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .color_scales import ColorScale
from .colors import Theme

RELATIVE_ERROR = "relative error"
"""The tag of a heatmap's source that shows relative errors: the words of its hover."""

ERROR_SCALE = ColorScale(end=2.0, linear=1e-7)
"""From 0 to 2, the largest relative error; logarithmic above about 10⁻⁷, float32's rounding."""

NOT_CHECKED, AT_KINK = -2e-8, -2e-7
"""The numbers of cells without an error: of a block of cells, an error of usual size is shown."""

BOUNDARY = -6e-8
"""Between the two; ``image_canvas.js``, ``plot_table.js`` and the hover name them by it."""


def error_cells(errors: NDArray[np.floating], kinks: NDArray[np.bool_]) -> NDArray[np.floating]:
    """Return the cells of a layer's relative errors, NaN where there are none."""
    cells = np.where(np.isnan(errors), NOT_CHECKED, errors)
    return np.where(kinks, AT_KINK, cells).astype(np.float32)


def error_palette(theme: Theme, colors: int = 255) -> list[str]:
    """Return the colours of `ERROR_SCALE`: of kinks, of unchecked cells, and the ramp from zero."""
    ramp = theme.diverging(colors)
    boundary = round((1 + float(ERROR_SCALE.shares(np.asarray(BOUNDARY)))) / 2 * colors)
    half = colors // 2
    return [
        *[theme.kink] * boundary,
        *[theme.unchecked] * (half - boundary),
        *ramp[half:],
    ]
