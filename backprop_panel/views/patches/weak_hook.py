"""Give a HoloViews element a hook that does not keep its owner alive.

HoloViews keeps the options of an element, hooks included, in a global store until the element is
collected. A hook that held its owner would keep the page and with it the element.

Gain: a closed page is freed.
Upstream: options that are freed together with an element that they refer to.
Without the symbol: the option `hooks` is public; nothing private is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod


def weak_hook(method: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Return a hook that calls a bound method while its owner lives."""
    reference = WeakMethod(method)

    def call(plot: Any, element: Any) -> None:
        """Call the method, if its owner lives."""
        bound = reference()
        if bound is not None:
            bound(plot, element)

    return call
