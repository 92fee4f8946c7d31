"""What a page shows of a run, and what it says of it."""

import time

import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.toolbar import Toolbar
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.session import Session
from tests.bundles import weights_file

# The widgets' library gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=64)
    return Session(manager)


def said(session):
    return Toolbar(session)._status.object


def trained_until_it_stopped(session):
    """Play until a condition that holds at once ends it."""
    session.stop_below = 1000.0
    session.toggle_play()
    while session.run.worker.running:
        time.sleep(0.01)
    session.tick()


def test_a_loss_of_a_batch_that_no_step_was_made_on_is_said_to_be_the_next_batchs(session):
    assert "next batch" in said(session)
    session.run_batch()
    assert "next batch" not in said(session)


def test_what_is_only_visualized_is_no_next_batch(session):
    session.run.trainer.mode = "visualize"
    session.run_batch()
    assert "next batch" not in said(session)


def test_why_training_stopped_is_said_until_the_condition_is_another(session):
    trained_until_it_stopped(session)
    assert session.stopped_because == "the loss is below 1000"
    session.stop_below = None
    assert not session.stopped_because


def test_why_training_stopped_is_not_said_of_another_run(session):
    trained_until_it_stopped(session)
    session.manager.create(num_samples=64)
    assert not session.stopped_because


def test_a_fork_shows_the_cell_that_was_chosen(session):
    session.selection = Cell("weight", 0, 2, 3)
    session.fork_past()
    assert session.selection == Cell("weight", 0, 2, 3)


def test_a_network_of_another_shape_shows_no_chosen_cell(session):
    session.selection = Cell("weight", 0, 2, 3)
    session.manager.create(num_samples=64, hidden_dimension=3)
    assert session.selection is None


def test_all_that_shows_a_moment_is_sent_together(session):
    for _ in range(3):
        session.run_batch()
    page = Document()
    held = []
    session.param.watch(lambda *events: held.append(page.callbacks.hold_value), ["record", "past"])
    with set_curdoc(page):
        session.travel(1)
        session.look()
        session.reset()
    assert set(held) == {"combine"}


def test_a_past_with_loaded_weights_is_shown_and_goes_on_with_them(session):
    run = session.run
    for _ in range(2):
        session.run_batch()
        run.load_weights(weights_file(run.model.network))
        session.run_batch()
    session.travel(2)
    session.run_batch()
    assert session.run is not run
    assert session.run.history["loss"].tolist() == run.history["loss"][:3].tolist()
