"""A link to the page with other arguments, and a button that copies its whole address."""

from __future__ import annotations

from pathlib import Path

import panel as pn
import param

from ..plots.html import STYLE


class LinkPane(pn.custom.JSComponent):
    """Shows a link to this page, wherever its server or a proxy has put it.

    Parameters
    ----------
    query : str
        The arguments of the link, without a question mark.
    label : str
    """

    query = param.String("", doc="The arguments of the link, without a question mark.")
    label = param.String("", doc="The text of the link.")

    _esm = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")

    def __init__(self, label: str, **params: object) -> None:
        super().__init__(
            label=label, stylesheets=[STYLE], css_classes=["bp-link"], margin=0, **params
        )
