"""Export of the run to a file, import of a run, and a link to a configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from html import escape
from importlib.util import find_spec
from io import BytesIO
from typing import Any, BinaryIO

import panel as pn
import panel_material_ui as pmui
import param

from ...interchange import (
    export_notebook,
    export_script,
    file_name,
    read_run,
    to_query_within_limit,
    write_run,
)
from ...interchange.bundle_files import write_bundle
from ...interchange.export_snapshot import snapshot
from ...interchange.tensorboard import tensorboard_files
from ...runs.run import TrainingRun
from ...settings import SettingError
from ...training.pytorch_weights import sequential_bytes
from ..patches.notebook import in_notebook
from ..plots.html import html
from ..state.session import Session
from ..state.user_errors import USER_ERRORS
from ..widgets.buttons import SMALL, download_button, group_head, upload_button
from ..widgets.link_pane import LinkPane
from ..widgets.message import Message
from ..widgets.page_words import in_page_words
from .setting_groups import NewRunFields
from .weights_import import TANH_FORM, WeightsImport


def _export_weights(run: TrainingRun, target: BinaryIO) -> None:
    # A snapshot: all weights are of the same step even during training.
    target.write(sequential_bytes(snapshot(run).weights))


def _export_tensorboard_zip(run: TrainingRun, target: BinaryIO) -> None:
    folder = file_name(run.name)
    files = tensorboard_files(run)
    write_bundle(target, {f"{folder}/{name}": data for name, data in files.items()})


WEIGHTS = "Weights for nn.Sequential"
FORMATS: dict[str, tuple[Callable[[TrainingRun, BinaryIO], list[str] | None], str]] = {
    "Run, to import again": (write_run, ".zip"),
    "PyTorch script": (export_script, " script.zip"),
    "Notebook": (export_notebook, " notebook.zip"),
    WEIGHTS: (_export_weights, ".safetensors"),
}
if find_spec("tensorboard"):  # an optional dependency
    FORMATS["TensorBoard log"] = _export_tensorboard_zip, " log.zip"

IMPORT = "Import a run"


class ImportExport(pn.viewable.Viewer):
    """Exports the run, imports runs and weights, and links to the configuration of the run.

    Parameters
    ----------
    session : Session
    new_run : NewRunFields
        The settings of a new run, for imported weights and the link.
    defaults : mapping, optional
        The settings of the page's first run, which the link need not carry.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(
        self,
        session: Session,
        new_run: NewRunFields,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(session=session)
        self._new_run, self._defaults = new_run, defaults
        self._weights = WeightsImport(session, new_run)
        self._format = pmui.Select(label="Export as", options=list(FORMATS), **SMALL)
        self._format.param.watch(self._name_file, "value")
        self._format_note = html(TANH_FORM, "bp-note", visible=False)
        self._download = download_button("Export", "run.zip", self._export)
        self._upload = upload_button(IMPORT, ".zip")
        self._upload.param.watch(self._import, "value")
        self._message = html("", "bp-note")
        self._import_message = Message("bp-note")
        self._link = LinkPane("Link to these settings")
        self._no_link = html("", "bp-note")
        self._layout = pn.Column(
            group_head("Export and import"),
            self._format,
            self._format_note,
            self._download,
            self._message,
            self._upload,
            self._import_message,
            self._weights,
            pn.Column(self._link, self._no_link, visible=not in_notebook(), margin=0),
            margin=0,
            sizing_mode="stretch_width",
        )
        session.param.watch(self._follow_run, "run")
        session.manager.param.watch(self._show, "runs")
        session.param.watch(self._show_link, "settings")
        new_run.param.watch(self._show_link, "revision")
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _show(self, *events: param.parameterized.Event) -> None:
        self._name_file()
        self._show_link()

    def _show_link(self, *events: param.parameterized.Event) -> None:
        """Link to the settings that the fields show, or say why there is no link."""
        try:
            query, reason = to_query_within_limit(self._new_run.settings(), self._defaults), ""
        except SettingError as error:
            query, reason = "", in_page_words(str(error))
        self._link.param.update(query=query, visible=not reason)
        self._no_link.param.update(object=escape(reason), visible=bool(reason))

    def _follow_run(self, event: param.parameterized.Event) -> None:
        self._message.object = self._import_message.object = ""
        self._show()

    def _name_file(self, *events: param.parameterized.Event) -> None:
        _, suffix = FORMATS[self._format.value]
        self._download.filename = file_name(self.session.run.name, suffix)
        self._format_note.visible = self._format.value == WEIGHTS

    async def _export(self) -> BytesIO:
        """Return the file, written in a thread: a long history takes seconds."""
        self._download.data = None  # else the same file could not be downloaded again
        export, _ = FORMATS[self._format.value]
        run, target = self.session.run, BytesIO()
        notes = await asyncio.to_thread(export, run, target)
        self._message.object = "<br>".join(map(escape, notes or ()))
        return target

    async def _import(self, event: param.parameterized.Event) -> None:
        """Add the uploaded run and make it current; its training is replayed in a thread."""
        if event.new is None:  # cleared; an empty file is refused as any other
            return
        self._upload.disabled = True
        self._say("The file is being read and, unless its run is long, trained again.")
        # Not shown beside the page's fields: the error is in the file.
        try:
            run, notes = await asyncio.to_thread(read_run, bytes(event.new))
            self.session.manager.add(run)
            self._say(*notes)
        except USER_ERRORS as mistake:
            self._say(in_page_words(str(mistake)), refused=True)
        finally:
            self._upload.clear()  # else the same file could not be uploaded again
            self._upload.disabled = False

    def _say(self, *notes: str, refused: bool = False) -> None:
        """Show what became of the import, beside its button."""
        self._import_message.css_classes = ["bp-mistake" if refused else "bp-note"]
        self._import_message.object = "<br>".join(map(escape, notes))
