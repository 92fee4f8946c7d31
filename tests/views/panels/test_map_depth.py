"""Which layers of a deep network the map draws."""

import pytest

from backprop_panel import TrainingRun
from backprop_panel.views.panels.map_depth import MOST_LAYERS, what_is_left_out
from backprop_panel.views.panels.network_map import NetworkMap
from backprop_panel.views.plots.colors import LIGHT
from backprop_panel.views.plots.heatmap import HEATMAP
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.map_source import RunSource
from backprop_panel.views.state.marks import Marks


def shown_map(layers):
    run = TrainingRun("deep", {"num_samples": 20, "hidden_dimension": 2, "hidden_layers": layers})
    return NetworkMap(RunSource(run, run.trainer.run_batch()))


def drawn(network_map):
    return sum(HEATMAP in pane.css_classes for pane in network_map.grid.layout)


@pytest.mark.parametrize("depth", [1, 3, MOST_LAYERS])
def test_all_layers_of_a_usual_network_are_drawn(depth):
    network_map = shown_map(depth - 1)
    assert drawn(network_map) == 2 * (2 * depth + 1)
    assert what_is_left_out(depth) == ""


def test_of_a_deep_network_the_first_and_the_last_layers_are_drawn():
    network_map = shown_map(99)
    assert drawn(network_map) == len(network_map.grid.heatmaps) == 2 * (2 * MOST_LAYERS + 1)
    captions = [each.object for each in network_map.grid.layout[: 2 * MOST_LAYERS + 1]]
    assert "W6</b>" in captions[11] and "W95</b>" in captions[13]
    assert "Layers 7 to 94 of 100" in network_map._words.title.object


def marked(network_map):
    heatmaps = network_map.grid.heatmaps
    return [each.name for each in heatmaps if LIGHT.mark in each.outlines.boxes.data["color"]]


def test_a_cell_of_a_layer_that_is_not_drawn_can_be_chosen():
    network_map = shown_map(99)
    network_map.state.marks = Marks(chosen=Cell("weight", 98, 1, 0))
    assert marked(network_map) == ["W99"]
    network_map.state.marks = Marks(chosen=Cell("weight", 50, 1, 0))
    assert marked(network_map) == []
