"""Notices at the top of the page, above the tabs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import panel as pn
import panel_material_ui as pmui

from ...runs.manager import TrainingRunManager
from ...storage.database import StoreError
from ...storage.unreadable_runs import UnreadableRun
from ..plots.html import html

ON_COLOUR = {"color": "#fff"}

IN_MEMORY_ONLY = (
    "Runs on this page are kept in memory only and are gone when it closes; export those that you "
    "need. To have runs saved again, repair or move the file, or choose another one, and reload "
    "this page."
)

CLOSED = (
    "The manager of the runs on this page is closed, and saves nothing more: what is trained from "
    "here on is lost with this page. Open the store again to go on, or export what you need."
)


class Notice(pn.viewable.Viewer):
    """A framed message with buttons below it; invisible while it has no text.

    Parameters
    ----------
    *buttons : Viewable
    variant : {"outlined", "filled"}
        A coloured frame or a coloured background.
    **params
        Options of the `Alert`.
    """

    def __init__(
        self, *buttons: pn.viewable.Viewable, variant: str = "outlined", **params: Any
    ) -> None:
        super().__init__()
        self._text = html("", "bp-notice", styles=ON_COLOUR if variant == "filled" else {})
        self._buttons = pn.Row(*buttons, margin=(8, 0, 0, 0), visible=False)
        self._alert = pmui.Alert(
            self._text,
            self._buttons,
            visible=False,
            margin=(8, 16),
            sizing_mode="stretch_width",
            variant=variant,
            sx={"& .MuiAlertTitle-root": {"fontSize": "14px", "fontWeight": 700}},
            **params,
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._alert

    def show(self, text: str, asking: bool = False, **params: Any) -> None:
        """Show a text, and the buttons if it is a question; an empty text hides the notice."""
        self._text.object = escape(text)
        self._buttons.visible = asking
        self._alert.param.update(visible=bool(text), closed=False, **params)


class ManagerNotice(pn.viewable.Viewer):
    """A notice that follows a Param of the manager of runs.

    Parameters
    ----------
    manager : TrainingRunManager
    watched : str
        The name of the Param.
    text : callable
        Returns the text for the value of the Param; an empty text hides the notice.
    **params
        Options of the `Notice`.
    """

    def __init__(
        self, manager: TrainingRunManager, watched: str, text: Callable[[Any], str], **params: Any
    ) -> None:
        super().__init__()
        self._notice = Notice(**params)
        manager.param.watch(lambda event: self._notice.show(text(event.new)), watched)
        self._notice.show(text(getattr(manager, watched)))

    def __panel__(self) -> pn.viewable.Viewable:
        return self._notice.__panel__()


def store_notice(manager: TrainingRunManager) -> ManagerNotice:
    """Return the notice that runs are not saved, and why, while the store fails."""
    return ManagerNotice(
        manager,
        "store_problem",
        str,
        title="Runs are not saved",
        severity="error",
        variant="filled",
    )


def closed_notice(manager: TrainingRunManager) -> ManagerNotice:
    """Return the notice that runs are not saved, once code has closed their manager."""
    return ManagerNotice(
        manager,
        "closed",
        lambda closed: CLOSED if closed else "",
        title="Runs are no longer saved",
        severity="error",
        variant="filled",
    )


def unreadable_notice(manager: TrainingRunManager) -> ManagerNotice:
    """Return the notice that names the unreadable runs and refers to the Runs tab."""
    return ManagerNotice(
        manager,
        "unreadable",
        _unreadable_text,
        title="Not all runs can be read",
        severity="warning",
    )


def _unreadable_text(runs: Sequence[UnreadableRun]) -> str:
    names = ", ".join(repr(run.name) for run in runs)
    return f"{names}: the Runs tab says why, and lets you export or delete them." if names else ""


def cannot_open(error: StoreError) -> str:
    """Return why the store cannot be opened, and what this means for the page."""
    return f"{error} {IN_MEMORY_ONLY}"
