"""The network map follows the run that is shown."""

import re
from dataclasses import replace

import numpy as np
import panel as pn
import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from backprop_panel import TrainingRunManager
from backprop_panel.views.page import INSPECTOR_WIDTH, SIDEBAR_WIDTH
from backprop_panel.views.panels.help_texts import SHAPE, SHAPE_OF_BATCH
from backprop_panel.views.panels.map_grid import ROOM_FOR_EXAMPLES
from backprop_panel.views.panels.map_legend import ROOM_OF_FAULT, ROOM_OF_NOTES, ROOM_OF_TITLE
from backprop_panel.views.panels.map_values import EACH_HEATMAP, EACH_KIND
from backprop_panel.views.panels.session_map import session_map
from backprop_panel.views.plots.colors import DARK
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.checks import Checks
from backprop_panel.views.state.interventions import FROZEN
from backprop_panel.views.state.session import Session

# The widgets' library gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")

DATA = {"vocabulary": list("abc"), "num_samples": 60}


@pytest.fixture
def manager():
    manager = TrainingRunManager()
    manager.create(**DATA)
    return manager


@pytest.fixture
def session(manager):
    return Session(manager)


@pytest.fixture
def network_map(session):
    return session_map(session, Checks.of(session))


def plots(network_map):
    return network_map.grid.layout.select(pn.pane.HoloViews)


def names_of_rows(network_map):
    return network_map.grid.examples.data["names"]


def assert_draws(network_map, record):
    """Check that each heatmap shows the numbers of its record."""
    grid = network_map.grid
    for column, value, gradient in zip(grid.columns, grid.values, grid.gradients, strict=True):
        assert np.array_equal(np.concatenate(value.images), column.values(record))
        assert np.array_equal(np.concatenate(gradient.images), column.gradients(record))


def test_a_run_of_the_same_shape_is_shown_in_the_same_heatmaps(manager, session, network_map):
    before = plots(network_map)
    manager.create(**DATA, seed=5, batch_size=7, activation="relu")
    assert plots(network_map) == before
    assert_draws(network_map, session.record)


def test_a_run_of_another_shape_is_shown_in_new_heatmaps(manager, session, network_map):
    before = plots(network_map)
    manager.create(**DATA, hidden_dimension=5)
    assert not set(before) & set(plots(network_map))
    assert_draws(network_map, session.record)


def captions(network_map):
    grid = network_map.grid
    return [caption.object for caption in grid.layout[: len(grid.columns)]]


def test_what_is_frozen_is_marked_in_the_caption_and_outlined(session, network_map):
    session.freeze(1, True)
    caption = captions(network_map)[3]
    assert FROZEN in caption and "W2 and b2 are frozen" in caption
    outlined = network_map.grid.values[3].outlines.boxes.data["color"]
    assert network_map.grid.values[3].theme.by_hand in outlined
    session.freeze(1, False)
    assert FROZEN not in captions(network_map)[3]


def test_the_shape_in_a_caption_says_what_b_is(network_map):
    inputs, weights, *_ = captions(network_map)
    assert f'<span data-help="{SHAPE_OF_BATCH}">B×' in inputs
    assert f'<span data-help="{SHAPE}">' in weights


def caption_above(network_map, name):
    texts = [pane.object for pane in network_map.grid.layout if isinstance(pane, pn.pane.HTML)]
    (caption,) = (text for text in texts if f">{name}</b>" in text)
    return caption


def test_a_difference_is_named_above_the_map_and_in_its_captions(session, network_map):
    other = session.run.replay(0).engine
    session.subtracted = other
    assert f"minus <b>{session.run.name}</b> at step 0" in network_map.state.title
    assert "difference</span>" in caption_above(network_map, "W2")
    assert "difference</span>" in caption_above(network_map, "dW2")
    session.subtracted = None
    assert network_map.state.title == ""
    assert "difference" not in caption_above(network_map, "W2")
    assert "difference" not in caption_above(network_map, "dW2")


def test_a_fitted_map_gives_wide_columns_less_room(manager, network_map):
    manager.create(**DATA, hidden_layers=6, hidden_dimension=64)
    template = network_map.grid.layout.styles["grid-template-columns"]
    network_map.state.fitted = True
    assert network_map.grid.layout.styles["grid-template-columns"] != template
    assert "128px" in template and "128px" not in str(network_map.grid.layout.styles)


def test_six_hidden_layers_fit_between_the_bars_of_a_wide_window(manager, network_map):
    manager.create(hidden_layers=6)
    columns = re.findall(
        r"minmax\((\d+)px", network_map.grid.layout.styles["grid-template-columns"]
    )
    gaps, margins = 10 * (len(columns) - 1), 32
    assert sum(map(int, columns)) + gaps + margins <= 1920 - SIDEBAR_WIDTH - INSPECTOR_WIDTH


def test_many_inputs_have_room_beside_the_names_of_their_examples(manager, network_map):
    manager.create(**DATA | {"vocabulary": list("abcdefghijklmno"), "sequence_length": 8})
    width = int(network_map.grid.layout.styles["grid-template-columns"].split("px")[0][7:])
    assert network_map.grid.columns[0].units == 105
    assert width - ROOM_FOR_EXAMPLES >= 105


def test_the_heatmaps_of_the_shape_before_are_kept_and_shown_again(manager, session, network_map):
    first, before = session.run, plots(network_map)
    manager.create(**DATA, hidden_dimension=5)
    session.dark = True
    session.deltas_shown = True
    manager.switch(first.id)
    assert plots(network_map) == before
    assert_theme_and_names(network_map)
    manager.create(**DATA, hidden_dimension=6)
    manager.create(**DATA, hidden_dimension=7)
    manager.switch(first.id)
    assert not set(plots(network_map)) & set(before)


def test_a_page_says_that_another_network_is_loading_before_it_is_shown(manager, network_map):
    document = Document()
    before = plots(network_map)
    with set_curdoc(document):
        manager.create(**DATA, hidden_dimension=5, name="wider")
    assert "Loading wider" in network_map._heatmaps.kept.box.styles["--cover"]
    assert plots(network_map) == before
    (due,) = document.session_callbacks
    due.callback()
    assert network_map._heatmaps.kept.box.styles["--cover"] == '""'
    assert network_map.grid.columns[1].units == 5


def serve(document):
    """Call what a page has put off, until there is nothing more."""
    while put_off := document.session_callbacks:
        document.callbacks.remove_session_callback(put_off[0])
        put_off[0].callback()


def test_heatmaps_that_were_still_to_come_do_so_when_their_network_is_shown_again(
    manager, session, monkeypatch
):
    document, first = Document(), session.run
    with set_curdoc(document):
        monkeypatch.setitem(pn.state._loaded, document, False)
        network_map = session_map(session, Checks.of(session))
        assert len(plots(network_map)) == 1
        monkeypatch.setitem(pn.state._loaded, document, True)
        for run in (manager.create(**DATA, hidden_dimension=5), first):
            manager.switch(run.id)
            serve(document)
            assert len(plots(network_map)) == len(network_map.grid.heatmaps)


def assert_theme_and_names(network_map):
    """Check that a map shown again follows what changed while it was hidden."""
    grid = network_map.grid
    assert {heatmap.theme for heatmap in grid.heatmaps} == {DARK}
    assert grid.gradients[2].source.name == "δ1"
    assert grid.frame.styles["content-visibility"] == "visible"


def test_columns_are_named_by_the_tokens_of_the_run(manager, network_map):
    manager.create(vocabulary=list("xyz"), num_samples=60)
    first, *_, last = network_map.grid.values
    assert first.column_names.data["names"][:4] == ["x₁", "y₁", "z₁", "x₂"]
    assert last.column_names.data["names"] == ["x", "y", "z"]


def test_rows_are_named_by_the_examples_of_the_run(manager, session, network_map):
    manager.create(vocabulary=list("xyz"), num_samples=60)
    names = names_of_rows(network_map)
    assert len(names) == len(session.record.targets)
    assert not set("abc") & set("".join(names))


def show_another_batch(session, **pace):
    """Show a step as it is shown while the run trains."""
    session.param.update(training=True, **pace)
    for _ in range(2):
        session.record = session.run.trainer.run_batch()


def test_rows_have_no_names_while_batches_change_fast(session, network_map):
    before = names_of_rows(network_map)
    show_another_batch(session)
    assert not "".join(names_of_rows(network_map)).strip()
    assert [len(name) for name in names_of_rows(network_map)] == [len(name) for name in before]
    session.training = False
    session.look()
    assert "".join(names_of_rows(network_map)).strip()


@pytest.mark.parametrize("pace", [{"steps_per_second": 1.0}, {"frames_per_second": 2.0}])
def test_rows_have_names_while_batches_change_slowly(session, network_map, pace):
    before = names_of_rows(network_map)
    show_another_batch(session, **pace)
    assert names_of_rows(network_map) != before
    assert "".join(names_of_rows(network_map)).strip()


def test_switching_back_to_a_run_shows_its_weights(manager, session, network_map):
    first = manager.current
    manager.create(**DATA, seed=5)
    manager.switch(first.id)
    assert_draws(network_map, session.record)


def end_after_setting_a_weight(session, network_map, weight):
    """Return the end of the weights' scale after one weight was set."""
    engine = session.run.trainer.engine
    engine.edits.set_weight(0, 0, 0, weight)
    session.record = engine.look()
    return network_map.grid.values[1].mapper.high


def test_a_single_record_is_shown_on_a_scale_that_fits_it(session, network_map):
    assert end_after_setting_a_weight(session, network_map, 47.0) == 50


def test_the_scale_comes_to_rest_with_the_training(session, network_map):
    session.training = True
    assert end_after_setting_a_weight(session, network_map, 47.0) < 50
    session.training = False
    session.param.trigger("record")
    assert network_map.grid.values[1].mapper.high == 50


def test_going_back_shows_the_scales_of_before(session, network_map):
    def scales():
        mappers = (heatmap.mapper for heatmap in network_map.grid.heatmaps)
        return [(mapper.high, *mapper.tags) for mapper in mappers]

    record, before = session.record, scales()
    end_after_setting_a_weight(session, network_map, 47.0)
    assert scales() != before
    session.record = record
    assert scales() == before


def test_colours_are_spaced_as_chosen(session, network_map):
    heatmap = network_map.grid.gradients[3]
    end = heatmap.mapper.high
    assert heatmap.mapper.tags
    network_map.scales.spacing = "linear"
    assert (heatmap.mapper.high, heatmap.mapper.tags) == (end, [])
    network_map.scales.spacing = "robust"
    assert heatmap.mapper.high < end
    assert heatmap.mapper.high_color and heatmap.mapper.low_color
    network_map.state.dark = True
    assert heatmap.mapper.high_color == DARK.above


def legend(network_map):
    (pane,) = (
        pane
        for pane in network_map.__panel__().select(pn.pane.HTML)
        if "bp-legend" in pane.css_classes
    )
    return pane.object


def test_the_legend_has_ticks_for_each_kind_and_all_ends_for_each_heatmap(session, network_map):
    assert legend(network_map).count('class="bp-scale"') == 6
    assert ">dW<" in legend(network_map)
    network_map.scales.shared_by = "each heatmap"
    assert "dW3 ±" in legend(network_map)


def test_the_legend_explains_numbers_that_are_not_finite_while_there_are_any(session, network_map):
    assert "not finite" not in legend(network_map)
    first, *others = session.record.layers
    changed = {"layers": (first * np.nan, *others), "deltas": (*session.record.deltas,)}
    assert network_map.__panel__().styles["--below"] == "0px"
    session.record = replace(session.record, **changed)
    assert "not finite" in legend(network_map)
    assert network_map.__panel__().styles["--below"] == f"{ROOM_OF_NOTES}px"


@pytest.mark.parametrize(
    ("shared_by", "words"),
    [(EACH_KIND, "<b>weights</b><br>no finite value"), (EACH_HEATMAP, "W1 no finite value")],
)
def test_numbers_without_any_finite_one_have_words_in_place_of_a_scale(
    session, network_map, shared_by, words
):
    network_map.scales.shared_by = shared_by
    assert words not in legend(network_map)
    layers = tuple(layer * np.nan for layer in session.record.layers)
    session.record = replace(session.record, layers=layers, deltas=(*session.record.deltas,))
    assert words in legend(network_map)
    assert "10⁻¹²" not in legend(network_map)


def test_the_scale_does_not_jump_while_training(session, network_map):
    session.training = True
    before = network_map.grid.values[1].mapper.high
    assert before < end_after_setting_a_weight(session, network_map, 50.0) < 50


def test_a_hidden_map_is_drawn_when_it_is_seen_again(session, network_map):
    network_map.visible = False
    before = session.record
    session.run_batch()
    assert_draws(network_map, before)
    network_map.visible = True
    assert_draws(network_map, session.record)


def test_the_cell_of_the_session_is_outlined_in_its_heatmap_alone(session, network_map):
    network_map.grid.values[3].on_tap(3, 17)
    assert session.selection == Cell("weight", 1, 3, 17)
    rows, columns, cell = ([-0.5, 31.5], [16.5, 17.5], [16.5, 17.5])
    boxes = network_map.grid.values[3].outlines.boxes.data
    assert not network_map.grid.gradients[3].outlines.boxes.data["left"][2:]
    assert list(zip(boxes["left"], boxes["right"], strict=True))[2:] == [
        tuple(rows),
        tuple(columns),
        tuple(cell),
    ]
    network_map.grid.values[3].on_tap(3, 17)
    assert session.selection is None


def test_tapping_a_gradient_chooses_the_cell_of_the_gradient(session, network_map):
    network_map.grid.gradients[3].on_tap(32, 17)
    assert session.selection == Cell("bias", 1, 32, 17, is_gradient=True)
    assert session.selection.name == "db2[17]"


@pytest.mark.parametrize("shared_by", [EACH_KIND, EACH_HEATMAP])
def test_showing_deltas_changes_scales_of_the_gradient_row_alone(session, network_map, shared_by):
    network_map.scales.shared_by = shared_by
    end_after_setting_a_weight(session, network_map, 3.0)
    values, gradients = network_map.grid.values, network_map.grid.gradients
    before = [(heatmap.mapper.high, *heatmap.mapper.tags) for heatmap in (*values, *gradients)]
    session.deltas_shown = True
    after = [(heatmap.mapper.high, *heatmap.mapper.tags) for heatmap in (*values, *gradients)]
    is_level = [column.has_deltas for column in network_map.grid.columns]
    changed = [a != b for a, b in zip(before, after, strict=True)]
    assert not any(changed[: len(values)])
    weights = [column.has_bias for column in network_map.grid.columns]
    for is_changed, of_weights in zip(changed[len(values) :], weights, strict=True):
        assert not (is_changed and of_weights)
    assert any(changed[len(values) :]) and any(is_level)


def test_every_named_column_has_a_label_where_it_fits(network_map):
    grid = network_map.grid
    labelled = {value.name: value.column_ticks for value in grid.values if value.column_ticks}
    assert labelled == {"X": grid.columns[0].units, "ŷ": grid.columns[-1].units}


def test_a_fault_takes_its_room_from_the_heatmaps(session, network_map):
    assert network_map.__panel__().styles["--below"] == "0px"
    session.run.trainer.change(fault="wrong_sign")
    session.run_batch()
    assert network_map.__panel__().styles["--below"] == f"{ROOM_OF_FAULT}px"


def test_the_title_of_a_difference_takes_its_room_from_the_heatmaps(network_map):
    network_map.state.title = "Difference"
    assert network_map.__panel__().styles["--below"] == f"{ROOM_OF_TITLE}px"
    network_map.state.title = ""
    assert network_map.__panel__().styles["--below"] == "0px"
