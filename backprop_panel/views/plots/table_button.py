"""The name of a plot for screen readers, and the button that shows its numbers as a table."""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn

from .html import html

IN_THE_CORNER = {"position": "absolute", "bottom": "2px", "right": "2px", "z-index": "1"}
"""Beside the name of the lower axis: at the top it would cover what is drawn."""


def table_button(plot: str, about: str, is_tab_stop: bool = True) -> str:
    """Return a button, as HTML, that shows the numbers of a plot as a table.

    Parameters
    ----------
    plot : str
        The name of the figure's model.
    about : str
        What the plot shows.
    is_tab_stop : bool
        Whether the keyboard reaches the button; the plot's own key does the same.
    """
    stop = "" if is_tab_stop else ' tabindex="-1"'
    name = f'aria-label="{escape(f"Show {about} as a table")}"'
    return f'<button class="bp-as-table" data-table="{escape(plot)}" {name}{stop}></button>'


def with_table(pane: pn.viewable.Viewable, plot: str, about: str, **options: Any) -> pn.Column:
    """Return a column with a plot, and in its corner the button for a table of its numbers."""
    button = html(
        table_button(plot, about), "bp-corner", sizing_mode="fixed", width=22, height=20,
        styles=IN_THE_CORNER,
    )  # fmt: skip
    styles = {"position": "relative"} | options.pop("styles", {})
    return pn.Column(pane, button, margin=options.pop("margin", 0), styles=styles, **options)


def plot_attributes(about: str) -> dict[str, str]:
    """Return the attributes of a plot's element: one tab stop, with a name."""
    return {"role": "img", "aria-label": about, "tabindex": "0"}


def heatmap_attributes(about: str) -> dict[str, str]:
    """Return the attributes of a heatmap's element, in which keys move a cursor."""
    return plot_attributes(about) | {"role": "application", "aria-roledescription": "heatmap"}
