"""A key of a browser's tab and its address, which is the same when the page is loaded again."""

from __future__ import annotations

import re
from collections.abc import Callable

import panel as pn
import param

KEY = re.compile("[0-9a-f]{32}")

_ESM = """
function random() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")
}

export function render({ model }) {
  const name = `bp-key ${location.pathname}${location.search}`
  const [navigation] = performance.getEntriesByType("navigation")
  const again = navigation && navigation.type !== "navigate"  // reloaded, or back or forward
  let key = random()
  try {
    key = (again && sessionStorage.getItem(name)) || key
    sessionStorage.setItem(name, key)
  } catch { /* nothing is stored here: each load has a key of its own */ }
  // Not as a message: none is heard as early as this.
  model.key = key
  return document.createElement("span")
}
"""


class TabMemory(pn.custom.JSComponent):
    """Tells a random key as soon as the page is open; it is another in each tab that is opened.

    Parameters
    ----------
    on_open : callable
        Called with the key.
    """

    key = param.String("", doc="32 hexadecimal digits, made in the browser.")

    _esm = _ESM

    def __init__(self, on_open: Callable[[str], None], **params: object) -> None:
        super().__init__(width=0, height=0, margin=0, sizing_mode="fixed", **params)
        self._on_open = on_open
        self.param.watch(self._open, "key")

    def _open(self, event: param.parameterized.Event) -> None:
        if KEY.fullmatch(event.new):
            self._on_open(event.new)
