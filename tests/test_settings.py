"""Settings refuse bad values with a message that says what is allowed, and keep what they had."""

import math
import pickle
from fractions import Fraction
from pathlib import Path

import numpy as np
import param
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from backprop_panel import Model, SequenceDataset, SettingError, StoreError, Trainer
from backprop_panel.plain_values import is_whole
from backprop_panel.settings import (
    Choice,
    Configured,
    Count,
    Quantity,
    did_you_mean,
    one_of,
    refuse_unknown,
)
from backprop_panel.storage.database import DamagedStore
from backprop_panel.sweeps.stored_sweeps import UnreadableSweep

quick = hypothesis_settings(derandomize=True, deadline=None, max_examples=100, database=None)


class Oven(Configured):
    """Settings of every kind."""

    trays = Count(2, bounds=(1, 4), doc="How many.")
    guests = Count(0, bounds=(0, None), doc="Any number.")
    heat = Quantity(180.0, bounds=(0, 300), inclusive_bounds=(False, True), doc="Degrees.")
    share = Quantity(0.5, bounds=(0, 1), inclusive_bounds=(True, False), doc="A share.")
    mode = Choice(default="bake", objects=["bake", "grill"], doc="What it does.")


def refusal(action):
    """The error that `action` is refused with."""
    with pytest.raises(SettingError) as caught:
        action()
    return caught.value


@pytest.mark.parametrize("value", [0, -1, 5, 2.0, 2.5, "2", None, True, math.nan, math.inf, [2]])
def test_a_count_takes_whole_numbers_within_its_bounds_only(value):
    oven = Oven()
    error = refusal(lambda: setattr(oven, "trays", value))
    assert str(error) == f"trays must be a whole number from 1 to 4, got {value!r}."
    assert error.setting == "trays"
    assert oven.trays == 2


def test_a_count_without_an_upper_bound_names_the_lower_one():
    error = refusal(lambda: Oven(guests=-1))
    assert str(error) == "guests must be a whole number of at least 0, got -1."


@pytest.mark.parametrize("value", [2**128, 10**5000], ids=["2^128", "10^5000"])
def test_a_count_refuses_what_no_file_could_hold(value):
    error = refusal(lambda: Oven(guests=value))
    assert str(error) == (
        "guests must be a whole number of at least 0 and of at most 128 bits, got "
        f"{'a very large int' if value > 10**100 else value}."
    )
    assert Oven(guests=2**128 - 1).guests == 2**128 - 1


@pytest.mark.parametrize("value", [1, 4, np.int64(3), np.uint8(2)])
def test_a_count_takes_any_integer_type(value):
    assert Oven(trays=value).trays == value


@pytest.mark.parametrize(
    "value", [0, -1e-9, 300.1, math.nan, math.inf, -math.inf, "180", None, True, 1 + 2j]
)
def test_a_quantity_takes_finite_numbers_within_its_bounds_only(value):
    oven = Oven()
    error = refusal(lambda: setattr(oven, "heat", value))
    assert str(error) == f"heat must be a finite number above 0 and at most 300, got {value!r}."
    assert error.setting == "heat"
    assert oven.heat == 180


def test_a_whole_number_too_large_for_a_float_is_refused_as_a_quantity():
    assert refusal(lambda: Oven(heat=10**400)).setting == "heat"


def test_a_number_too_small_for_a_float_is_refused_rather_than_taken_as_zero():
    error = refusal(lambda: Oven(share=Fraction(1, 10**400)))
    assert str(error).endswith("…, which is too small for a float.")
    assert Oven(share=Fraction(0)).share == 0


@pytest.mark.parametrize("unit", ["s", "ns"])
@pytest.mark.parametrize("setting", ["trays", "heat"])
def test_a_duration_is_no_number(setting, unit):
    duration = np.timedelta64(2, unit)
    for value in (duration, np.array(duration), np.array([duration])):
        assert refusal(lambda value=value: Oven(**{setting: value})).setting == setting


@pytest.mark.parametrize("value", [5e-324, 300, 1, np.float32(0.5), np.int64(7)])
def test_a_quantity_takes_any_real_type(value):
    assert Oven(heat=value).heat == value


@pytest.mark.parametrize(
    ("value", "allowed"), [(0, True), (0.999, True), (1, False), (-0.1, False)]
)
def test_a_bound_of_a_quantity_may_be_included_or_not(value, allowed):
    if allowed:
        assert Oven(share=value).share == value
    else:
        assert "of at least 0 and below 1" in str(refusal(lambda: Oven(share=value)))


def test_a_choice_names_all_names_and_the_nearest():
    oven = Oven()
    error = refusal(lambda: setattr(oven, "mode", "gril"))
    assert str(error) == "mode must be one of 'bake', 'grill'; got 'gril'. Did you mean 'grill'?"
    assert oven.mode == "bake"


@pytest.mark.parametrize("value", [None, 3, ["bake"], ""])
def test_a_choice_takes_its_names_only(value):
    assert refusal(lambda: Oven(mode=value)).setting == "mode"


def test_an_unknown_setting_is_answered_with_the_nearest_known_one():
    error = refusal(lambda: Oven(haet=200))
    assert str(error).startswith("Unknown setting 'haet'. Did you mean 'heat'? Known settings: ")
    assert error.setting == "haet"


def test_an_unknown_setting_near_to_none_is_answered_with_all_known_ones():
    message = str(refusal(lambda: refuse_unknown(["zzz"], ["heat", "mode"])))
    assert message == "Unknown setting 'zzz'. Known settings: heat, mode."


@quick
@given(known=st.lists(st.text(min_size=1), min_size=1, unique=True), data=st.data())
def test_a_known_name_is_nearest_to_itself_and_never_refused(known, data):
    name = data.draw(st.sampled_from(known))
    refuse_unknown([name], known)
    assert did_you_mean(name, known) == f" Did you mean {name!r}?"


@quick
@given(given_names=st.lists(st.text()), known=st.lists(st.text()))
def test_a_name_is_refused_exactly_if_it_is_not_known(given_names, known):
    unknown = [name for name in given_names if name not in known]
    if unknown:
        assert refusal(lambda: refuse_unknown(given_names, known)).setting == unknown[0]
    else:
        refuse_unknown(given_names, known)


@pytest.mark.parametrize(
    ("value", "whole"),
    [(0, True), (-3, True), (np.int8(1), True), (True, False), (1.0, False), ("1", False)],
)
def test_true_and_floats_are_not_whole_numbers(value, whole):
    assert is_whole(value) is whole


def test_one_of_shows_the_given_value_of_any_type():
    assert one_of("mode", 3, ["a", "b"]) == "mode must be one of 'a', 'b'; got 3."


def test_settings_are_listed_in_the_order_of_declaration():
    assert Oven.setting_names() == ["trays", "guests", "heat", "share", "mode"]
    assert list(Oven().settings()) == Oven.setting_names()


@pytest.mark.parametrize("configured", [SequenceDataset, Model, Trainer])
def test_every_setting_is_documented(configured):
    for name in configured.setting_names():
        assert configured.param[name].doc


@pytest.mark.parametrize(
    ("made_by", "name", "value"),
    [
        (SequenceDataset, "seed", 1),
        (SequenceDataset, "num_samples", 9),
        (Model, "hidden_layers", 1),
    ],
)
def test_settings_of_the_constructor_are_constant(made_by, name, value):
    made = made_by()
    before = getattr(made, name)
    with pytest.raises(TypeError, match="Constant"):
        setattr(made, name, value)
    assert getattr(made, name) == before


def test_settings_of_one_object_make_another_like_it():
    data = SequenceDataset(vocabulary=["x", "y"], num_samples=10, seed=3)
    again = SequenceDataset(**data.settings())
    assert np.array_equal(data.windows, again.windows)
    assert np.array_equal(data.sample_windows, again.sample_windows)


def test_a_setting_error_is_a_value_error():
    assert issubclass(SettingError, ValueError)
    assert isinstance(Oven.param["trays"], param.Integer)


@pytest.mark.parametrize(
    "error",
    [
        SettingError("learning_rate", "too high"),
        StoreError("is full"),
        DamagedStore(Path("runs.sqlite"), "no page"),
        UnreadableSweep("sweep", "no plan"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_refusal_reaches_another_process_as_it_is(error):
    found = pickle.loads(pickle.dumps(error))
    assert (type(found), str(found), vars(found)) == (type(error), str(error), vars(error))
