"""Settings that validate values before they change, with messages that name what is allowed.

A run's settings are declared in `data/dataset_settings.py`, `training/model.py`,
`training/training_settings.py` and `training/trainer.py`; `runs/run_settings.py` gathers them.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NoReturn

import param

from .plain_values import (
    LARGEST,
    LARGEST_WHOLE,
    is_finite,
    is_number,
    is_too_small,
    is_whole,
    plain,
)

NEVER_CHANGES = (
    "never changes: use run.trainer.change(...) for what applies at once, or create another run."
)


class SettingError(ValueError):
    """A setting was given an invalid value.

    Parameters
    ----------
    setting : str
        The name of the setting, so that a page can show the message beside its control.
    message : str
        The value given and the values allowed.
    """

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(message)
        self.setting = setting

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the message and the attributes, of any subclass, for another process."""
        return _restored, (type(self), str(self), dict(vars(self)))


def _restored(kind: type[SettingError], message: str, attributes: dict[str, Any]) -> SettingError:
    error = kind.__new__(kind, message)
    vars(error).update(attributes)
    return error


def shown(value: Any, most: int = 80) -> str:
    """Return the `repr` of any value for a message, cut short."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an int of more digits than Python writes, a deep list
        return f"a very large {type(value).__name__}"
    return shortened(text, most)


def shortened(text: Any, most: int = 200) -> str:
    """Return a text, or an error's message, cut short: it may quote what was given."""
    text = str(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def shown_path(path: Any) -> str:
    """Return a file's path for a message, cut short as by `shown`, but later."""
    return shown(str(path), 200)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint, ``" Did you mean 'x'?"``, at the known name nearest to `name`, or ``""``."""
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


def refuse_unstorable(setting: str, text: str) -> None:
    """Raise `SettingError` for a text with half a surrogate pair, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SettingError(
            setting,
            f"{shown(text)} is not a text that can be stored: it has U+{ord(text[error.start]):X}, "
            "half a surrogate pair.",
        ) from None


def refuse_other(name: str, value: Any, kind: type) -> None:
    """Raise `SettingError` unless an argument is of the class that it must be of."""
    if not isinstance(value, kind):
        raise SettingError(name, f"{name} must be a {kind.__name__}, got {shown(value)}.")


def checked_whole(name: str, value: Any, least: int) -> int:
    """Return an argument that is a whole number of at least `least`, or raise `SettingError`."""
    value = plain(value)
    if not is_whole(value) or value < least:
        raise SettingError(
            name, f"{name} must be a whole number of at least {least}, got {shown(value)}."
        )
    return value


def _refuse_change(self: object, *args: Any, **kwargs: Any) -> NoReturn:
    raise SettingError("config", f"This list {NEVER_CHANGES}")


class FixedList(list[Any]):
    """A list of settings, which refuses changes; copies are plain lists."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse_change
    append = extend = insert = remove = pop = clear = sort = reverse = _refuse_change

    def __reduce__(self) -> tuple[type, tuple[list[Any]]]:
        return list, (list(self),)


def fixed(value: Any) -> Any:
    """Return a value with its lists, and the lists in them, as such that refuse changes.

    Lists that are nested too deep are returned unchanged, as by `plain`.
    """
    try:
        return _fixed(value)
    except RecursionError:
        return value


def _fixed(value: Any) -> Any:
    return FixedList(map(_fixed, value)) if isinstance(value, list) else value


class Plain(param.Parameter):
    """Any value, converted by `plain`: the base class of all settings. Its lists are fixed."""

    def __set__(self, obj: Any, val: Any) -> None:
        super().__set__(obj, fixed(plain(val)))


class Count(Plain, param.Integer):
    """A whole number of at least ``bounds[0]``, and at most ``bounds[1]`` if it is given."""

    def _validate(self, val: Any) -> None:
        if val is None and self.allow_None:
            return
        low, high = self.bounds or (None, None)
        if (
            not is_whole(val)
            or (low is not None and val < low)
            or (high is not None and val > high)
        ):
            raise SettingError(
                self.name,
                f"{self.name} must be a whole number {self._allowed(val)}, got {shown(val)}.",
            )

    def allowed(self) -> str:
        """Return the bounds in words."""
        return self._allowed(0)

    def _allowed(self, val: Any) -> str:
        low, high = self.bounds
        if high is not None:
            return f"from {low} to {high}"
        too_large = is_number(val) and val > LARGEST_WHOLE
        return f"of at least {low}" + (" and of at most 128 bits" if too_large else "")


class CountOrAll(Count):
    """A whole number within its bounds, or ``"all"``."""

    def _validate(self, val: Any) -> None:
        if isinstance(val, str) and val == "all":
            return
        try:
            super()._validate(val)
        except SettingError as error:
            raise SettingError(self.name, str(error).replace(", got", ", or 'all', got")) from None


class Quantity(Plain, param.Number):
    """A number within its bounds that is finite in float32."""

    def _validate(self, val: Any) -> None:
        if val is None and self.allow_None:
            return
        if not (is_number(val) and self._within(val)):
            raise SettingError(
                self.name,
                f"{self.name} must be a finite number {self.allowed()}, got {shown(val)}"
                f"{', which is too small for a float' if is_too_small(val) else ''}.",
            )

    def _within(self, val: float) -> bool:
        low, high = self.bounds
        low_inclusive, high_inclusive = self.inclusive_bounds
        above = val >= low if low_inclusive else val > low
        below = high is None or (val <= high if high_inclusive else val < high)
        return is_finite(val) and above and below

    def allowed(self) -> str:
        """Return the bounds in words."""
        low, high = self.bounds
        low_inclusive, high_inclusive = self.inclusive_bounds
        above = f"of at least {low:g}" if low_inclusive else f"above {low:g}"
        if high is None:
            return f"{above} and at most {LARGEST:.2g}"
        return f"{above} and {'at most' if high_inclusive else 'below'} {high:g}"


class Choice(Plain, param.Selector):
    """One of a fixed list of names, or None if that is allowed."""

    def _validate(self, val: Any) -> None:
        if val is None and self.allow_None:
            return
        names = list(self.objects)
        if not isinstance(val, str) or val not in names:
            message = one_of(self.name, val, names)
            if self.allow_None:
                message = message.replace("must be one of", "must be None, or one of")
            raise SettingError(self.name, message)


def refuse_unlisted(setting: str, value: Any, names: Iterable[str]) -> None:
    """Raise `SettingError` unless a value is one of some names."""
    if not isinstance(value, str) or value not in names:
        raise SettingError(setting, one_of(setting, value, names))


def one_of(setting: str, value: Any, names: Iterable[str]) -> str:
    """Return the message that `setting` must be one of `names`, with the one nearest to `value`."""
    names = list(names)
    return (
        f"{setting} must be one of {', '.join(map(repr, names))}; got {shown(value)}."
        f"{did_you_mean(value, names)}"
    )


class Configured(param.Parameterized):
    """A Param class that refuses an unknown name and suggests the nearest one."""

    def __init__(self, **settings: Any) -> None:
        refuse_unknown(settings, self.setting_names())
        declared = self.param.objects("existing").items()
        lists = {name: each.default for name, each in declared if isinstance(each.default, list)}
        super().__init__(**{**lists, **settings})

    @classmethod
    def setting_names(cls) -> list[str]:
        """Return the names of the settings, in the order in which they are declared."""
        return [name for name in cls.param.objects("existing") if name != "name"]

    def settings(self) -> dict[str, Any]:
        """Return the present value of every setting."""
        return {name: plain(getattr(self, name)) for name in self.setting_names()}
