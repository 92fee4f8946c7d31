"""The configuration of a run: its settings at the beginning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from ..settings import SettingError


def _refuse(self: object, *args: Any, **kwargs: Any) -> NoReturn:
    raise SettingError(
        "config",
        "A run's configuration never changes: use run.trainer.change(...) for what applies at "
        "once, or create another run.",
    )


class Configuration(dict[str, Any]):
    """A dict that refuses changes: replay begins with it, so that a change would falsify the past.

    So do its lists. Copies and unions are plain dicts, and deep copies have plain lists.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__({name: _fixed(value) for name, value in settings.items()})

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        return dict, (dict(self),)


class FixedList(list[Any]):
    """A list of a configuration, which refuses changes; copies are plain lists."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = remove = pop = clear = sort = reverse = _refuse

    def __reduce__(self) -> tuple[type, tuple[list[Any]]]:
        return list, (list(self),)


def _fixed(value: Any) -> Any:
    return FixedList(_fixed(each) for each in value) if isinstance(value, list) else value
