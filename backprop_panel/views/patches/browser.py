"""The component that applies the patches of BokehJS and of components in a page."""

from __future__ import annotations

from panel.custom import JSComponent

from .dialog_focus import DIALOG_FOCUS
from .image_canvas import IMAGE_CANVAS
from .layout_passes import LAYOUT_PASSES
from .models_sent_back import MODELS_SENT_BACK
from .newest_values import NEWEST_VALUES
from .plot_focus import PLOT_FOCUS
from .reconnection import RECONNECTION
from .select_keys import SELECT_KEYS
from .style_sheets import STYLE_SHEETS
from .table_focus import TABLE_FOCUS
from .table_redraw import TABLE_REDRAW
from .tooltip_place import TOOLTIP_PLACE
from .unbuilt_plots import UNBUILT_PLOTS

_RENDER = """
export function render() {
  for (const patch of [
    skip_unchanged_style_sheets, paint_cells_beneath_plots, reconnect,
    focus_plots_by_name, focus_rows_of_tables, rest_between_looks_at_tables,
    place_tooltips_beside_heatmaps, keep_newest_values, send_no_models_back,
    lay_out_once_a_frame, measure_built_plots_only, open_selects_by_keys,
    hold_focus_in_dialogs,
  ]) {
    try {
      patch()
    } catch (error) {
      reportError(new Error(`${patch.name} does not fit this BokehJS`, {cause: error}))
    }
  }
  return document.createElement("span")
}
"""


class BrowserPatches(JSComponent):
    """Applies the patches of BokehJS and of components in its page, once; it shows nothing.

    A patch that fails is reported as an error of the page; the others still apply.
    """

    _esm = "\n".join(
        [
            *(STYLE_SHEETS, IMAGE_CANVAS, RECONNECTION),
            *(PLOT_FOCUS, TABLE_FOCUS, TABLE_REDRAW, TOOLTIP_PLACE, NEWEST_VALUES),
            *(MODELS_SENT_BACK, LAYOUT_PASSES, UNBUILT_PLOTS, SELECT_KEYS, DIALOG_FOCUS),
            _RENDER,
        ]
    )
