"""Have a table that cannot be drawn yet look again now and then, and not all the time.

Before Panel's table is drawn in another size, it waits until it is built, by looking thousands of
times a second. One that is out of sight is never built, so that a page whose table was left soon
after it came would be busy from then on.

Gain: a browser at rest, where the table of runs was left while it was being built.
Upstream: `DataTabulatorView` would wait for an event.
Without the symbols: the page works, and the browser is busy.
"""

from pathlib import Path

TABLE_REDRAW = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript of the patch."""
