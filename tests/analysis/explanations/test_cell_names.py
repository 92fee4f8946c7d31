"""Numbers of a record by the names that the map gives them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel import TrainingRunManager
from backprop_panel.analysis.explanations.cell_names import cell_named
from backprop_panel.analysis.record_cell import QUANTITIES, RecordCell, values_of
from backprop_panel.settings import SettingError

RECORD = TrainingRunManager().create(hidden_dimension=5).trainer.run_batch()
NAMED = [each for each in QUANTITIES if each not in ("activation_slopes", "logits")]


@st.composite
def cells(draw):
    quantity = draw(st.sampled_from(NAMED))
    if quantity == "loss":
        return RecordCell("loss", None, draw(st.sampled_from([(), (3,)])))
    of_levels = quantity in ("activations", "activation_gradients")
    layer = None if quantity == "probabilities" else draw(st.integers(0, 2 + of_levels))
    shape = values_of(RECORD, quantity, layer, (0,)).shape
    return RecordCell(quantity, layer, tuple(draw(st.integers(0, size - 1)) for size in shape))


@settings(max_examples=100)
@given(cells())
def test_each_number_is_found_by_the_name_that_it_has_on_the_map(cell):
    assert cell_named(RECORD, cell.name(RECORD)) == cell


@pytest.mark.parametrize(
    ("typed", "cell"),
    [
        ("dW2[3,4]", RecordCell("weight_gradients", 1, (3, 4))),
        ("  delta2 [0, 3] ", RecordCell("deltas", 1, (0, 3))),
        ("y[1, 2]", RecordCell("activations", 3, (1, 2))),
    ],
)
def test_names_may_be_typed_loosely_and_without_special_letters(typed, cell):
    assert cell_named(RECORD, typed) == cell


@pytest.mark.parametrize(
    "typed", ["", "foo", "W", "W[1, 2]", "W2", "7", "W2[a]", "X1[0, 0]", "[1]"]
)
def test_what_is_no_name_is_refused_with_examples(typed):
    with pytest.raises(SettingError, match=r"such as dW2\[3, 17\]"):
        cell_named(RECORD, typed)


@pytest.mark.parametrize(
    ("typed", "valid"), [("W9[0, 0]", "layers 0 to 2"), ("W2[3, 17]", r"shape \(5, 5\)")]
)
def test_a_number_that_does_not_exist_is_refused_with_the_valid_ones(typed, valid):
    with pytest.raises(SettingError, match=valid):
        cell_named(RECORD, typed)
