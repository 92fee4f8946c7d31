"""Numbers of rows: equal for equal rows, and ranked."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel.data.distinct_rows import ranked, row_keys

quick = settings(derandomize=True, deadline=None, max_examples=60, database=None)


@quick
@given(st.lists(st.integers(0, 9), min_size=1, max_size=30))
def test_numbers_are_ranked_among_the_distinct_ones(numbers):
    ordered, ranks = ranked(np.array(numbers))
    distinct = sorted(set(numbers))
    assert ordered.tolist() == sorted(numbers)
    assert ranks.tolist() == [1 + distinct.index(number) for number in sorted(numbers)]


@quick
@given(st.lists(st.lists(st.integers(0, 999), min_size=12, max_size=12), min_size=1, max_size=9))
def test_keys_are_equal_for_equal_rows_and_in_their_order(rows):
    rows += rows[:2]
    keys = row_keys(np.array(rows), 1000).tolist()
    for one, key in zip(rows, keys, strict=True):
        for other, its in zip(rows, keys, strict=True):
            assert (key < its) == (one < other)
