"""A setting as a Param that keeps its value in a trainer's engine."""

from __future__ import annotations

from typing import Any

from ..plain_values import plain
from ..settings import Choice, Count, Plain, Quantity


class EngineSetting(Plain):
    """A setting that is read from a trainer's engine and set by `Trainer.change`.

    Until the trainer has an engine, the Param itself holds the value. Afterwards it holds the
    value that its watchers were told last.
    """

    def __get__(self, obj: Any, objtype: type | None = None) -> Any:
        if obj is None or not obj.has_engine:
            return super().__get__(obj, objtype)
        return obj.requested(self.name)

    def __set__(self, obj: Any, val: Any) -> None:
        if obj is None or not obj.has_engine:
            super().__set__(obj, val)
        else:
            obj.change(**{self.name: val})

    def checked(self, val: Any) -> Any:
        """Return a value as it is kept, or raise `SettingError` if the setting does not take it."""
        val = plain(val)
        self._validate(val)
        return val

    def notify(self, obj: Any, val: Any) -> None:
        """Tell the watchers of an object's own Param a value, unless they know it."""
        super().__set__(obj, val)


class EngineQuantity(EngineSetting, Quantity):
    """A `Quantity` that lives in the engine."""


class EngineCount(EngineSetting, Count):
    """A `Count` that lives in the engine."""


class EngineChoice(EngineSetting, Choice):
    """A `Choice` that lives in the engine."""
