"""The map and the explanations of its cells, drawn from a run or from a record alone."""

import re
from dataclasses import replace

import numpy as np
import panel as pn
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import RecordCell, explain
from backprop_panel.nn.record import StepRecord
from backprop_panel.views.panels.explanation_html import Shown, explanation_html
from backprop_panel.views.panels.network_map import NetworkMap
from backprop_panel.views.plots.colors import LIGHT
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.map_source import RecordedSource, RunSource
from backprop_panel.views.state.marks import Marks

# The widgets' library gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")

WIDTHS = (3, 5, 2)


def recorded(widths=WIDTHS, batch=4, seed=0):
    """Return a record of a network without a run."""
    rng = np.random.default_rng(seed)

    def arrays(shapes):
        return tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)

    levels = [(batch, units) for units in widths]
    layers = [(inputs + 1, units) for inputs, units in zip(widths, widths[1:], strict=False)]
    return StepRecord(
        step=1,
        epoch=0,
        samples=np.arange(batch),
        contexts=np.empty((batch, 0), int),
        targets=np.zeros(batch, int),
        loss=1.0,
        accuracy=0.0,
        example_losses=np.ones(batch),
        pre_activations=arrays(levels[1:]),
        activation_slopes=arrays(levels[1:]),
        activations=arrays(levels),
        deltas=arrays(levels[1:]),
        activation_gradients=arrays(levels),
        layers=arrays(layers),
        layer_gradients=arrays(layers),
        layer_updates=arrays(layers),
        moments={},
        optimizer_steps=0,
        updated=True,
        settings={},
        activation_names=("relu",) * (len(widths) - 2),
    )


@pytest.fixture
def source():
    return RecordedSource(
        recorded(),
        input_labels=["width", "height", "<depth>"],
        output_labels=["no", "yes"],
        example_labels=["first", "second", "third", "fourth"],
    )


def images(network_map):
    return {heatmap.name: np.concatenate(heatmap.images) for heatmap in network_map.grid.heatmaps}


def test_a_map_draws_a_recorded_network_without_any_run(source):
    network_map = NetworkMap(source)
    shown, record = images(network_map), source.record
    assert list(shown) == ["X", "W1", "a1", "W2", "ŷ", "dX", "dW1", "da1", "dW2", "dŷ"]
    assert np.array_equal(shown["W2"], record.layers[1])
    assert np.array_equal(shown["dW2"], record.layer_gradients[1])
    assert np.array_equal(shown["ŷ"], record.logits)
    assert len(network_map.__panel__().select(pn.pane.HoloViews)) == 10


def test_a_map_labels_a_recorded_network(source):
    grid = NetworkMap(source).grid
    first, *_, last = grid.values
    assert first.column_names.data["names"] == ["width", "height", "<depth>"]
    assert last.column_names.data["names"] == ["no", "yes"]
    assert grid.examples.data["names"] == ["first", "second", "third", "fourth"]


def test_a_map_without_a_run_tells_which_cell_is_tapped(source):
    tapped = []
    network_map = NetworkMap(source, on_select=tapped.append)
    network_map.grid.gradients[1].on_tap(3, 1)
    assert tapped == [Cell("bias", 0, 3, 1, is_gradient=True)]
    network_map.state.marks = Marks(tapped[0])


def test_a_map_without_a_run_draws_the_next_record_in_the_same_heatmaps(source):
    network_map = NetworkMap(source)
    before = network_map.grid.heatmaps
    network_map.state.source = replace(source, record=recorded(seed=1))
    assert network_map.grid.heatmaps == before
    assert np.array_equal(images(network_map)["W1"], network_map.state.source.record.layers[0])


def test_a_map_takes_up_a_network_of_another_shape(source):
    network_map = NetworkMap(source)
    network_map.state.source = RecordedSource(recorded(widths=(2, 3, 3, 1)))
    assert images(network_map)["W3"].shape == (4, 1)


def explained(source, cell):
    number = cell.number()
    return explanation_html(
        explain(source.record, number), Shown(source, source.record, LIGHT, (number,))
    )


def test_a_cell_of_a_recorded_network_is_explained_without_any_run(source):
    weight = explained(source, Cell("weight", 0, 2, 4))
    assert "<h3>W1[2, 4]</h3>" in weight
    assert "from X[·, 2] (&lt;depth&gt;) to a1[·, 4]" in weight
    assert "input “&lt;depth&gt;”" in explained(source, Cell("input", 0, 1, 2))
    assert "unit 4, relu<br>in example 1: second" in explained(source, Cell("activation", 1, 1, 4))
    assert "logit “yes”" in explained(source, Cell("logit", 2, 3, 1))


def test_a_recorded_network_without_labels_is_explained_by_numbers():
    source = RecordedSource(recorded())
    assert "input 2<br>in example 1</p>" in explained(source, Cell("input", 0, 1, 2))
    assert "logit 1<br>in example 0</p>" in explained(source, Cell("logit", 2, 0, 1))


def test_what_a_recorded_network_does_not_tell_is_said(source):
    delta = explained(source, Cell("logit", 2, 0, 1, is_gradient=True))
    assert "does not say with which loss it was made" in delta
    assert "does not say with which optimizer" in explanation_html(
        explain(source.record, "weight_updates", 0, (2, 4)),
        Shown(source, source.record, LIGHT, (RecordCell("weight_updates", 0, (2, 4)),)),
    )


def test_labels_of_tokens_written_right_to_left_stand_alone():
    run = TrainingRunManager().create(vocabulary=["ש", "\u202e"], num_samples=64)
    source = RunSource(run, run.trainer.run_batch())
    assert source.unit_labels(0)[:2] == ["\u2068ש\u2069₁", "U+202E₁"]
    assert source.unit_description(0, 0) == "is token 1 “\u2068ש\u2069”?"
    of_torch = RecordedSource(source.record, input_labels=["ש", "a b"])
    assert of_torch.unit_labels(0) == ["\u2068ש\u2069", "a b"]


def test_a_run_labels_its_tokens_and_examples():
    run = TrainingRunManager().create(vocabulary=["<", " "], num_samples=64)
    source = RunSource(run, run.trainer.run_batch())
    assert source.widths == run.model.network.widths
    assert source.unit_labels(0)[:3] == ["<₁", "␣₁", "<₂"]
    assert source.unit_labels(1) == []
    assert source.unit_description(0, 3) == "is token 2 “␣”?"
    assert source.unit_description(3, 0) == "logit of “<”"
    assert re.fullmatch(r"([<␣] ){4}→ [<␣]", source.example_label(0))
