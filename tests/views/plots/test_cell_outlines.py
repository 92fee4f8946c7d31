"""Outlines of marked cells, rows and columns."""

import pytest

from backprop_panel.views.plots.cell_outlines import BIAS_GAP, CellOutlines, Mark
from backprop_panel.views.plots.colors import DARK, LIGHT


@pytest.fixture
def outlines():
    """Return the outlines of 3 rows of weights and a bias."""
    return CellOutlines((4, 5), bias=True, theme=LIGHT)


def marks(outlines, theme=LIGHT):
    data = outlines.boxes.data
    boxes = zip(data["left"], data["right"], data["top"], data["bottom"], strict=True)
    return [box for box, color in zip(boxes, data["color"], strict=True) if color == theme.mark]


def cell(row, column):
    return Mark((row, row), (column, column))


def test_nothing_is_marked_at_first(outlines):
    assert marks(outlines) == []


def test_rows_columns_and_a_cell_are_outlined(outlines):
    outlines.mark([Mark((1, 1), (0, 4)), Mark((0, 3), (2, 2)), cell(0, 4)])
    assert marks(outlines) == [
        (-0.5, 4.5, -0.5, -1.5),
        (1.5, 2.5, 0.5, outlines.bottom),
        (3.5, 4.5, 0.5, -0.5),
    ]


def test_the_bias_is_outlined_below_its_gap(outlines):
    outlines.mark([cell(3, 0)])
    assert marks(outlines) == [(-0.5, 0.5, -2.5 - BIAS_GAP, -3.5 - BIAS_GAP)]
    assert outlines.bottom == -3.5 - BIAS_GAP


def test_marks_survive_another_theme(outlines):
    outlines.mark([cell(0, 4)])
    outlines.recolor(DARK)
    assert marks(outlines, DARK) == [(3.5, 4.5, 0.5, -0.5)]


def test_a_block_ends_with_a_matrix_that_has_fewer_rows(outlines):
    levels = CellOutlines((32, 5), bias=False, theme=LIGHT)
    levels.mark([Mark((0, 31), (1, 1))])
    levels.resize((8, 5))
    assert marks(levels) == [(0.5, 1.5, 0.5, -7.5)]
