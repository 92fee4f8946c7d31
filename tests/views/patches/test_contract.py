"""Every symbol of Panel, Bokeh and HoloViews that a patch or a view relies on.

An upgrade of a library that changes one of them fails here, and names the patch.
"""

import ast
import inspect
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from weakref import WeakKeyDictionary

import bokeh
import holoviews as hv
import numpy as np
import panel as pn
import panel_material_ui as pmui
import pytest
from bokeh.core.has_props import HasProps
from bokeh.core.property.descriptors import PropertyDescriptor
from bokeh.core.serialization import Deserializer, Serializer
from bokeh.document import Document
from bokeh.models import ColumnDataSource, GlyphRenderer
from bokeh.plotting import figure
from bokeh.protocol.messages.patch_doc import patch_doc
from bokeh.server.connection import ServerConnection
from bokeh.server.contexts import BokehSessionContext
from bokeh.server.session import ServerSession
from bokeh.settings import settings
from panel.custom import JSComponent
from panel.io import document as panel_document
from panel.io.location import Location
from panel.io.model import diff
from panel.io.notebook import load_notebook, push
from panel.io.resources import LOCAL_DIST
from panel.util import edit_readonly
from panel.viewable import MimeRenderMixin
from panel_material_ui.theme import MaterialDesign
from pyviz_comms import Comm

import backprop_panel.views
from backprop_panel.views.patches.browser import BrowserPatches
from backprop_panel.views.patches.click_count import UncountedButton
from backprop_panel.views.patches.panel_katex import KATEX_STYLE
from backprop_panel.views.patches.plot_source import add_to_source, parts_of, replace_source

VIEWS = Path(backprop_panel.views.__file__).parent
PATCHES = VIEWS / "patches"
PANEL, MATERIAL_UI = Path(pn.__file__).parent, Path(pmui.__file__).parent
NO_PATCHES = {"__init__.py", "browser.py"}

SIGNATURES = {
    "odd_uploads: FileInput._flush_buffer": (pmui.FileInput._flush_buffer, ["self"]),
    "write_queue: panel.io.document._dispatch_msgs": (panel_document._dispatch_msgs, ["doc"]),
    "model_defaults: HasProps._overridden_defaults": (HasProps._overridden_defaults, []),
    "model_defaults: HasProps.themed_values": (HasProps.themed_values, ["self"]),
    "model_defaults: PropertyDescriptor.has_unstable_default": (
        PropertyDescriptor.has_unstable_default,
        ["self", "obj"],
    ),
    "model_defaults: PropertyDescriptor.instance_default": (
        PropertyDescriptor.instance_default,
        ["self", "obj"],
    ),
    "model_defaults: PropertyDescriptor.is_unstable": (PropertyDescriptor.is_unstable, ["value"]),
    "page_references: Serializer.__init__": (
        Serializer.__init__,
        ["self", "references", "deferred", "check_circular"],
    ),
    "page_references: Serializer.has_ref": (Serializer.has_ref, ["self", "obj"]),
    "page_references: Serializer.get_ref": (Serializer.get_ref, ["self", "obj"]),
    "page_references: Deserializer.__init__": (
        Deserializer.__init__,
        ["self", "references", "setter"],
    ),
    "ping: ServerConnection.send_ping": (ServerConnection.send_ping, ["self"]),
    "silent_events: Button._process_bokeh_event": (
        pmui.Button._process_bokeh_event,
        ["self", "doc", "event"],
    ),
    "silent_events: Button._process_event": (pmui.Button._process_event, ["self", "event"]),
    "silent_events: JSComponent._process_event": (JSComponent._process_event, ["self", "event"]),
    "stale_options: Select._process_property_change": (
        pmui.Select._process_property_change,
        ["self", "props"],
    ),
    "focusable_html: HTML._get_properties": (pn.pane.HTML._get_properties, ["self", "doc"]),
    "page_busy: edit_readonly": (edit_readonly, ["parameterized"]),
    "page_threads: ThreadPoolExecutor.submit": (
        ThreadPoolExecutor.submit,
        ["self", "fn", "args", "kwargs"],
    ),
    "notebook: FlexBox._get_model": (
        pn.FlexBox._get_model,
        ["self", "doc", "root", "parent", "comm"],
    ),
    "notebook: MaterialDesign._wrapper": (MaterialDesign._wrapper, ["self", "viewable"]),
    "notebook: load_notebook": (
        load_notebook,
        ["inline", "reloading", "enable_mathjax", "load_timeout"],
    ),
    "notebook: push": (push, ["doc", "comm", "binary", "msg"]),
    "notebook: diff": (diff, ["doc", "binary", "events"]),
    "frame_pacer: JSComponent._send_msg": (JSComponent._send_msg, ["self", "data"]),
    "frame_pacer: JSComponent._handle_msg": (JSComponent._handle_msg, ["self", "data"]),
}

BOKEHJS = {
    ("style_sheets", "core/dom", "InlineStyleSheet"): ["_update"],
    ("layout_passes", "models/layouts/layout_dom", "LayoutDOMView"): [
        *("_after_resize", "compute_layout"),
    ],
    ("unbuilt_plots", "models/plots/plot_canvas", "PlotView"): ["_measure_layout"],
    ("image_canvas", "models/glyphs/image", "ImageView"): ["_flat_img_to_buf8"],
    ("image_canvas", "models/glyphs/image_base", "ImageBaseView"): ["_paint", "_set_data"],
    ("image_canvas", "core/dom_view", "DOMView"): ["remove"],
    ("reconnection", "client/connection", "ClientConnection"): [
        *("connect", "send", "_repull_session_doc", "_pull_doc_json"),
    ],
    ("plot_focus", "models/canvas/canvas", "CanvasView"): ["render"],
    ("plot_focus", "models/layouts/layout_dom", "LayoutDOMView"): ["render"],
    ("plot_focus", "models/plots/plot_canvas", "PlotView"): ["_update_touch_action"],
    ("plot_focus", "core/dom_view", "DOMView"): ["stylesheets"],
    ("plot_lookup", "core/view_manager", "AbstractViewQuery"): ["query"],
    ("tooltip_place", "models/ui/tooltip", "TooltipView"): ["_reposition", "stylesheets"],
    ("tooltip_place", "models/ui/panel", "PanelView"): ["stylesheets"],
    ("notebook", "core/dom", "StyleSheet"): ["install"],
    ("reconnection", "document/document", "Document"): ["from_json", "clear", "add_root"],
    ("models_sent_back", "document/document", "Document"): ["create_json_patch"],
    ("models_sent_back", "core/serialization/deserializer", "Deserializer"): ["decode"],
    ("reconnection", "protocol/receiver", "Receiver"): ["constructor"],
}
"""The methods that a patch replaces or calls: by patch, module and class."""

BOKEHJS_NAMES = {
    "core/dom": ["textContent"],
    "models/glyphs/image_base": ["image_data", "sdw", "sdh"],
    "core/bokeh_events": ["Tap", "DocumentReady", "connection.deref"],
    "core/dom_view": ["shadow_el", "bk-\\$\\{this.model.type"],
    "core/ui_gestures": ["_pointer_move", "_pointer_out", "composedPath"],
    "models/canvas/canvas": ["underlays_el", "events_el", "touch_action"],
    "models/plots/plot_canvas": ["repainted", "frame", "canvas_view"],
    "models/layouts/layout_dom": ["rendering_target", "shadow_el", "is_managed"],
    "models/ui/tooltip": ["target", "position"],
    "styles/tooltips.css": ["bk-tooltip-content"],
    "models/ui/styled_element": ["html_attributes"],
    "models/mappers/color_mapper": ["rgba_mapper", "v_compute"],
    "core/has_props": ["setv", "check_eq", "sync"],
    "core/serialization/deserializer": ["finalize"],
    "client/connection": ["_receiver", "socket", "session", "url"],
    "document/document": ["_new_models", "config", "roots", "event_manager"],
}
"""What patches read or set beside methods."""


@pytest.mark.parametrize("symbol", SIGNATURES)
def test_a_patched_function_has_its_signature(symbol):
    function, parameters = SIGNATURES[symbol]
    assert list(inspect.signature(function).parameters) == parameters


def test_write_queue_and_its_lock_are_kept_by_document():
    assert inspect.iscoroutinefunction(inspect.unwrap(panel_document._dispatch_msgs))
    assert isinstance(panel_document._WRITE_MSGS, WeakKeyDictionary)
    assert isinstance(panel_document._WRITE_BLOCK, WeakKeyDictionary)


def test_panel_reads_a_query_by_a_property_of_the_location():
    assert isinstance(Location.query_params, property)
    assert "query_params" in inspect.getsource(Location)


def test_panel_keeps_its_pool_of_threads_in_its_state():
    assert pn.state._thread_pool is None
    pn.config.nthreads = 3
    try:
        assert isinstance(pn.state._thread_pool, ThreadPoolExecutor)
        assert pn.state._thread_pool._max_workers == 3
    finally:
        pn.config.nthreads = None


def test_panel_reads_the_urls_of_style_sheets_from_the_document():
    assert LOCAL_DIST.startswith("static/")
    assert settings.resources(default="server") == "server"
    assert isinstance(pn.state.rel_path, str)
    assert Document().template_variables == {}
    assert "dist_url" in inspect.getsource(pn.reactive)


def test_panel_material_ui_has_the_patched_parameters():
    page = pmui.Page.param
    assert page.busy.readonly
    assert pmui.Page().param.busy.allow_refs
    assert page["_custom_theme"].default == []
    script = Path(pmui.__file__).parent / "dist" / "panel-material-ui.bundle.js"
    assert "_custom_theme" in script.read_text(encoding="utf-8")
    assert isinstance(pmui.Select.labels, property)
    assert pmui.IntSlider.param.value_throttled.constant


def test_panel_material_ui_sends_the_presses_that_the_patch_leaves_out():
    assert {"clicks", "value"} & set(pmui.Button().get_root().data.properties())
    renamed = UncountedButton._property_mapping
    assert renamed["clicks"] is renamed["value"] is None


def test_panel_material_ui_keeps_the_parameters_of_a_widget_in_a_model_of_their_own():
    for widget in (pmui.Button(), pmui.MenuButton()):
        model = widget.get_root()
        assert {"label", "loading"} <= model.data.properties()
    assert model.class_name == "MenuButton"
    assert {"sidebar_open", "contextbar_open"} <= pmui.Page().get_root().data.properties()


def test_panels_react_components_are_in_elements_that_have_their_classes():
    source = (PANEL / "models" / "react_component.ts").read_text("utf-8")
    assert '"child-wrapper" : this.view.model.class_name' in source
    assert '.replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase()' in source


def test_the_page_has_the_parts_that_its_styles_and_scripts_look_for():
    source = (MATERIAL_UI / "template" / "Page.jsx").read_text("utf-8")
    assert 'className="header"' in source and 'className="title"' in source
    assert '<Main className="main"' in source
    assert '<Box className="main-content"' in source
    assert "<Toolbar sx={toolbarSx}>" in source
    assert '<Box sx={{alignItems: "center", flexGrow: 1, display: "flex"' in source
    script = (MATERIAL_UI / "dist" / "panel-material-ui.bundle.js").read_text("utf-8")
    assert '"aria-label":"Resize sidebar"' in script
    assert '"aria-label":"Resize contextbar"' in script


def test_a_notebooks_channel_tells_whether_its_page_has_opened_it():
    assert Comm()._comm is None
    assert "not comm._comm" in inspect.getsource(push)


def test_a_notebooks_page_opens_a_channel_by_calling_its_init():
    assert "on_open=lambda _: comm.init()" in inspect.getsource(MimeRenderMixin)
    script = (PANEL / "dist" / "panel.js").read_text("utf-8")
    manager = script[script.index("class CommManager extends") :]
    for part in (
        "initialize() {",
        "this.ns.shared_views.get(this.plot_id).push(this)",
        "_document_changed(event) {",
        "this.msg_handler(msg)",
    ):
        assert part in manager[:9000]


def test_panels_es_module_shims_takes_its_mode_from_the_window():
    (script,) = (PANEL / "dist" / "bundled" / "reactiveesm").rglob("es-module-shims.min.js")
    source = script.read_text("utf-8")
    assert "self.esmsInitOptions" in source and ".shimMode" in source
    assert "Unsupported in polyfill mode." in source


def test_select_fields_are_told_of_clicks_alone():
    source = (MATERIAL_UI / "widgets" / "Select.jsx").read_text("utf-8")
    assert "onClick={() => setOpen(true)}" in source
    assert "onOpen" not in source
    script = (MATERIAL_UI / "dist" / "panel-material-ui.bundle.js").read_text("utf-8")
    assert 'role:"combobox"' in script and '"aria-haspopup":"listbox"' in script


def test_dialogs_are_those_of_material_ui():
    source = next(MATERIAL_UI.rglob("Dialog.jsx")).read_text("utf-8")
    assert 'import Dialog from "@mui/material/Dialog"' in source
    script = (MATERIAL_UI / "dist" / "panel-material-ui.bundle.js").read_text("utf-8")
    assert '"MuiDialog"' in script


def test_panels_layouts_have_the_parts_that_the_style_sheet_names():
    assert '<div id="flexbox"' in pn.FlexBox._template
    assert '<div id="flex-item-' in pn.FlexBox._template
    assert 'div({class: "scroll-button"})' in (PANEL / "models" / "column.ts").read_text("utf-8")


def test_panel_brings_a_katex_that_marks_the_parts_of_an_equation():
    script = KATEX_STYLE.with_suffix(".js").read_text("utf-8")
    assert '"katex-html"' in script and '"base"' in script
    assert KATEX_STYLE.read_text("utf-8").count("@font-face{") > 10
    exports = pn.models.katex.KaTeX.__js_require__["exports"]
    assert exports["katex"] == "katex"


@pytest.mark.parametrize("element", [hv.Image(np.zeros((2, 2))), hv.Path([[(0, 0), (1, 1)]])])
def test_holoviews_hands_over_figure_and_renderer(element):
    plot = hv.renderer("bokeh").get_plot(element)
    source = ColumnDataSource({"x": [0]})
    drawn, renderer = replace_source(plot, source, tags=["patched"])
    assert isinstance(drawn, figure)
    assert isinstance(renderer, GlyphRenderer)
    assert renderer in drawn.renderers
    assert renderer.data_source is source
    assert renderer.glyph.tags == ["patched"]
    assert renderer.selection_glyph is renderer.nonselection_glyph is renderer.muted_glyph is None


def test_holoviews_hands_over_the_source_of_a_path():
    plot = hv.renderer("bokeh").get_plot(hv.Path([[(0, 0), (1, 1)], [(0, 1), (1, 0)]]))
    add_to_source(plot, {"shade": ["red", "blue"]}, line_color="shade")
    renderer = plot.handles["glyph_renderer"]
    assert renderer.data_source.data["shade"] == ["red", "blue"]
    assert renderer.glyph.line_color == "shade"


def test_holoviews_hands_over_the_parts_of_an_overlay_in_their_order():
    overlay = hv.Image(np.zeros((2, 2))) * hv.Path([[(0, 0), (1, 1)]])
    names = [type(part).__name__ for part in parts_of(hv.renderer("bokeh").get_plot(overlay))]
    assert names == ["RasterPlot", "PathPlot"]


def test_the_view_of_panels_tables_tells_when_a_table_is_built():
    script = (Path(pn.__file__).parent / "dist" / "panel.min.js").read_text(encoding="utf-8")
    assert "tableBuilt(){" in script
    assert "tabulator-tableholder" in script
    assert "tabulator-editing" in script


def test_the_view_of_panels_tables_looks_whether_it_can_be_drawn():
    source = (Path(pn.__file__).parent / "models" / "tabulator.ts").read_text("utf-8")
    begin = source.index("_flush_resize_when_root_ready(): Promise<void> {")
    loop = source[begin : source.index("_resize_redraw(): void {", begin)]
    for name in (
        "_resize_pending",
        "_is_scrolling",
        "_initializing",
        "container === null",
        "is_drawing",
        "_has_active_editor()",
        "_initialized_stylesheets.values()",
        "await defer()",
    ):
        assert name in loop
    assert "_flush_resize_when_root_ready(){" in (
        Path(pn.__file__).parent / "dist" / "panel.min.js"
    ).read_text("utf-8")


def test_panels_react_components_write_back_what_they_have_shown():
    source = (Path(pn.__file__).parent / "models" / "react_component.ts").read_text("utf-8")
    assert "targetModel.setv({ [resolvedProp]: value })" in source
    assert 'static override __module__ = "panel.models.esm"' in source
    assert "view.connect_signals()" in source


def test_bokehjs_applies_what_the_server_sends_without_sending_it_back(bokehjs):
    assert "setv({ [attr]: value }, { sync: false })" in bokehjs["document/document"]


def test_bokeh_keeps_the_models_of_a_document_and_those_that_are_new():
    models = Document().models
    assert models._models == {} and models._new_models == set()
    written = inspect.getsource(patch_doc.create)
    assert "Serializer(references=doc.models.synced_references)" in written
    assert "Deserializer(list(self.models)" in inspect.getsource(Document.apply_json_patch)


def test_bokeh_counts_the_connections_of_a_session():
    assert isinstance(ServerSession.connection_count, property)
    assert isinstance(BokehSessionContext.session, property)


@pytest.fixture(scope="module")
def bokehjs():
    """The modules of the shipped BokehJS, by name."""
    script = Path(bokeh.__file__).parent / "server" / "static" / "js" / "bokeh.js"
    parts = re.split(r"^/\* (\S+)\.js \*/ ", script.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize(
    ("patch", "module", "name"), BOKEHJS, ids=[" ".join(key) for key in BOKEHJS]
)
def test_bokehjs_has_the_patched_methods(patch, module, name, bokehjs):
    _, code = re.split(rf"^    class {name}\b", bokehjs[module], maxsplit=1, flags=re.MULTILINE)
    body = code.split("\n    }\n")[0]
    for method in BOKEHJS[patch, module, name]:
        assert re.search(rf"^        (static |async |[*])*{method}\(", body, re.MULTILINE), method


@pytest.mark.parametrize("module", BOKEHJS_NAMES)
def test_bokehjs_has_the_names_that_patches_use(module, bokehjs):
    for name in BOKEHJS_NAMES[module]:
        assert re.search(rf"\b{name}\b", bokehjs[module]), name


def test_bokehjs_finds_modules_by_name(bokehjs):
    required = set(re.findall(r'Bokeh\.require\("([^"]+)"\)', BrowserPatches._esm))
    assert required
    assert required <= set(bokehjs)


def test_scripts_require_no_module_that_the_contract_leaves_out():
    required = set(re.findall(r'Bokeh\.require\("([^"]+)"\)', BrowserPatches._esm))
    assert required <= {module for _, module, _ in BOKEHJS} | {"core/bokeh_events"}


@pytest.mark.parametrize(
    "path",
    sorted(path for path in PATCHES.glob("*.py") if path.name not in NO_PATCHES),
    ids=lambda path: path.stem,
)
def test_each_patch_says_what_it_gains_and_what_would_replace_it(path):
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    for heading in ("Gain: ", "Upstream: ", "Without the symbol"):
        assert f"\n{heading}" in text
