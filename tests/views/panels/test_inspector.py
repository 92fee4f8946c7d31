"""The panel at the right explains and edits the chosen cell."""

import re

import panel as pn
import panel_material_ui as pmui
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.inspector import Inspector
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.session import Session

# The widgets' library gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(optimizer="adam")
    session = Session(manager)
    session.selection = Cell("weight", 1, 3, 17)
    return session


@pytest.fixture
def last_update(session):
    """A function that returns the weight's last update as text, None if there is none."""
    (text,) = Inspector(session).__panel__().select(pn.pane.HTML)

    def last_update():
        session.param.trigger("record")
        row = re.search("<td>last update</td><td>(.*?)</td>", text.object)
        return row and row[1].replace("−", "-")

    return last_update


def test_the_last_update_is_that_of_the_step(session, last_update):
    session.run_batch()
    added = session.record.weight_updates[1][3, 17]
    assert float(last_update()) == pytest.approx(added, rel=1e-2)


def test_the_last_update_is_still_shown_before_the_next_step(session, last_update):
    session.run_batch()
    shown = last_update()
    session.look()
    assert last_update() == shown


def test_no_last_update_is_shown_before_a_step_or_after_a_reset(session, last_update):
    assert last_update() is None
    session.run_batch()
    session.reset()
    assert last_update() is None


def test_the_last_update_survives_a_change_of_the_optimizer(session, last_update):
    session.run_batch()
    session.change("optimizer", "sgd")
    session.run_batch()
    shown = last_update()
    session.change("optimizer", "adam")
    session.look()
    assert last_update() == shown


@pytest.fixture
def checkbox(session):
    """The checkbox that freezes the layer of the chosen cell."""
    (checkbox,) = Inspector(session).__panel__().select(pmui.Checkbox)
    session.param.trigger("selection")
    return checkbox


def test_the_checkbox_freezes_the_layer_and_lets_it_learn_again(session, checkbox):
    checkbox.value = True
    assert session.engine.frozen == {1}
    checkbox.value = False
    assert session.engine.frozen == set()


def test_choosing_a_cell_shows_whether_its_layer_is_frozen(session, checkbox):
    checkbox.value = True
    events = len(session.engine.events)
    session.selection = Cell("bias", 0, 16, 3)
    assert (checkbox.label, checkbox.value) == ("Freeze W1", False)
    session.selection = Cell("weight", 1, 0, 0, is_gradient=True)
    assert (checkbox.label, checkbox.value) == ("Freeze W2", True)
    assert len(session.engine.events) == events
