"""The warnings about unreadable runs in the Runs tab."""

import sqlite3
from contextlib import closing

import panel_material_ui as pmui
import pytest
from stores import SMALL

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.notices import unreadable_notice
from backprop_panel.views.panels.sidebar import Sidebar
from backprop_panel.views.panels.unreadable_warnings import UnreadableWarnings
from backprop_panel.views.state.comparison import Comparison
from backprop_panel.views.state.session import Session
from backprop_panel.views.widgets.buttons import RunSelect

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session(tmp_path):
    """A session on a store with a readable and a damaged run."""
    path = tmp_path / "runs.sqlite"
    with closing(TrainingRunManager(path)) as manager:
        manager.create(name="whole", **SMALL)
        broken = manager.create(name="<i>broken</i>", **SMALL)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE states SET digest = 'x' WHERE run = ?", (broken.id,))
    session = Session(TrainingRunManager(path))
    yield session
    session.close()


def press(view, label):
    (button,) = (each for each in view.__panel__().select(pmui.Button) if each.label == label)
    button.clicks += 1


def test_an_unreadable_run_is_shown_with_its_reason(session):
    (alert,) = UnreadableWarnings(session).__panel__().select(pmui.Alert)
    assert alert.title == "“<i>broken</i>” cannot be read"
    assert "The state of step 0 is not as it was saved." in alert[0].object


def test_a_notice_above_the_tabs_names_the_unreadable_runs(session):
    alert = unreadable_notice(session.manager).__panel__()
    assert alert.visible
    assert "&lt;i&gt;broken&lt;/i&gt;" in alert.objects[0].object
    session.manager.delete(session.manager.unreadable[0].id)
    assert not alert.visible


def test_an_unreadable_run_is_exported_from_the_page(session, tmp_path):
    (download,) = UnreadableWarnings(session).__panel__().select(pmui.FileDownload)
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(download.callback().read())
    with closing(TrainingRunManager(copy)) as manager:
        assert [run.name for run in manager.unreadable] == ["<i>broken</i>"]


def test_an_unreadable_run_is_deleted_from_the_page(session):
    view = UnreadableWarnings(session)
    press(view, "Delete it for good")
    assert session.manager.unreadable == []
    assert not view.__panel__().select(pmui.Alert)
    session.manager.refresh()
    assert session.manager.unreadable == []


def test_a_refused_deletion_says_why(session):
    view = UnreadableWarnings(session)
    session.manager.store._db.execute("PRAGMA query_only = 1")  # like a read-only disk
    press(view, "Delete it for good")
    assert view.__panel__().select(pmui.Alert)
    assert "read-only" in view._message.object
    assert view._message.visible


@pytest.fixture
def unread(tmp_path):
    """A page on a store whose first run is damaged, which no look has found yet."""
    path = tmp_path / "runs.sqlite"
    with closing(TrainingRunManager(path)) as manager:
        broken = manager.create(name="broken", **SMALL)
        manager.create(name="whole", **SMALL)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE states SET digest = 'x' WHERE run = ?", (broken.id,))
    session = Session(TrainingRunManager(path))
    yield session
    session.close()


def test_comparing_runs_leaves_out_and_shows_an_unreadable_one(unread):
    view, comparison = UnreadableWarnings(unread), Comparison(unread)
    assert [run.name for run in comparison.listed()] == ["broken", "whole"]
    assert not view.__panel__().select(pmui.Alert)
    assert [run.name for run in comparison.runs()] == ["whole"]
    assert len(view.__panel__().select(pmui.Alert)) == 1


def test_switching_to_an_unreadable_run_is_a_mistake_on_the_page(unread):
    (active,) = Sidebar(unread, []).__panel__().select(RunSelect)
    active.value = unread.manager.runs[0].id
    assert unread.run.name == "whole"
    assert "'broken' cannot be read" in unread.mistakes["runs"]
    assert active.value == unread.run.id
