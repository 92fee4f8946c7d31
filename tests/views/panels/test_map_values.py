"""What the heatmaps of the map show, with which scale, and what the hover calls it."""

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.map_grid import MapGrid
from backprop_panel.views.panels.map_values import (
    EACH_HEATMAP,
    EACH_KIND,
    scales_of_deltas,
    tag_cells,
)
from backprop_panel.views.plots.colors import LIGHT
from backprop_panel.views.state.map_source import RunSource


@pytest.fixture
def grid():
    run = TrainingRunManager().create(vocabulary=list("abc"), num_samples=60)
    grid = MapGrid(lambda cell: None)
    grid.build(RunSource(run, run.trainer.run_batch()), LIGHT)
    return grid


def tags_of(heatmaps):
    return [heatmap.source.tags for heatmap in heatmaps]


@pytest.mark.parametrize(
    ("shared_by", "scales"),
    [
        (EACH_KIND, ["gradient of activation", "gradient of activation", "gradient of logit"]),
        (EACH_HEATMAP, ["da1", "da2", "dŷ"]),
    ],
)
def test_deltas_change_the_scales_of_levels_behind_a_layer(grid, shared_by, scales):
    assert list(scales_of_deltas(grid, shared_by)) == scales


def test_the_hover_calls_every_cell_of_a_difference_one(grid):
    tag_cells(grid, is_difference=True, is_updated=False, of_errors=False)
    assert tags_of(grid.heatmaps) == [["difference"]] * 14


def test_the_hover_calls_weights_after_the_update_new(grid):
    tag_cells(grid, is_difference=False, is_updated=True, of_errors=False)
    new = ["new value"]
    assert tags_of(grid.values) == [[], new, [], new, [], new, []]
    assert tags_of(grid.gradients) == [[]] * 7
