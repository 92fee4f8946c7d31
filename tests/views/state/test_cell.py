"""Cells of the map: their names, and their numbers in a record."""

import dataclasses

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.map_columns import index_of_column, map_columns, related_lines

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


def test_a_gradient_leads_to_its_value():
    gradient = Cell("weight", 1, 3, 17, is_gradient=True)
    assert gradient.value_cell == Cell("weight", 1, 3, 17)
    assert gradient.value_cell.value_cell == gradient.value_cell


def test_a_cell_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Cell("weight", 1, 3, 17).row = 4


def test_a_cell_finds_its_value_and_gradient_in_a_record(record):
    weight, bias, logit = Cell("weight", 1, 3, 17), Cell("bias", 1, 32, 17), Cell("logit", 3, 2, 1)
    assert weight.values(record)[weight.index] == record.weights[1][3, 17]
    assert weight.gradients(record)[weight.index] == record.weight_gradients[1][3, 17]
    assert bias.values(record)[bias.index] == record.biases[1][17]
    assert bias.gradients(record)[bias.index] == record.bias_gradients[1][17]
    assert logit.values(record)[logit.index] == record.logits[2, 1]
    assert logit.gradients(record)[logit.index] == record.activation_gradients[3][2, 1]


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


def lines(cell):
    """Return the rows and columns that belong to a cell, by the name of the map's column."""
    columns = map_columns(WIDTHS)
    return {
        column.name: found
        for column, found in zip(columns, related_lines(columns, cell), strict=True)
        if found != ([], [])
    }


def test_a_weight_marks_its_two_units():
    assert lines(Cell("weight", 1, 3, 17)) == {
        "a1": ([], [3]),
        "W2": ([3], [17]),
        "a2": ([], [17]),
    }


def test_a_bias_marks_its_unit():
    assert lines(Cell("bias", 1, 32, 17)) == {"W2": ([], [17]), "a2": ([], [17])}


def test_an_activation_marks_its_example_and_its_units_weights():
    assert lines(Cell("activation", 1, 5, 3)) == {
        "X": ([5], []),
        "W1": ([], [3]),
        "a1": ([5], [3]),
        "W2": ([3], []),
        "a2": ([5], []),
        "ŷ": ([5], []),
    }
