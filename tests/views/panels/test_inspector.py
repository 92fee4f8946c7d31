"""The panel at the right explains and edits the chosen cell."""

import re

import panel as pn
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
