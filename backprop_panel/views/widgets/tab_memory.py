"""What a browser's tab remembers of its address when the page is loaded again."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn
import param

_ESM = """
export function render({ model }) {
  const key = `bp-made ${location.pathname}${location.search}`
  const [navigation] = performance.getEntriesByType("navigation")
  const again = navigation && navigation.type !== "navigate"  // reloaded, or back or forward
  const stored = () => { try { return sessionStorage.getItem(key) } catch { return null } }
  model.on("remembered", () => {
    try { sessionStorage.setItem(key, model.remembered) } catch { return }  // it is switched off
  })
  // Not as a message: none is heard as early as this.
  model.told = `run ${(again && stored()) || ""}`
  return document.createElement("span")
}
"""


class TabMemory(pn.custom.JSComponent):
    """Tells, as soon as the page is open, what the same tab remembered before it was reloaded.

    Parameters
    ----------
    on_open : callable
        Called with the text that was remembered, empty if there is none.
    """

    told = param.String("", doc="What the browser told: 'run ', and the text that was remembered.")
    remembered = param.String("", doc="The text to remember for this address.")

    _esm = _ESM

    def __init__(self, on_open: Callable[[str], None], **params: object) -> None:
        super().__init__(width=0, height=0, margin=0, sizing_mode="fixed", **params)
        self._on_open = on_open
        self.param.watch(self._open, "told")

    def _open(self, event: param.parameterized.Event) -> None:
        # After this event: what it changes in this component is not sent back to the browser.
        pn.state.execute(lambda: self._on_open(event.new.removeprefix("run ")), schedule=True)
