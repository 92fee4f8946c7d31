"""What the panel at the right says of what is selected."""

import re

import panel as pn
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.inspector import Explanation
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
    """A function that returns what the panel gives as the weight's last update, as text."""
    (text,) = Explanation(session).__panel__().select(pn.pane.HTML)

    def last_update():
        session.param.trigger("record")
        row = re.search("<td>last update</td><td>(.*?)</td>", text.object)
        return row and row[1].replace("−", "-")

    return last_update


def test_the_last_update_is_what_the_step_added(session, last_update):
    session.run_batch()
    added = session.record.weight_updates[1][3, 17]
    assert float(last_update()) == pytest.approx(added, rel=1e-2)


def test_the_last_update_is_still_told_of_a_batch_that_is_only_looked_at(session, last_update):
    session.run_batch()
    told = last_update()
    session.look()
    assert last_update() == told


def test_no_last_update_is_told_where_none_is_known(session, last_update):
    assert last_update() is None
    session.run_batch()
    session.reset()
    assert last_update() is None


def test_the_last_update_is_not_that_which_an_optimizer_made_before_another(session, last_update):
    session.run_batch()
    session.change("optimizer", "sgd")
    session.run_batch()
    told = last_update()
    session.change("optimizer", "adam")
    session.look()
    assert last_update() == told
