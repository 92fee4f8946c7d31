"""Settings that refuse bad values before anything changes, and say what is allowed."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import param


class SettingError(ValueError):
    """A value that a setting does not take.

    Parameters
    ----------
    setting : str
        The name of the setting, so that a page can show the message beside its control.
    message : str
        What was given and what is allowed.
    """

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(message)
        self.setting = setting


def shown(value: Any, most: int = 80) -> str:
    """Return the `repr` of a value for a message, cut short; it may be anything at all."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an int of more digits than Python writes, a deep list
        return f"a very large {type(value).__name__}"
    return text if len(text) <= most else text[: most - 1] + "…"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the known name nearest to `name`, or nothing."""
    nearest = get_close_matches(name, list(known), n=1) if isinstance(name, str) else []
    return f" Did you mean {nearest[0]!r}?" if nearest else ""


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """Raise `SettingError` for the first name in `given` that is not in `known`."""
    known = list(known)
    for name in given:
        if name not in known:
            raise SettingError(
                name,
                f"Unknown setting {shown(name)}.{did_you_mean(name, known)} "
                f"Known settings: {', '.join(sorted(known))}.",
            )


def is_whole(value: Any) -> bool:
    """Tell whether `value` is an integer, which True and False are not meant as."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


class Count(param.Integer):
    """A whole number of at least ``bounds[0]``, and at most ``bounds[1]`` if that is given."""

    def _validate(self, val: Any) -> None:
        if val is None and self.allow_None:
            return
        low, high = self.bounds or (None, None)
        if (
            not is_whole(val)
            or (low is not None and val < low)
            or (high is not None and val > high)
        ):
            allowed = f"of at least {low}" if high is None else f"from {low} to {high}"
            raise SettingError(
                self.name, f"{self.name} must be a whole number {allowed}, got {shown(val)}."
            )


class Quantity(param.Number):
    """A finite number within its bounds."""

    def _validate(self, val: Any) -> None:
        if val is None and self.allow_None:
            return
        if not (isinstance(val, numbers.Real) and not isinstance(val, bool) and self._within(val)):
            raise SettingError(
                self.name,
                f"{self.name} must be a finite number {self._allowed()}, got {shown(val)}.",
            )

    def _within(self, val: float) -> bool:
        low, high = self.bounds
        low_inclusive, high_inclusive = self.inclusive_bounds
        above = val >= low if low_inclusive else val > low
        below = high is None or (val <= high if high_inclusive else val < high)
        return _is_finite(val) and above and below

    def _allowed(self) -> str:
        low, high = self.bounds
        low_inclusive, high_inclusive = self.inclusive_bounds
        above = f"of at least {low:g}" if low_inclusive else f"above {low:g}"
        if high is None:
            return above
        return f"{above} and {'at most' if high_inclusive else 'below'} {high:g}"


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond what a float holds
        return False


class Choice(param.Selector):
    """One of a fixed list of names."""

    def _validate(self, val: Any) -> None:
        names = list(self.objects)
        if not isinstance(val, str) or val not in names:
            raise SettingError(self.name, one_of(self.name, val, names))


def one_of(setting: str, value: Any, names: Iterable[str]) -> str:
    """Say that `setting` takes one of `names` and not `value`, with the nearest of them."""
    names = list(names)
    return (
        f"{setting} must be one of {', '.join(map(repr, names))}; got {shown(value)}."
        f"{did_you_mean(value, names)}"
    )


class Configured(param.Parameterized):
    """A Param class whose constructor answers an unknown name with the nearest known one."""

    def __init__(self, **settings: Any) -> None:
        refuse_unknown(settings, self.setting_names())
        super().__init__(**settings)

    @classmethod
    def setting_names(cls) -> list[str]:
        """Return the names of the settings, in the order in which they are declared."""
        return [name for name in cls.param.objects("existing") if name != "name"]

    def settings(self) -> dict[str, Any]:
        """Return the present value of every setting."""
        return {name: getattr(self, name) for name in self.setting_names()}
