"""The models that a message names: looked up, and the same as those of a list."""

import pytest
from bokeh.core.serialization import Deserializer, Serializer
from bokeh.document import Document
from bokeh.events import ButtonClick
from bokeh.model import Model
from bokeh.models import Button, Column, Div
from bokeh.protocol import Protocol

import backprop_panel.views  # noqa: F401 - it applies the patch
from backprop_panel.views.patches.page_references import (
    PageDeserializer,
    PageSerializer,
    SyncedModels,
)


@pytest.fixture
def page():
    document = Document()
    document.add_root(Column(children=[Div(text="known"), Button()]))
    document.models.flush_synced()
    return document


def contents(document, change):
    """Return what a message says of a change of the document."""
    events = []
    document.on_change_dispatch_to(Receiver(events))
    change()
    return Protocol().create("PATCH-DOC", events).content["events"]


class Receiver:
    """Collects the events that Bokeh would send."""

    def __init__(self, events):
        self._document_patched = events.append


def test_a_known_model_is_written_as_a_reference(page):
    column = page.roots[0]
    known, button = column.children
    [event] = contents(page, lambda: setattr(column, "children", [button, known]))
    assert event["model"] == {"id": column.id}
    assert event["new"] == [{"id": button.id}, {"id": known.id}]


def test_a_new_model_is_written_whole_once_and_then_as_a_reference(page):
    column, added = page.roots[0], Div(text="new")
    [event] = contents(page, lambda: setattr(column, "children", [added, added]))
    first, second = event["new"]
    assert first["attributes"]["text"] == "new" and first["id"] == added.id
    assert second == {"id": added.id}
    [event] = contents(page, lambda: setattr(added, "text", "newer"))
    assert event["model"] == {"id": added.id}


def test_a_model_that_has_left_the_page_is_written_whole(page):
    column = page.roots[0]
    gone = column.children[0]
    column.children = column.children[1:]
    serializer = PageSerializer(references=page.models.synced_references)
    assert serializer.get_ref(gone) is None
    assert serializer.encode(gone)["attributes"]["text"] == "known"


def test_the_models_that_a_browser_knows_are_those_that_bokeh_lists(page):
    column = page.roots[0]
    column.children = [*column.children, Div()]
    synced = page.models.synced_references
    known = {model for model in page.models if model not in page.models._new_models}
    assert synced == known and len(synced) == len(known) == 3 < len(page.models)
    assert synced | {column} == known
    ours, theirs = PageSerializer(references=synced), Serializer(references=known)
    for model in [*page.models, Div()]:
        assert ours.get_ref(model) == theirs.get_ref(model)
        assert ours.has_ref(model) == theirs.has_ref(model) == (model in known)
    assert not ours.has_ref("text") and ours.get_ref([]) is None


def test_a_message_is_written_without_a_look_at_all_models(page, monkeypatch):
    monkeypatch.delattr(SyncedModels, "__iter__")
    known = page.roots[0].children[0]
    [event] = contents(page, lambda: setattr(known, "text", "newer"))
    assert event["model"] == {"id": known.id}


def test_a_message_is_read_without_a_look_at_all_models(page, monkeypatch):
    monkeypatch.setattr(Model, "id", property(lambda model: pytest.fail("looked at")))
    page.apply_json_patch({"events": []})


def test_a_message_is_read_with_the_models_of_its_page(page):
    models: list[Model] = list(page.models)
    ours, theirs = PageDeserializer(models), Deserializer(models)
    assert ours._references == theirs._references
    ours._references.clear()
    assert len(page.models) == 3  # a copy was cleared
    assert not PageDeserializer()._references


def test_a_press_in_the_browser_reaches_its_button():
    pressed, button, document = [], Button(), Document()
    button.on_event(ButtonClick, lambda event: pressed.append(event.model))
    document.add_root(Column(children=[Button(), button]))
    values = {"type": "map", "entries": [["model", {"id": button.id}]]}
    event = {"type": "event", "name": "button_click", "values": values}
    message = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": event}
    document.apply_json_patch({"events": [message]})
    assert pressed == [button]
