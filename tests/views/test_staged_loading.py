"""A page opens piece by piece, so that its server has time for others."""

from bokeh.document import Document
from panel.io.state import set_curdoc

from backprop_panel.views.staged_loading import load_in_stages


def pieces(done):
    """Work in three pieces, each of which says so in `done`."""
    done.append("first")
    yield
    done.append("second")
    yield
    done.append("last")


def take_turn(document):
    """Do what the document is due to do next, as its server would."""
    (due,) = document.session_callbacks
    document.remove_timeout_callback(due)
    with set_curdoc(document):
        due.callback()


def test_each_piece_is_done_in_a_turn_of_its_own():
    document, done = Document(), []
    with set_curdoc(document):
        load_in_stages(pieces(done))
    assert done == ["first"]
    take_turn(document)
    assert done == ["first", "second"]
    take_turn(document)
    assert done == ["first", "second", "last"]
    assert not document.session_callbacks


def test_without_a_server_all_is_done_at_once():
    done = []
    load_in_stages(pieces(done))
    assert done == ["first", "second", "last"]
