"""Weights and biases by their names on the map."""

import pytest

from backprop_panel import SettingError
from backprop_panel.analysis.record_cell import RecordCell
from backprop_panel.views.state.weight_names import weight_named

WIDTHS = (16, 32, 4)


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("W2[3, 1]", RecordCell("weights", 1, (3, 1))),
        (" w1 [15,31] ", RecordCell("weights", 0, (15, 31))),
        ("b1[31]", RecordCell("biases", 0, (31,))),
        ("B2[0]", RecordCell("biases", 1, (0,))),
    ],
)
def test_a_name_on_the_map_is_a_weight_whatever_its_spaces(name, cell):
    assert weight_named(name, WIDTHS) == cell


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "is named as on the map"),
        ("dW2[3, 1]", "is named as on the map"),
        ("W2[-1, 0]", "is named as on the map"),
        ("W3[0, 0]", "has W1 to W2 and b1 to b2; got 'W3"),
        ("b0[0]", "has W1 to W2"),
        ("W2[32, 0]", r"from W2\[0, 0\] to W2\[31, 3\]"),
        ("W2[3]", r"from W2\[0, 0\] to W2\[31, 3\]"),
        ("b2[4]", r"from b2\[0\] to b2\[3\]; got 'b2\[4\]'"),
        ("b2[0, 1]", r"from b2\[0\] to b2\[3\]"),
        ("W2[" + "9" * 5000 + ", 0]", "is named as on the map"),
    ],
)
def test_a_weight_that_does_not_exist_is_refused_with_those_that_do(name, message):
    with pytest.raises(SettingError, match=message):
        weight_named(name, WIDTHS)
