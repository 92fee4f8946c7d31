"""The bar of slow motion, and the map beneath it."""

import re

import holoviews as hv
import numpy as np
import panel_material_ui as pmui
import pytest
from bokeh.models import BasicTicker

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.phase_bar import PhaseBar
from backprop_panel.views.panels.session_map import session_map
from backprop_panel.views.panels.toolbar import Toolbar
from backprop_panel.views.plots.downsampling import MOST_CELLS
from backprop_panel.views.plots.numbers import number
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.checks import Checks
from backprop_panel.views.state.session import Session
from backprop_panel.views.widgets.arrows import Arrows
from backprop_panel.views.widgets.explanation_pane import ExplanationPane

# The widgets' library gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")

X, W1, A1, W2, A2, W3, LOGITS = range(7)


def session_of(**settings):
    manager = TrainingRunManager()
    manager.create(optimizer="adam", num_samples=600, **settings)
    session = Session(manager)
    session.run_batch()
    return session


@pytest.fixture
def session():
    return session_of()


@pytest.fixture
def network_map(session):
    """The map in slow motion."""
    network_map = session_map(session, Checks.of(session))
    session.toggle_slow_motion()
    return network_map


def pane_of(network_map):
    (pane,) = network_map.__panel__().select(ExplanationPane)
    return pane


def shown_rows(heatmap):
    data = heatmap.source.data
    return list(zip(data["first_shown"], data["end_shown"], strict=True))


def blank(heatmap):
    return all(first == end for first, end in shown_rows(heatmap))


def test_the_bar_is_there_in_slow_motion_only(session):
    network_map = session_map(session, Checks.of(session))
    assert not network_map.__panel__().select(ExplanationPane)
    session.toggle_slow_motion()
    assert "forward 1" in pane_of(network_map).html
    session.toggle_slow_motion()
    assert pane_of(network_map).html == ""


def test_the_bar_marks_the_present_phase_and_those_before(session, network_map):
    session.slow_motion.show(2)
    html = pane_of(network_map).html
    assert re.findall('class="bp-done">(.*?)<', html) == ["forward 1", "forward 2"]
    assert re.findall('aria-current="step".*?>(.*?)<', html) == ["forward 3"]


def test_the_bar_shows_the_equation_of_the_phase(session, network_map):
    for phase in session.slow_motion.phases:
        session.slow_motion.show(session.slow_motion.phases.index(phase))
        assert phase.equations[0].latex.replace("'", "&#x27;") in pane_of(network_map).html


def test_there_is_no_way_on_beyond_the_ends(session, network_map):
    assert re.search('data-hotkey="ArrowLeft"[^>]*disabled', pane_of(network_map).html)
    assert not re.search('data-hotkey="ArrowRight"[^>]*disabled', pane_of(network_map).html)
    session.slow_motion.show(7)
    assert re.search('data-hotkey="ArrowRight"[^>]*disabled', pane_of(network_map).html)


def test_buttons_of_the_bar_do_what_they_say(session):
    bar = PhaseBar(session)
    session.toggle_slow_motion()
    slow_motion, press = session.slow_motion, bar._answer
    press({"phase": 3})
    assert slow_motion.phase.name == "loss"
    press({"pace": "0.5"})
    press({"pace": "0"})
    press({"pace": "often"})
    assert slow_motion.seconds == 0.5
    press({"autoplay": True})
    assert slow_motion.playing
    press({"autoplay": True})
    press({"example": True})
    assert slow_motion.example == 0
    press({"leave": True})
    assert not slow_motion.on
    press({"leave": True})
    assert not slow_motion.on


def test_what_has_not_happened_is_blank(session, network_map):
    grid = network_map.grid
    session.slow_motion.show(1)
    assert [blank(heatmap) for heatmap in grid.values] == [False] * 6 + [True]
    assert all(map(blank, grid.gradients))
    session.slow_motion.show(5)
    assert [blank(each) for each in grid.gradients] == [True] * 3 + [False] * 4
    session.toggle_slow_motion()
    assert not any(map(blank, grid.heatmaps))


def test_one_example_is_one_row_of_every_level(session, network_map):
    session.slow_motion.show(7)
    session.slow_motion.show_example(5)
    for column, value in zip(network_map.grid.columns, network_map.grid.values, strict=True):
        assert shown_rows(value)[0] == ((0, column.inputs) if column.has_bias else (5, 6))
    session.slow_motion.show_example(None)
    assert shown_rows(network_map.grid.values[A1]) == [(0, 32)]


def test_the_row_of_one_example_is_labelled_however_many_rows_there_are(session, network_map):
    x = network_map.grid.values[X]
    x.row_axis = hv.render(x.pane().object).yaxis[0]
    session.slow_motion.show_example(5)
    assert x.row_axis.ticker.ticks == [-5]
    session.slow_motion.show_example(None)
    assert isinstance(x.row_axis.ticker, BasicTicker)


def test_the_row_of_one_example_alone_is_labelled_before_its_gradient_is_known(
    session, network_map
):
    dx = network_map.grid.gradients[X]
    dx.row_axis = hv.render(dx.pane().object).yaxis[0]
    session.slow_motion.show_example(5)
    assert shown_rows(dx) == [(0, 0)]
    assert dx.row_axis.ticker.ticks == [-5]


def test_the_bar_says_that_a_click_on_a_row_chooses_the_example(session, network_map):
    assert "click another row" not in pane_of(network_map).html
    session.toggle_one_example()
    assert "click another row" in pane_of(network_map).html
    session.select(Cell("logit", 3, 7, 1))
    assert session.slow_motion.example == 7


def test_the_update_names_the_chosen_weight_before_and_after(session, network_map):
    session.slow_motion.show(7)
    assert "now shows the new weights" in pane_of(network_map).html
    session.select(Cell("weight", 1, 3, 17))
    record = session.record
    old, new = record.weights[1][3, 17], record.weights[1][3, 17] + record.weight_updates[1][3, 17]
    assert f"W2[3, 17]: {number(float(old))} → {number(float(new))}." in pane_of(network_map).html


def test_one_example_of_a_large_batch_is_not_hidden_by_larger_numbers():
    session = session_of(batch_size=3 * MOST_CELLS // 2)
    network_map = session_map(session, Checks.of(session))
    session.toggle_slow_motion()
    session.slow_motion.show_example(5)
    heatmap = network_map.grid.values[A1]
    assert heatmap.source.data["row_block"] == [2]
    assert np.array_equal(heatmap.images[0][2], session.record.activations[1][5])


def widths_of_lines(heatmap):
    return set(heatmap.outlines.boxes.data["width"])


def test_what_is_computed_is_outlined_stronger_than_what_is_read(session, network_map):
    session.slow_motion.show(5)
    grid = network_map.grid
    computed = {id(grid.gradients[A2]), id(grid.gradients[W2])}
    strong = {id(each) for each in grid.heatmaps if max(widths_of_lines(each)) > 1}
    assert strong == computed
    assert (
        len(grid.values[A1].outlines.boxes.data["left"]) == 2
    )  # its border and that of an operand


def test_no_scale_jumps_from_phase_to_phase(session, network_map):
    def ends():
        return [heatmap.mapper.high for heatmap in network_map.grid.heatmaps]

    before = ends()
    for place in range(8):
        session.slow_motion.show(place)
        assert ends() == before


def test_the_update_shows_the_new_weights_and_says_so(session, network_map):
    session.slow_motion.show(6)
    heatmap, record = network_map.grid.values[W2], session.record
    assert np.array_equal(np.concatenate(heatmap.images), record.layers[1])
    session.slow_motion.show(7)
    assert np.array_equal(
        np.concatenate(heatmap.images), record.layers[1] + record.layer_updates[1]
    )
    assert heatmap.source.tags == ["new value"]
    session.slow_motion.show(6)
    assert np.array_equal(np.concatenate(heatmap.images), record.layers[1])
    assert heatmap.source.tags == []


def test_arrows_are_drawn_in_slow_motion_only(session):
    network_map = session_map(session, Checks.of(session))
    assert not network_map.grid.layout.select(Arrows)
    session.toggle_slow_motion()
    (arrows,) = network_map.grid.layout.select(Arrows)
    assert arrows.pairs == [[X, A1], [W1, A1]]
    session.toggle_slow_motion()
    assert arrows.pairs == []


def test_a_run_of_another_shape_is_revealed(session, network_map):
    session.manager.create(hidden_layers=0, num_samples=64)
    assert [blank(each) for each in network_map.grid.gradients] == [True] * 3
    (arrows,) = network_map.grid.layout.select(Arrows)
    assert arrows.pairs == [[0, 2], [1, 2]]


def test_rows_are_named_while_a_step_of_a_training_run_is_walked_through(session, network_map):
    session.training = True
    session.record = session.run.trainer.run_batch()
    assert "".join(network_map.grid.examples.data["names"]).strip()


def toggle_of(session):
    toolbar = Toolbar(session)
    (toggle,) = toolbar.__panel__().select(pmui.Toggle)
    return toolbar, toggle


def test_the_toggle_of_the_toolbar_starts_and_ends_slow_motion(session):
    _, toggle = toggle_of(session)
    toggle.value = True
    assert session.slow_motion.on
    session.toggle_slow_motion()
    assert not toggle.value


def test_slow_motion_is_refused_with_the_reason_while_a_difference_is_shown(session):
    toolbar, toggle = toggle_of(session)
    session.subtracted = session.run.replay(0).engine
    assert toggle.disabled and "stop comparing first" in toolbar.status._notes.object
    session.subtracted = None
    assert not toggle.disabled and "comparing" not in toolbar.status._notes.object


def test_of_a_long_context_the_caption_shows_the_end_and_the_target():
    session = session_of(sequence_length=30, master_sequence_length=(40, 40))
    network_map = session_map(session, Checks.of(session))
    session.toggle_slow_motion()
    caption = re.search(
        '<span class="bp-walked"[^>]*>(.*?)</span><button', pane_of(network_map).html
    )[1]
    shown = re.findall("bp-token[^>]*>(.)</span>", caption)
    tokens = [token for token, _ in session.map_source.example_tokens(0)]
    assert "…" in caption and shown == tokens[-9:]
