"""A large matrix is sent with no more cells than pixels, and keeps its largest numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel.views.plots.downsampling import MOST_CELLS, Lens, Span, largest

quick = settings(derandomize=True, deadline=None, max_examples=200, database=None)


def whole(values):
    rows, columns = values.shape
    return Lens(Span.of(rows, 0, rows), Span.of(columns, 0, columns))


def test_a_small_matrix_is_sent_whole_at_any_zoom():
    values = np.random.default_rng(0).normal(size=(32, 64)).astype(np.float32)
    assert np.array_equal(whole(values).through(values), values)
    assert Span.of(64, 10.2, 12.7) == Span(0, 64, 1)


def test_a_block_shows_its_number_of_largest_magnitude():
    values = np.zeros((1024, 1024), np.float32)
    values[700, 300], values[100, 20] = -5, 3
    seen = whole(values).through(values)
    assert max(seen.shape) <= MOST_CELLS
    assert seen[700 // 6, 300 // 6] == -5
    assert seen[100 // 6, 20 // 6] == 3
    assert np.count_nonzero(seen) == 2


def test_a_zoomed_matrix_is_sent_cell_by_cell():
    values = np.arange(1024 * 1024, dtype=np.float32).reshape(1024, 1024)
    lens = Lens(Span.of(1024, 500, 540), Span.of(1024, 0, 30))
    assert lens.rows == Span(480, 560, 1)
    assert lens.columns == Span(0, 45, 1)
    assert np.array_equal(lens.through(values), values[480:560, :45])


@quick
@given(size=st.integers(1, 3000), places=st.tuples(st.floats(-500, 3500), st.floats(-500, 3500)))
def test_the_blocks_sent_are_at_most_twice_the_pixels(size, places):
    start, stop = sorted(places)
    span = Span.of(size, start, stop)
    assert 0 <= span.first < span.end <= size
    assert span.first % span.block == 0
    assert -(-(span.end - span.first) // span.block) <= 2 * MOST_CELLS + 2
    if stop > max(start, 0) and start < size:
        assert span.first <= max(start, 0)
        assert span.end >= min(stop, size)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_block_with_a_number_that_is_not_finite_is_nan(bad):
    values = np.zeros((400, 400), np.float32)
    values[399, 0] = bad
    seen = whole(values).through(values)
    assert np.isnan(seen[-1, 0])
    assert np.isnan(seen).sum() == 1


def test_an_incomplete_last_block_is_included():
    values = np.array([[1.0, -2.0, 3.0]])
    assert largest(values, 2, axis=1).tolist() == [[-2.0, 3.0]]
