"""The ticks of axes, in the language of the page."""

import random

import pytest

from backprop_panel.views.plots.axis_ticks import LABEL_JS, TICKS_JS

OF = f"(cases) => {{ {TICKS_JS} return cases.map((each) => ticks(...each)) }}"

UPRIGHT, LEVEL, WHOLE = True, False, True

LABELS = f"(ticks) => {{ {LABEL_JS} return ticks.map((tick) => label(tick, decimals(ticks))) }}"


@pytest.fixture
def blank(shared_context):
    page = shared_context.new_page()
    yield page
    page.close()


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        # Bokeh's own ticks for less than two decades are linear: none is below 1 here.
        ((0.08, 5.2, True, 8, 330, UPRIGHT), [0.1, 0.2, 0.5, 1, 2, 5]),
        ((4.9, 5.4, True, 5, 150, UPRIGHT), [5, 5.2, 5.4]),
        ((1e-8, 1, True, 5, 150, UPRIGHT), [1e-8, 1e-6, 1e-4, 1e-2, 1]),
        ((0, 32, False, 5, 107, LEVEL), [0, 10, 20, 30]),
        # Long labels have room for two.
        ((0, 60_000, False, 5, 107, LEVEL), [0, 50_000]),
        ((0, 1, False, 5, 30, UPRIGHT), [0, 1]),
        # No steps lie between whole ones, unless nothing else is in sight.
        ((0, 2, False, 5, 300, LEVEL, WHOLE), [0, 1, 2]),
        ((0.2, 0.6, False, 5, 300, LEVEL, WHOLE), [0.2, 0.3, 0.4, 0.5, 0.6]),
    ],
)
def test_ticks_are_round_and_have_room(blank, axis, expected):
    (found,) = blank.evaluate(OF, [list(axis)])
    assert found == expected


@pytest.mark.parametrize(
    ("ticks", "labels"),
    [
        ([0, 0.05, 0.1], ["0.00", "0.05", "0.10"]),
        ([-0.5, 0, 1], ["−0.5", "0.0", "1.0"]),
        ([0, 1000, 2000], ["0", "1,000", "2,000"]),
        ([0, 2e-5, 4e-5], ["0", "2×10⁻⁵", "4×10⁻⁵"]),
    ],
)
def test_the_labels_of_a_linear_axis_have_one_number_of_decimals(blank, ticks, labels):
    assert blank.evaluate(LABELS, ticks) == labels


def test_every_axis_has_two_ticks(blank):
    draw = random.Random(0)
    cases = []
    for _ in range(20_000):
        low = 10 ** draw.uniform(-9, 6)
        high = low * (1 + 10 ** draw.uniform(-2, 6))
        cases.append([low, high, draw.random() < 0.5, 5, draw.uniform(40, 400), True])
    counts = {len(found) for found in blank.evaluate(OF, cases)}
    assert min(counts) >= 2 and max(counts) <= 5
