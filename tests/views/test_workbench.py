"""The workbench: its tabs, and its page."""

from contextlib import closing

import panel as pn
import panel_material_ui as pmui
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views import Workbench
from backprop_panel.views.widgets.buttons import RunSelect

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


def test_the_tabs_have_their_names():
    (tabs,) = Workbench().__panel__().select(pmui.TabMenu)
    names = ["Network", "Loss", "Runs", "Data", "Health", "Difference", "Surface", "Sweep"]
    assert tabs.items == names


def test_a_page_does_not_follow_the_busy_state_of_the_server():
    def followers():
        return len(pn.state.param.watchers.get("busy", {}).get("value", []))

    before = followers()
    pmui.Page()
    assert followers() == before + 1
    Workbench().page()
    assert followers() == before + 1


def test_a_page_tells_that_another_window_deleted_the_run_it_shows(tmp_path):
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as other:
        for name in ("first", "<b>second</b>"):
            other.create(name, num_samples=64)
        other.give_back()
        workbench = Workbench(tmp_path / "runs.sqlite")
        field = workbench.sidebar.select(RunSelect)[0]
        assert workbench.session.run.name == "<b>second</b>"
        other.delete(other.current.id)
        workbench.lifecycle.refresh()
        assert workbench.session.run.name == "first"
        assert field.error_state
        assert (
            field.helper_text == "'<b>second</b>' was deleted in another window; this is 'first'."
        )
        workbench.session.run_batch()
        workbench.session.manager.switch(workbench.session.run.id)
        workbench.session.close()


def test_a_deletion_in_another_window_is_forgotten_once_it_is_undone_there(tmp_path):
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as other:
        for name in ("first", "second"):
            other.create(name, num_samples=64)
        other.give_back()
        workbench = Workbench(tmp_path / "runs.sqlite")
        deleted = other.current
        other.delete(deleted.id)
        workbench.lifecycle.refresh()
        workbench.lifecycle.refresh()
        assert "runs" in workbench.session.mistakes
        other.add(deleted)
        other.give_back()
        workbench.lifecycle.refresh()
        assert not workbench.session.mistakes
        workbench.session.close()


def test_what_was_refused_for_another_window_is_forgotten_once_the_run_is_free(tmp_path):
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as other:
        other.create(num_samples=64, learning_rate=0.25)
        other.give_back()
        workbench = Workbench(tmp_path / "runs.sqlite")
        session = workbench.session
        (field,) = (
            each
            for each in workbench.sidebar.select(pmui.TextInput)
            if each.label == "Learning rate"
        )
        other.current.trainer.run_batch()
        field.value = "0.5"
        workbench.lifecycle.refresh()
        assert field.error_state and field.value == "0.5"
        other.give_back()
        workbench.lifecycle.refresh()
        assert not field.error_state and not session.mistakes
        assert field.value == "0.25"
        session.close()
