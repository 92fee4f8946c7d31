"""Notices above the tabs: whether runs are saved, and why not."""

import sqlite3

import pytest
from stores import SMALL

from backprop_panel import TrainingRunManager
from backprop_panel.views import Workbench
from backprop_panel.views.panels.notices import closed_notice, store_notice

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


def shown(notice):
    alert = notice.__panel__()
    return alert.objects[0].object if alert.visible else ""


@pytest.fixture
def manager(tmp_path):
    manager = TrainingRunManager(tmp_path / "runs.sqlite")
    manager.create(**SMALL)
    yield manager
    manager.close()


def test_a_working_store_has_no_notice(manager):
    manager.refresh()
    assert shown(store_notice(manager)) == ""


def test_a_failing_store_has_a_notice_until_it_works_again(manager, tmp_path):
    notice = store_notice(manager)
    with sqlite3.connect(tmp_path / "runs.sqlite") as db:
        db.execute("ALTER TABLE runs RENAME TO gone")
    manager.refresh()
    assert "no such table: runs" in shown(notice)
    with sqlite3.connect(tmp_path / "runs.sqlite") as db:
        db.execute("ALTER TABLE gone RENAME TO runs")
    manager._link.autosave.save()
    manager.current.trainer.run_step()
    manager._link.autosave.save()
    manager.refresh()
    assert shown(notice) == ""


def test_a_closed_store_has_a_notice(manager):
    notice = closed_notice(manager)
    assert shown(notice) == ""
    manager.close()
    assert "saves nothing more" in shown(notice)


@pytest.mark.parametrize("name", ["<b>runs.sqlite", "*runs*.sqlite"])
def test_the_name_of_a_store_is_escaped(name, tmp_path):
    (tmp_path / name).write_text("no database")
    notice = Workbench(store=tmp_path / name).store_notice
    assert "runs" in shown(notice) and "<b>" not in shown(notice)
    assert "are kept in memory only" in shown(notice)
    assert name.replace("<", "&lt;").replace(">", "&gt;") in shown(notice)
