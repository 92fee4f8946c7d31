"""The Surface tab: what it draws, when it computes, and what it says instead of a surface."""

from itertools import count
from threading import enumerate as enumerate_threads

import numpy as np
import panel as pn
import panel_material_ui as pmui
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import LossSurface, directions_of
from backprop_panel.training.worker import TURNS
from backprop_panel.views.panels.plane_fields import MAIN, WEIGHTS
from backprop_panel.views.panels.surface_tab import SurfaceTab
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.session import Session

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")

PATIENCE = 120


def threads():
    return [thread for thread in enumerate_threads() if thread.name == "background"]


def settle(tab):
    """Wait until all that was begun is computed, and show it."""
    while True:
        for thread in threads():
            thread.join(PATIENCE)
        tab.work.tick()
        if not threads():
            return tab


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=200, hidden_dimension=6, learning_rate=0.1)
    session = Session(manager)
    for _ in range(12):
        session.run.trainer.run_batch()
    session.look()
    yield session
    session.close()


@pytest.fixture
def tab(session):
    """The tab of a page, on which nobody has looked yet."""
    return SurfaceTab(session)


@pytest.fixture
def looked_at(tab):
    tab.visible = True
    return settle(tab)


def widget(tab, kind, label):
    (found,) = (each for each in tab.__panel__().select(kind) if each.label == label)
    return found


def press(tab, label):
    widget(tab, pmui.Button, label).clicks += 1
    return settle(tab)


def choose_weights(tab, across="", up=""):
    widget(tab, pmui.Select, "Plane").value = WEIGHTS
    widget(tab, pmui.TextInput, "Weight across").value = across
    widget(tab, pmui.TextInput, "Weight up").value = up
    return settle(tab)


def said(tab):
    return " ".join(text.object for text in tab.__panel__().select(pn.pane.HTML) if text.visible)


def place(tab, kind):
    """The place of the last marker of a kind."""
    data = tab.plot.places.data
    marks = zip(data["text"], data["x"], data["y"], strict=True)
    return [(x, y) for text, x, y in marks if text.startswith(kind)][-1]


def test_nothing_is_computed_until_the_tab_is_looked_at(tab, session):
    session.run_batch()
    assert tab.work.surface is None and not threads()


def test_the_surface_shows_the_losses_and_the_path_of_the_run(looked_at, session):
    surface = LossSurface(session.run, directions_of(session.run))
    *_, grid = surface.refine()
    (shown,) = looked_at.plot.cells.data["loss"]
    np.testing.assert_array_equal(shown, grid.losses)
    np.testing.assert_array_equal(looked_at.plot.path.data["xs"][0][:-1], surface.path[:, 0])
    assert place(looked_at, "the beginning") == tuple(surface.path[0])
    assert place(looked_at, "now, after step 12") == (0, 0)
    first, second = surface.directions.shares
    assert looked_at.plot.axis_names == (
        f"direction 1 ({first:.1%} of the path's variance)",
        f"direction 2 ({second:.1%} of the path's variance)",
    )
    assert "57×57 points" in said(looked_at)


def test_a_coarse_surface_is_shown_first(tab, session):
    with TURNS.withheld():
        tab.visible = True
    grids = LossSurface(session.run, directions_of(session.run)).refine()
    coarse = next(grid for grid in grids if grid.complete)
    settle(tab)
    tab.work.grid = coarse
    assert "15×15 of 57×57 points" in said(tab)
    tab.work.grid = next(grids)
    assert "15×15 of 57×57 points" in said(tab)


def test_the_point_moves_with_the_timeline_and_the_surface_stays(looked_at, session):
    surface = looked_at.work.surface
    session.travel(5)
    settle(looked_at)
    expected = surface.project(session.run.replay(5).engine.network.parameters)
    assert place(looked_at, "the past, after step 5") == tuple(expected)
    assert looked_at.work.surface is surface


def test_the_path_goes_on_with_each_step(looked_at, session):
    surface = looked_at.work.surface
    session.change("learning_rate", 1e-6)
    session.run_batch()
    point = surface.project(session.engine.network.parameters)
    assert place(looked_at, "now, after step 13") == tuple(point)
    assert (looked_at.plot.path.data["xs"][0][-1], looked_at.plot.path.data["ys"][0][-1]) == tuple(
        point
    )
    assert looked_at.work.surface is surface


def test_a_playing_run_moves_its_point(looked_at, session):
    before = place(looked_at, "now")
    session.toggle_play()
    for _ in count():
        session.tick()
        if session.record.step > 13:
            break
    looked_at.work.compute(None)
    assert session.training
    record = session.record
    layers = zip(record.layers, record.layer_updates, strict=True)
    parameters = np.concatenate([(layer + update).ravel() for layer, update in layers])
    shown = looked_at.work.shown_point()
    np.testing.assert_array_equal(shown, looked_at.work.surface.project(parameters))
    assert tuple(shown) != before


def test_a_present_outside_is_followed_by_a_new_surface(looked_at, session):
    before = looked_at.work.surface
    session.change("learning_rate", 1.0)
    for _ in range(10):
        session.run_batch()
    settle(looked_at)
    after = looked_at.work.surface
    assert after is not before and after.steps[-1] > 12
    for at, (low, high) in zip(place(looked_at, "now"), after.extents, strict=True):
        assert low <= at <= high


def test_the_button_draws_the_surface_around_the_present(looked_at, session):
    session.change("learning_rate", 1e-6)
    session.run_batch()
    press(looked_at, "Draw around the present")
    assert looked_at.work.surface.steps[-1] == 13
    assert place(looked_at, "now, after step 13") == (0, 0)


def test_the_button_is_offered_while_the_present_is_elsewhere(looked_at, session):
    again = widget(looked_at, pmui.Button, "Draw around the present")
    assert again.disabled
    session.change("learning_rate", 1e-6)
    session.run_batch()
    assert not again.disabled
    press(looked_at, "Draw around the present")
    assert again.disabled


def test_two_weights_span_the_surface_of_their_values(tab, session):
    tab.visible = True
    choose_weights(tab, "W2[3, 1]", "b1[4]")
    for step in (12, 4):
        session.travel(step)
        state = session.run.at(step)
        x, y = place(tab, "now" if step == 12 else "the past")
        assert x == pytest.approx(state.weights[1][3, 1], abs=1e-7)
        assert y == pytest.approx(state.biases[0][4], abs=1e-7)
    assert tab.plot.axis_names == ("W2[3, 1]", "b1[4]")
    assert "all other weights as at step 12" in said(tab)


def test_the_chosen_weights_fill_the_fields_one_after_the_other(tab, session):
    tab.visible = True
    choose_weights(tab)
    names = []
    for column in range(3):
        session.select(Cell("weight", 1, 3, column, is_gradient=True))
        press(tab, "Use the chosen weight")
        labels = ("Weight across", "Weight up")
        names.append([widget(tab, pmui.TextInput, label).value for label in labels])
    assert names == [["W2[3, 0]", ""], ["W2[3, 0]", "W2[3, 1]"], ["W2[3, 1]", "W2[3, 2]"]]
    assert tab.plot.axis_names == ("W2[3, 1]", "W2[3, 2]")


def test_only_a_weight_that_is_chosen_can_be_used(tab, session):
    button = widget(tab, pmui.Button, "Use the chosen weight")
    assert button.disabled
    session.select(Cell("activation", 1, 0, 0))
    assert button.disabled
    session.select(Cell("bias", 1, 6, 2))
    assert not button.disabled


def test_why_no_chosen_weight_can_be_used_is_said_beside_the_button(tab, session):
    tab.visible = True
    assert "on the map first" not in said(tab)
    choose_weights(tab)
    assert "click a weight or a bias on the map first" in said(tab)
    session.select(Cell("bias", 1, 6, 2))
    assert "on the map first" not in said(tab)


def test_drawing_without_two_weights_says_which_are_missing(tab):
    tab.visible = True
    choose_weights(tab, "W2[3, 1]")
    press(tab, "Draw around the present")
    assert "Name a weight here" in widget(tab, pmui.TextInput, "Weight up").helper_text
    assert not widget(tab, pmui.TextInput, "Weight across").error_state


@pytest.mark.parametrize(
    ("across", "up", "label", "message"),
    [
        ("W2[3, 1]", "W2[3,1]", "Weight up", "Two different weights"),
        ("W9[0, 0]", "", "Weight across", "has W1 to W3"),
        ("b1[4]", "W2[3, 99]", "Weight up", "reaches from"),
    ],
)
def test_wrong_weights_are_refused_beside_their_field(tab, across, up, label, message):
    tab.visible = True
    choose_weights(tab, across, up)
    field = widget(tab, pmui.TextInput, label)
    assert field.error_state and message in field.helper_text
    assert "Name two weights" in said(tab) and "57×57" not in said(tab)
    widget(tab, pmui.Select, "Plane").value = MAIN
    assert "57×57 points" in said(settle(tab))


def test_a_run_without_a_path_is_drawn_once_it_has_one(tab, session):
    tab.visible = True
    session.reset()
    assert "train a few steps more" in said(settle(tab))
    for _ in range(3):
        session.run_batch()
    settle(tab)
    assert tab.work.surface.steps[-1] == 3 and "57×57 points" in said(tab)


def test_a_diverged_run_keeps_its_path_and_has_no_point(looked_at, session):
    engine = session.run.trainer.engine
    engine.edits.load_weights(np.full_like(engine.network.parameters, 1e38))
    session.run_batch()
    session.run_batch()
    assert not np.isfinite(engine.network.parameters).all()
    press(looked_at, "Draw around the present")
    assert "the weights that are shown are not finite" in said(looked_at)
    assert not [text for text in looked_at.plot.places.data["text"] if text.startswith("now")]
    assert np.isfinite(looked_at.plot.path.data["xs"][0]).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda session: session.change("loss_type", "cross_entropy"),
        lambda session: session.manager.fork(session.run.id, 8),
        lambda session: session.manager.create(hidden_layers=1),
    ],
    ids=["loss", "fork", "new run"],
)
def test_another_run_or_loss_has_a_surface_of_its_own(looked_at, session, change):
    before = looked_at.work.surface
    change(session)
    assert looked_at.work.surface is None
    for _ in range(3):
        session.run_batch()
    after = settle(looked_at).work.surface
    assert after is not None and after is not before
    assert after.loss_type == session.run.trainer.loss_type
    assert len(after.directions.centre) == session.run.model.network.size


def test_a_weight_that_the_next_run_does_not_have_is_refused(tab, session):
    tab.visible = True
    choose_weights(tab, "W2[5, 5]", "b1[4]")
    session.manager.create(hidden_dimension=3)
    settle(tab)
    assert widget(tab, pmui.TextInput, "Weight across").error_state
    assert "Name two weights" in said(tab)


def test_a_comparison_shows_the_other_moment_as_well(looked_at, session):
    session.subtracted = session.run.replay(4).engine
    expected = looked_at.work.surface.project(session.subtracted.network.parameters)
    assert place(looked_at, "compared: step 4") == tuple(expected)
    assert "◇ compared moment" in said(looked_at)
    session.subtracted = None
    assert "◇" not in said(looked_at)


@pytest.mark.parametrize("leave", ["hide", "leave", "close"])
def test_work_stops_when_the_tab_or_the_page_is_left(tab, session, leave):
    with TURNS.withheld():  # no piece begins meanwhile
        tab.visible = True
        if leave == "hide":
            tab.visible = False
        else:
            getattr(session, leave)()
    for thread in threads():
        thread.join(PATIENCE)
    assert not threads() and not tab.work.running
    tab.work.tick()
    assert tab.work.grid is None or not tab.work.grid.complete


def test_a_tab_that_is_opened_again_goes_on(tab, session):
    with TURNS.withheld():
        tab.visible = True
        tab.visible = False
    settle(tab)
    assert "57×57 points" not in said(tab)
    tab.visible = True
    assert "57×57 points" in said(settle(tab))


def test_a_run_that_only_shows_batches_has_its_surface(looked_at, session):
    session.change("mode", "visualize")
    session.run_batch()
    assert place(looked_at, "now, after step 12") == (0, 0)
