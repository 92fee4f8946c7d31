"""Staged loading: each stage of a page is a callback of its own."""

import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from backprop_panel.views.state.staged_loading import load_in_stages


class ServedDocument(Document):
    """A document that has a server, which calls what is put off."""

    session_context = "of a server"


def three_stages(done):
    """Work in three stages, each of which adds its name to `done`."""
    done.append("first")
    yield
    done.append("second")
    yield
    done.append("last")


def run_callback(document):
    """Run the next callback of the document, as its server would."""
    (due,) = document.session_callbacks
    document.remove_timeout_callback(due)
    with set_curdoc(document):
        due.callback()


def test_each_stage_runs_in_a_callback_of_its_own():
    document, done = ServedDocument(), []
    with set_curdoc(document):
        load_in_stages(three_stages(done))
    assert done == ["first"]
    run_callback(document)
    assert done == ["first", "second"]
    run_callback(document)
    assert done == ["first", "second", "last"]
    assert not document.session_callbacks


@pytest.mark.parametrize("document", [None, Document()])
def test_without_a_server_all_stages_run_at_once(document):
    done = []
    with set_curdoc(document):
        load_in_stages(three_stages(done))
    assert done == ["first", "second", "last"]
