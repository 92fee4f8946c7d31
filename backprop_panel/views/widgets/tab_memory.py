"""A random key of a page with its address, which stays the same when the page is reloaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import uuid4

import panel as pn
import param

KEY = re.compile("[0-9a-f]{32}")


class TabMemory(pn.custom.JSComponent):
    """Keeps the key of a page in a cookie of the browser until it is closed.

    Parameters
    ----------
    arguments : mapping
        Those of the page's address. Each address has a key of its own.
    """

    cookie = param.String("", doc="The name of the cookie.")
    key = param.String("", doc="32 hexadecimal digits.")

    _esm = """
    export function render({ model }) {
      document.cookie = `${model.cookie}=${model.key}; path=${location.pathname}; SameSite=Lax`
      return document.createElement("span")
    }
    """

    def __init__(self, arguments: Mapping[str, Any], **params: object) -> None:
        address = sha256(repr(sorted(arguments.items())).encode()).hexdigest()
        cookie = f"backprop_panel_{address[:16]}"
        key = _kept(cookie) or uuid4().hex
        super().__init__(
            cookie=cookie, key=key, width=0, height=0, margin=0, sizing_mode="fixed", **params
        )


def _kept(cookie: str) -> str:
    """Return the key of a page that is loaded again; empty for one that is opened."""
    context = pn.state.curdoc.session_context if pn.state.curdoc else None
    request = getattr(context, "request", None)
    key = (getattr(request, "cookies", None) or {}).get(cookie, "")
    # Browsers send this header when a page is reloaded, and not when a link is followed.
    headers = {name.lower() for name in getattr(request, "headers", None) or {}}
    return key if "cache-control" in headers and KEY.fullmatch(key) else ""
