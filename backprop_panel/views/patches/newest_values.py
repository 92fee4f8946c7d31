"""Have a widget of a page keep the newest of the values that the server gives it.

Each of Panel's React components writes what it has shown back to its model, a little later. If
another value has come by then, the older one replaces it, in the page and on the server.

Gain: without the patch, a busy page loses such a value: the timeline's handle stays behind, a
button that was enabled stays disabled.
Upstream: a component that writes back only what a person has changed in it.
Without the symbols: the fault returns.
"""

from pathlib import Path

NEWEST_VALUES = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript of the patch."""
