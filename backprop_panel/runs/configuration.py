"""The configuration of a run: its settings at the beginning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from ..settings import NEVER_CHANGES, SettingError, fixed


def _refuse(self: object, *args: Any, **kwargs: Any) -> NoReturn:
    raise SettingError("config", f"A run's configuration {NEVER_CHANGES}")


class Configuration(dict[str, Any]):
    """A dict that refuses changes: replay begins with it, so that a change would falsify the past.

    So do its lists. Copies and unions are plain dicts, and deep copies have plain lists.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__({name: fixed(value) for name, value in settings.items()})

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        return dict, (dict(self),)
