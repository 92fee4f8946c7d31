"""The unreadable runs of the store, with the reason and two actions for each."""

from __future__ import annotations

from functools import partial
from html import escape
from io import BytesIO

import panel as pn
import panel_material_ui as pmui
import param

from ...interchange import file_name
from ...storage.unreadable_runs import UnreadableRun
from ..plots.html import html
from ..state.session import Session
from ..widgets.buttons import button, download_button

KEPT = "It stays in the store as it is; the other runs are not affected."


class UnreadableWarnings(pn.viewable.Viewer):
    """One warning for each unreadable run."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._message = html("", "bp-mistake", visible=False)
        self._layout = pn.Column(margin=0, sizing_mode="stretch_width")
        session.manager.param.watch(self._draw, "unreadable")
        self._draw()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _draw(self, *events: param.parameterized.Event) -> None:
        warnings = [self._warning(run) for run in self.session.manager.unreadable]
        self._layout.objects = [self._message, *warnings]

    def _warning(self, run: UnreadableRun) -> pmui.Alert:
        export = download_button(
            "Export as it is",
            file_name(run.name, " unreadable.sqlite"),
            partial(self._export, run),
        )
        reason = run.reason[:1].upper() + run.reason[1:].removesuffix(".")
        return pmui.Alert(
            html(f"{escape(reason)}. {KEPT}", "bp-note"),
            pn.Row(export, button("Delete it for good", partial(self._delete, run)), margin=(4, 0)),
            title=f"“{run.name}” cannot be read",
            severity="warning",
            variant="outlined",
            sizing_mode="stretch_width",
            margin=(4, 0),
        )

    def _export(self, run: UnreadableRun) -> BytesIO:
        target = BytesIO()
        self.session.manager.export_raw(run.id, target)
        target.seek(0)
        return target

    def _delete(self, run: UnreadableRun) -> None:
        session = self.session
        deleted = session.attempt("unreadable", lambda: session.manager.delete(run.id))
        refusal = session.mistakes.get("unreadable", "")
        self._message.param.update(object=escape(refusal), visible=not deleted)
