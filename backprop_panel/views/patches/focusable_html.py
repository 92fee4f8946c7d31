"""Give a pane of HTML that scrolls a tab stop and a name.

Panel's panes take no attributes for their elements. Bokeh's models do.

Gain: what is out of sight in the pane can be reached with the keyboard.
Upstream: a parameter of Panel's layoutables for the attributes of their elements.
Without the symbol: the pane scrolls with the mouse only.
"""

from __future__ import annotations

from typing import Any

import panel as pn
import param
from bokeh.document import Document


class FocusableHTML(pn.pane.HTML):
    """A pane of HTML that takes the focus.

    Parameters
    ----------
    label : str
        What a screen reader calls it.
    """

    label = param.String("", constant=True, doc="What a screen reader calls it.")

    _rename = {"label": None}

    def _get_properties(self, doc: Document | None) -> dict[str, Any]:
        attributes = {"role": "region", "aria-label": self.label, "tabindex": "0"}
        return super()._get_properties(doc) | {"html_attributes": attributes}
