"""How numbers are written on the page."""

import numpy as np
import pytest

from backprop_panel.views.plots.numbers import (
    apart,
    exact,
    number,
    number_html,
    numbers,
    spelled,
    steady,
)


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
        (1234.56, "1,235"),
        (-9876.0, "−9,876"),
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
        ([0.14712, 2.2222e-9], ["0.1471", "2.222×10⁻⁹"]),
        ([3.25e-5, 2.5e-6], ["3.25×10⁻⁵", "2.5×10⁻⁶"]),
        ([12345.6, 1.2345], ["1.235×10⁴", "1.234"]),
        ([4.766, -12.15, 3.25e-8], ["4.766", "−12.15", "3.25×10⁻⁸"]),
        ([float("nan"), 0.5], ["NaN", "0.5"]),
        ([0.0, 0.0], ["0", "0"]),
        ([], []),
    ],
)
def test_ordinary_numbers_in_a_column_are_decimals_beside_any_other(values, texts):
    assert numbers(values) == texts


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.9, "0.9000"), (0.25, "0.2500"), (12.0, "12.00"), (-0.0, "0"), (2e-6, "2.000×10⁻⁶")],
)
def test_a_number_that_changes_often_keeps_its_digits(value, text):
    assert steady(value) == text


@pytest.mark.parametrize("exponent", range(-40, 38))
def test_a_number_that_is_not_zero_never_looks_like_zero(exponent):
    for write in (number, steady):
        assert any(digit in write(1.5 * 10.0**exponent) for digit in "123456789")


def test_all_digits_of_a_float32_are_told_to_who_points_at_it():
    value = float(np.float32(0.1471490049))
    assert np.float32(exact(value)) == np.float32(value)
    assert number_html(value) == f'<span title="{exact(value)}">0.1471</span>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("is 1, and -0.0002998 follows", "is 1, and −0.0002998 follows"),
        ("a rate of 1e-05 leaves 2.5e+20.", "a rate of 1×10⁻⁵ leaves 2.5×10²⁰."),
        ("from -1.5e-07 to 3", "from −1.5×10⁻⁷ to 3"),
        ("steps 1-3 of run-2, W1[2, -1], 1,024", "steps 1-3 of run-2, W1[2, −1], 1,024"),
        ("mean-squared 3e4x", "mean-squared 3e4x"),
    ],
)
def test_numbers_in_a_sentence_are_written_as_on_the_page(text, shown):
    assert spelled(text) == shown
