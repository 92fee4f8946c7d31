"""Buttons, the list of runs, and the heads of groups, in the style of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import inf
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

import panel as pn
import panel_material_ui as pmui
import param
from bokeh.document import Document

from ...runs.run import TrainingRun
from ..patches.click_count import UncountedButton
from ..patches.odd_uploads import FileUpload
from ..patches.silent_events import SilentEvents
from ..patches.stale_options import IgnoresStaleOptions
from ..plots.html import html

ACCENT = "#4263eb"
LINE = "rgba(128, 128, 128, 0.4)"
HOVERED = "rgba(128, 128, 128, 0.15)"
SMALL = {"size": "small", "sizing_mode": "stretch_width", "margin": (5, 0)}

BORDERED = {
    # In the page's header the default is white.
    "color": "inherit",
    "borderColor": LINE,
    "whiteSpace": "nowrap",
    "minWidth": 0,
    # The default hover colour is the grey of a disabled button.
    "&.MuiButton-outlined:hover": {"color": "inherit", "backgroundColor": HOVERED},
    "&.MuiButton-contained:not(.Mui-disabled)": {"color": "#fff"},
}
"""The style of all buttons but the primary one."""

LIGHT = {
    "color": "inherit",
    "padding": 0,
    "minWidth": 0,
    "minHeight": 0,
    "height": "calc(16px * var(--bp-type, 1))",
    "verticalAlign": "top",
    "fontSize": "calc(11px * var(--bp-type, 1))",
    "lineHeight": "calc(15px * var(--bp-type, 1))",
    "textDecoration": "underline dotted",
    "whiteSpace": "nowrap",
}
"""The style of a button in the line of notes."""

PRIMARY = {
    "color": "#fff",
    "backgroundColor": ACCENT,
    # The default hover colour on a dark page is nearly white.
    "&:hover": {"color": "#fff", "backgroundColor": "#3b5bdb"},
}
"""The style of the button that is offered first."""

SWITCH = {
    "& .MuiToggleButton-root": {
        "color": "inherit",
        "whiteSpace": "nowrap",
        "borderColor": LINE,
        "padding": "4px 10px",
        "textTransform": "none",
    },
    # The widget's own rule would be white on white in the header.
    "& .MuiToggleButton-root.MuiToggleButton-primary.Mui-selected": {
        "color": "#fff",
        "backgroundColor": ACCENT,
    },
}
"""The style of a switch between two or more ways."""

WORKING = "bp-working"
"""The class of a button or menu that shows its work as soon as it is pressed."""

QUIET, QUIET_WHEN_BUSY = 5, 25
"""Milliseconds without another press before the action: normally, and if a press had to wait.

A busy server receives the waiting presses one by one. A key that is held down repeats every 30 to
40 milliseconds, so each repetition is an action of its own.
"""

_waiting: WeakKeyDictionary[Document, Callable[[Document], None]] = WeakKeyDictionary()
"""What acts on the presses that wait on each page: they come before those of another button."""


MOST_WITHOUT_SEARCH = 24
"""Runs in a list up to which a person finds one by looking."""


class RunSelect(IgnoresStaleOptions, pmui.Select):
    """A selector of a run: shows names, its value is an id."""

    def offer(self, runs: list[TrainingRun], chosen: str) -> None:
        """Offer these runs, and select the one with the id `chosen`."""
        # In one update: a browser that receives two values in turn may send back the first.
        self.param.update(
            options={run.name: run.id for run in runs},
            value=chosen,
            searchable=len(runs) > MOST_WITHOUT_SEARCH,
        )
        # After a renaming the id is the same, and the browser would keep the old name.
        self.param.trigger("value")


class QuietButton(SilentEvents, UncountedButton):
    """A button whose presses send nothing back to the page by themselves."""


def button(
    label: str, action: Callable[[], Any], toggles: bool = False, **params: Any
) -> QuietButton:
    """Return a button that coalesces the presses that wait for a busy server.

    Parameters
    ----------
    label : str
    action : callable
        Called once for all coalesced presses.
    toggles : bool
        Whether a second press undoes the first: an even number of presses then does nothing.
    **params
        Options of the button, in place of the usual ones.
    """
    options = {
        "variant": "outlined",
        "size": "small",
        "color": "default",
        "margin": (0, 3),
        "sx": BORDERED,
    }
    return QuietButton(label=label, on_click=_coalescing(action, toggles), **(options | params))


def working_button(label: str, action: Callable[[], Any], **params: Any) -> QuietButton:
    """Return a button that shows from the press on that the server works, until it has."""

    def act() -> None:
        """Run the action, and show the work meanwhile."""
        with at_work(made):
            action()

    made = button(label, act, css_classes=[WORKING], **params)
    return made


@contextmanager
def at_work(widget: pmui.MaterialWidget) -> Iterator[None]:
    """Show on a widget of the class `WORKING` that the server works.

    The browser has shown it since the press; see `Presses`.
    """
    widget.loading = True
    try:
        yield
    finally:
        widget.loading = False


def light_button(label: str, action: Callable[[], Any], **params: Any) -> QuietButton:
    """Return a button that is a word in the toolbar's line of notes."""
    look = {"variant": "text", "margin": (0, 0, 0, 8), "align": "center", "sx": LIGHT}
    return button(label, action, **(look | params))


def _coalescing(action: Callable[[], Any], toggles: bool) -> Callable[[Any], None]:
    """Return the handler of a press."""
    made = served = 0
    last_action = -inf

    def act() -> None:
        """Run the action for all presses since the last time; two presses of a toggle are none."""
        nonlocal served, last_action
        presses, served = made - served, made
        if presses % 2 or not toggles:
            action()
        last_action = monotonic()

    def act_on_waiting(page: Document) -> None:
        """Run the action for the presses that wait on a page."""
        del _waiting[page]
        act()

    def act_after_the_last(page: Document, wait: int) -> None:
        """Run the action once no press has followed for `wait` milliseconds."""
        before = made

        def look() -> None:
            """Run the action, or wait on if a press has followed."""
            if served >= before:
                return
            if made == before:
                act_on_waiting(page)
            else:
                act_after_the_last(page, QUIET_WHEN_BUSY)

        page.add_timeout_callback(look, wait)

    def press(event: param.parameterized.Event) -> None:
        """Count a press; run the action at once where there is no page, else a little later."""
        nonlocal made
        page = pn.state.curdoc
        if page is None or not page.session_context:
            made += 1
            act()
            return
        if (others := _waiting.get(page)) not in (None, act_on_waiting):
            others(page)
        made += 1
        if made - served == 1:
            _waiting[page] = act_on_waiting
            had_to_wait = monotonic() < last_action + QUIET_WHEN_BUSY / 1000
            act_after_the_last(page, QUIET_WHEN_BUSY if had_to_wait else QUIET)

    return press


def toggle(label: str, sx: Mapping[str, Any] | None = None, **params: Any) -> pmui.Toggle:
    """Return a small button that stays pressed until it is pressed again.

    `sx` adds to its style; `params` are further options.
    """
    return pmui.Toggle(
        label=label,
        color="primary",
        margin=(0, 6, 0, 0),
        sx={
            "padding": "3px 10px",
            "color": "inherit",
            "borderColor": LINE,
            "textTransform": "none",
            "whiteSpace": "nowrap",
            "&.MuiToggleButton-primary.Mui-selected": {"color": "#fff", "backgroundColor": ACCENT},
            "&.Mui-disabled.Mui-disabled": {"color": "text.disabled", "backgroundColor": "inherit"},
            **(sx or {}),
        },
        **params,
    )


def switch(options: Mapping[str, Any], value: Any) -> pmui.RadioButtonGroup:
    """Return a small switch; `options` are the values by their labels."""
    return pmui.RadioButtonGroup(
        options=dict(options), value=value, size="small", color="primary", margin=(2, 0), sx=SWITCH
    )


def download_button(label: str, filename: str, callback: Callable[[], Any]) -> pmui.FileDownload:
    """Return a button that downloads the file which `callback` returns, made with each press."""
    return pmui.FileDownload(
        label=label,
        callback=callback,
        filename=filename,
        embed=False,
        size="small",
        variant="outlined",
        color="default",
        sx=BORDERED,
        margin=(0, 3),
    )


def upload_button(label: str, accept: str, **params: Any) -> FileUpload:
    """Return a button that uploads a file; `accept` lists the ends of names that are offered.

    `params` are options of the button, in place of the usual ones.
    """
    options = {
        "size": "small",
        "variant": "outlined",
        "color": "default",
        "sx": BORDERED,
        "margin": (6, 3),
    }
    return FileUpload(label=label, uploaded_label=label, accept=accept, **(options | params))


def group_head(title: str, note: str = "") -> pn.pane.HTML:
    """Return the heading of a group of settings; `note` says what a change of one does."""
    note = f" <span>· {note}</span>" if note else ""
    return html(f"{title}{note}", "bp-head", margin=(14, 0, 5, 0))
