"""Open a page whatever numbers its address has.

Panel converts the digits of an address's query with `int`, which refuses superscripts and numbers
of more than 4,300 digits: the page is then dead, and each of its events logs a traceback. The
workbench reads the query itself and says what is wrong with it.

Gain: a page that works and a message, in place of a dead one.
Upstream: `panel.util.parse_query` would keep as text what `int` refuses.
Without the symbol: such an address opens a dead page again.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from panel.io.location import Location


@cache
def tolerate_odd_queries() -> None:
    """Have Panel take a query that it cannot read as empty."""
    parsed = Location.query_params.fget

    def query_params(self: Location) -> dict[str, Any]:
        """Return what Panel reads in the query; nothing of one that it refuses."""
        try:
            return parsed(self)
        except ValueError:
            return {}

    Location.query_params = property(query_params, doc=parsed.__doc__)
