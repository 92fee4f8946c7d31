"""Taking runs out of the page and in."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from html import escape
from io import BytesIO
from typing import BinaryIO

import panel as pn
import panel_material_ui as pmui
import param

from ..interchange import (
    ReplayWarning,
    export_notebook,
    export_run,
    export_script,
    file_name,
    import_run,
    save_weights,
    to_query,
)
from ..run import TrainingRun
from .controls import SMALL, head
from .session import Session
from .text import html


def _save_weights(run: TrainingRun, target: BinaryIO) -> None:
    save_weights(run.model, target)


FORMATS: dict[str, tuple[Callable[[TrainingRun, BinaryIO], None], str]] = {
    "Run, to import again": (export_run, ".zip"),
    "PyTorch script": (export_script, " script.zip"),
    "Notebook": (export_notebook, " notebook.zip"),
    "Weights for nn.Sequential": (_save_weights, ".safetensors"),
}


class Exchange(pn.viewable.Viewer):
    """Exports the run that is shown, imports another, and gives a link to its configuration."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._format = pmui.Select(label="Export as", options=list(FORMATS), **SMALL)
        self._format.param.watch(self._name_file, "value")
        self._download = pmui.FileDownload(
            label="Export",
            callback=self._export,
            filename="run.zip",
            embed=False,
            size="small",
            variant="outlined",
            color="default",
            margin=(0, 3),
        )
        self._upload = pmui.FileInput(
            label="Import a run", accept=".zip", size="small", margin=(6, 3)
        )
        self._upload.param.watch(self._import, "value")
        self._message = html("", "bp-note")
        self._link = html("", "bp-note")
        self._layout = pn.Column(
            head("Export and import"),
            self._format,
            self._download,
            self._upload,
            self._message,
            self._link,
            margin=0,
            sizing_mode="stretch_width",
        )
        session.param.watch(self._show, "run")
        session.manager.param.watch(self._show, "runs")
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _show(self, *events: param.parameterized.Event) -> None:
        self._name_file()
        query = escape(to_query(self.session.run.config))
        self._link.object = f'<a href="?{query}">Link to this configuration</a>'

    def _name_file(self, *events: param.parameterized.Event) -> None:
        _, suffix = FORMATS[self._format.value]
        self._download.filename = file_name(self.session.run.name, suffix)

    def _export(self) -> BytesIO:
        export, _ = FORMATS[self._format.value]
        target = BytesIO()
        export(self.session.run, target)
        target.seek(0)
        return target

    def _import(self, event: param.parameterized.Event) -> None:
        if not event.new:
            return
        session = self.session
        session.pause()
        with warnings.catch_warnings(record=True, action="always") as caught:
            done = session.attempt(
                "import", lambda: session.manager.add(import_run(bytes(event.new)))
            )
        said = [str(each.message) for each in caught if each.category is ReplayWarning]
        said += [] if done else [session.mistakes["import"]]
        self._message.object = "<br>".join(map(escape, said))
