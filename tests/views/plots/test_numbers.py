"""How numbers are written on the page."""

import pytest

from backprop_panel.views.plots.html import apart, number, numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.147149, "0.1471"),
        (-0.0003607, "−0.0003607"),
        (9.4674e-5, "9.467×10⁻⁵"),
        (-2.5e12, "−2.5×10¹²"),
        (1e-8, "1×10⁻⁸"),
        (0.9, "0.9"),
        (-0.0, "0"),
        (9999.99, "1.000×10⁴"),
        (float("nan"), "NaN"),
        (float("-inf"), "−∞"),
    ],
)
def test_a_number_has_four_digits_and_a_typeset_power(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("pair", "texts"),
    [
        ((0.25, 0.5), ("0.25", "0.5")),
        ((0.23451234, 0.23451239), ("0.2345123", "0.2345124")),
        ((1.386294, 1.386301), ("1.38629", "1.38630")),
        ((0.5, 0.5), ("0.5", "0.5")),
    ],
)
def test_numbers_side_by_side_have_enough_digits_to_differ(pair, texts):
    assert apart(*pair) == texts


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.0003607, -3.778e-5, 0.0], ["0.0003607", "−0.00003778", "0"]),
        ([0.14712, 2.2222e-9], ["1.471×10⁻¹", "2.222×10⁻⁹"]),
        ([3.25e-5, 2.5e-6], ["3.25×10⁻⁵", "2.5×10⁻⁶"]),
        ([12345.6, 1.2345], ["1.235×10⁴", "1.234×10⁰"]),
        ([float("nan"), 0.5], ["NaN", "0.5"]),
        ([0.0, 0.0], ["0", "0"]),
        ([], []),
    ],
)
def test_a_column_has_decimals_alone_or_powers_alone(values, texts):
    assert numbers(values) == texts
