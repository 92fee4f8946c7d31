"""Single steps take the batches that stand at the cursor, whatever was loaded ahead of them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backprop_panel import SequenceDataset
from backprop_panel.training.batch_reader import BatchReader

DATA = SequenceDataset(num_samples=50)

# Each goes on by a batch of a size, leaves the smaller batches out, jumps, or changes the mode.
steps = st.tuples(st.just("step"), st.integers(1, 60))
jumps = st.tuples(st.just("jump"), st.tuples(st.integers(0, 2), st.integers(0, 49)))
modes = st.tuples(st.just("view"), st.booleans())
omissions = st.tuples(st.just("leave out"), st.integers(0, 9))
actions = st.lists(steps | steps | steps | jumps | modes | omissions, max_size=30)


def act(reader, action, value):
    """Do what is no step: go elsewhere, view only, or leave smaller batches out."""
    if action == "jump":
        reader.cursor.epoch, reader.cursor.position = value
        reader.leave_out(reader.cursor.left_out)
        reader.view_only(reader.viewing is not None)
    elif action == "view":
        reader.view_only(value)
    else:
        reader.leave_out(value)


@given(actions)
def test_the_next_batch_is_that_at_the_cursor(history):
    reader = BatchReader(DATA)
    for action, value in history:
        if action != "step":
            act(reader, action, value)
            continue
        batch, expected = reader.next_batch(value), reader.load(value)
        assert len(batch) == len(expected) == 1
        for name in ("samples", "contexts", "targets", "inputs", "one_hot_targets"):
            np.testing.assert_array_equal(getattr(batch, name), getattr(expected, name))
        reader.reading.pass_by(batch.batch_size)


def test_the_batches_of_further_steps_are_loaded_with_the_first():
    reader = BatchReader(DATA)
    fetched = []
    fetch = reader.loader.fetch
    reader.loader.fetch = lambda samples: fetched.append(len(samples)) or fetch(samples)
    for _ in range(12):
        reader.reading.pass_by(reader.next_batch(4).batch_size)
    assert fetched == [48]
