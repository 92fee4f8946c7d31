"""The configuration of a run: its settings at the beginning."""

from __future__ import annotations

from typing import Any, NoReturn

from ..settings import SettingError


class Configuration(dict[str, Any]):
    """A dict that refuses changes: replay begins with it, so that a change would falsify the past.

    Copies and unions are plain dicts.
    """

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise SettingError(
            "config",
            "A run's configuration never changes: use run.trainer.change(...) for what applies at "
            "once, or create another run.",
        )

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = setdefault = pop = popitem = clear = _refuse

    def __reduce__(self) -> tuple[type, tuple[dict[str, Any]]]:
        return dict, (dict(self),)
