"""Values in the types of JSON, and which of them are numbers that a setting takes."""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np

LARGEST = float(np.finfo(np.float32).max)
"""The largest finite number of float32, in which networks are trained."""

LARGEST_WHOLE = 2**128 - 1
"""The largest whole number of a setting: a seed may have 128 bits, and no other needs as many."""

NO_NUMBERS = (bool, np.timedelta64)
"""Classes that Python counts among the numbers, but which no setting takes for one."""


def is_whole(value: Any) -> bool:
    """Tell whether `value` is an integer of at most 128 bits; True and False are not."""
    is_integer = isinstance(value, numbers.Integral) and not isinstance(value, NO_NUMBERS)
    return is_integer and abs(int(value)) <= LARGEST_WHOLE


def is_number(value: Any) -> bool:
    """Tell whether `value` is a real number that a float can hold; True and False are not.

    A number beyond the largest float is one, to be refused by its bounds.
    """
    return _is_real(value) and not is_too_small(value)


def is_too_small(value: Any) -> bool:
    """Tell whether `value` is a real number other than 0 that is 0 as a float."""
    is_real = _is_real(value) or isinstance(value, Decimal)
    return is_real and bool(value) and _as_float(value) == 0


def _is_real(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, NO_NUMBERS)


def is_finite(value: float) -> bool:
    """Tell whether a number is finite in float32 as well."""
    # Compared without conversion: a whole number may be too large for a float.
    return -LARGEST <= value <= LARGEST


def plain(value: Any) -> Any:
    """Return a value in the types of JSON: NumPy's numbers and arrays become Python's, for example.

    Containers are copied, and their items converted too. What has `__array__`, such as a tensor or
    a table's column, counts as an array. Other objects and containers that are nested too deep are
    returned unchanged, to be refused by the setting.
    """
    try:
        return _plain(value)
    except (RecursionError, TypeError):  # a tensor as a key would be a list
        return value


def _plain(value: Any) -> Any:
    match value:
        case bool() | np.timedelta64() | None:
            return value
        case np.ndarray():
            # Durations would become whole numbers.
            return _plain(list(value.flat) if value.dtype.kind == "m" else value.tolist())
        case np.bool_():
            return bool(value)
        case numbers.Integral():
            return int(value)
        case numbers.Real() | Decimal():
            return value if is_too_small(value) else _as_float(value)
        case str():
            return str.__str__(value)
        case list():
            return [_plain(item) for item in value]
        case tuple():
            return tuple(_plain(item) for item in value)
        case Mapping():
            return {_plain(name): _plain(item) for name, item in value.items()}
        case _:
            array = _as_array(value)
            return value if array is None else _plain(array)


def _as_array(value: Any) -> np.ndarray | None:
    """Return what offers itself as NumPy's array, such as PyTorch's tensors and pandas' columns."""
    if isinstance(value, np.generic) or not hasattr(type(value), "__array__"):
        return None
    try:
        return np.asarray(value)
    except Exception:  # one on a GPU or with gradients, for example: it is refused as it is
        return None


def _as_float(value: numbers.Real | Decimal) -> float:
    """Return the nearest float; infinity for a number out of range, such as a large `Fraction`."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    except ValueError:  # a Decimal's NaN that signals
        return float("nan")
