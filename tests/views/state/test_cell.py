"""Cells of the map: their names, and their numbers in a record."""

import dataclasses

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import RecordCell, explain
from backprop_panel.views.state.cell import Cell, cell_of
from backprop_panel.views.state.map_columns import index_of_column, map_columns
from backprop_panel.views.state.marks import marks_of

WIDTHS = (16, 32, 32, 4)


@pytest.fixture(scope="module")
def record():
    return TrainingRunManager().create().trainer.run_batch()


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (Cell("input", 0, 4, 5), "X[4, 5]"),
        (Cell("weight", 1, 3, 17), "W2[3, 17]"),
        (Cell("weight", 1, 3, 17, is_gradient=True), "dW2[3, 17]"),
        (Cell("bias", 1, 32, 17), "b2[17]"),
        (Cell("activation", 2, 0, 1, is_gradient=True), "da2[0, 1]"),
        (Cell("logit", 3, 0, 1), "ŷ[0, 1]"),
    ],
)
def test_a_cell_is_named_as_on_the_map(cell, name):
    assert cell.name == name


def test_a_cell_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Cell("weight", 1, 3, 17).row = 4


def test_the_columns_of_a_network_are_named_as_data_flows():
    names = [column.name for column in map_columns(WIDTHS)]
    assert names == ["X", "W1", "a1", "W2", "a2", "W3", "ŷ"]


def test_every_column_has_the_shape_of_its_matrices(record):
    for column in map_columns(WIDTHS):
        rows = len(record.targets) if column.inputs is None else column.inputs + 1
        assert column.values(record).shape == (rows, column.units)
        assert column.gradients(record).shape == (rows, column.units)


def test_every_column_finds_its_own_cells():
    columns = map_columns(WIDTHS)
    for index, column in enumerate(columns):
        assert index_of_column(column.cell(0, 0)) == index


def test_the_last_row_of_weights_holds_biases():
    weights = map_columns(WIDTHS)[1]
    assert [weights.cell(row, 2).name for row in (15, 16)] == ["W1[15, 2]", "b1[2]"]


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (Cell("input", 0, 4, 5), RecordCell("activations", 0, (4, 5))),
        (Cell("weight", 1, 3, 17, True), RecordCell("weight_gradients", 1, (3, 17))),
        (Cell("bias", 1, 32, 17), RecordCell("biases", 1, (17,))),
        (Cell("activation", 2, 0, 1, True), RecordCell("activation_gradients", 2, (0, 1))),
        (Cell("logit", 3, 0, 1), RecordCell("activations", 3, (0, 1))),
    ],
)
def test_a_cell_stands_for_a_number_and_is_found_from_it(cell, number, record):
    assert cell.number() == number
    assert cell_of(number, WIDTHS) == cell
    assert number.name(record) == cell.name


def test_a_gradient_of_an_activation_stands_for_its_delta_when_deltas_are_shown():
    gradient = Cell("activation", 2, 0, 1, is_gradient=True)
    assert gradient.number(of_deltas=True) == RecordCell("deltas", 1, (0, 1))
    weight = Cell("weight", 2, 0, 1, is_gradient=True)
    assert weight.number(of_deltas=True) == RecordCell("weight_gradients", 2, (0, 1))


def test_numbers_that_have_no_heatmap_are_found_at_their_unit():
    unit = Cell("activation", 2, 0, 1)
    assert cell_of(RecordCell("pre_activations", 1, (0, 1)), WIDTHS) == unit
    assert cell_of(RecordCell("activation_slopes", 1, (0, 1)), WIDTHS) == unit
    assert cell_of(RecordCell("probabilities", None, (0, 1)), WIDTHS) == Cell("logit", 3, 0, 1)
    assert cell_of(RecordCell("mean", 1, (32, 1)), WIDTHS) == Cell("bias", 1, 32, 1)
    assert cell_of(RecordCell("loss", None, (0,)), WIDTHS) is None


def blocks(record, number, of_deltas=True):
    """Return the blocks of cells that a number is made of, by the names of their heatmaps."""
    columns = map_columns(WIDTHS)
    marks = marks_of(explain(record, number), WIDTHS, of_deltas)
    return {
        columns[block.column].gradient_name(of_deltas)
        if block.is_gradient
        else columns[block.column].name: (block.rows, block.units)
        for block in marks.operands
    }


def test_a_weight_gradient_is_made_of_an_activation_and_a_delta_of_each_example(record):
    number = RecordCell("weight_gradients", 1, (3, 17))
    assert blocks(record, number) == {"a1": ((0, 31), (3, 3)), "δ2": ((0, 31), (17, 17))}
    assert blocks(record, number, of_deltas=False) == {"a1": ((0, 31), (3, 3))}


def test_a_delta_is_made_of_the_deltas_above_and_the_weights_to_them(record):
    number = RecordCell("deltas", 1, (5, 3))
    assert blocks(record, number) == {"δ3": ((5, 5), (0, 3)), "W3": ((3, 3), (0, 3))}


def test_a_logit_is_made_of_a_row_of_activations_and_a_column_of_weights(record):
    number = RecordCell("activations", 3, (5, 2))
    assert blocks(record, number) == {"a2": ((5, 5), (0, 31)), "W3": ((0, 32), (2, 2))}
