"""Workspaces of browsers: each keeps a random key in a cookie, and its runs belong to that key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import panel as pn
import param

COOKIE = "backprop_panel_workspace"
KEY = re.compile("[0-9a-f]{64}")


def owner_of(cookies: Mapping[str, str]) -> str:
    """Return the owner of a browser's runs; empty for a browser without a key.

    The store holds a fingerprint: who reads its file does not learn the key.
    """
    key = cookies.get(COOKIE, "")
    return f"browser {sha256(key.encode()).hexdigest()}" if KEY.fullmatch(key) else ""


def browser_workspace() -> str:
    """Return the owner of the runs of the browser that asks for the page, as `owner_of` does."""
    # A page that is made before the server starts, as by --warm, was asked for by nobody.
    request = getattr(pn.state.curdoc.session_context, "request", None)
    return owner_of(getattr(request, "cookies", None) or {})


class WorkspaceKey(pn.custom.JSComponent):
    """Makes the key of a browser that has none and loads the page again, or renews its cookie."""

    known = param.Boolean(False, doc="Whether the server knows the key; then it is only renewed.")

    _esm = f'const COOKIE = "{COOKIE}"\n' + Path(__file__).with_suffix(".js").read_text(
        encoding="utf-8"
    )
