"""Let a page refer to what the server has sent, instead of sending it back.

BokehJS 3.9 counts the models of a message from the server as new to the server until the page sends
its next message. If that mentions one of them, all of it is sent back, and Bokeh's server logs
"reference already known", which it made a warning without knowing the cause (bokeh#12915). The
theme of Panel Material UI does so with the style sheets of each table that is shown.

Gain: no warnings in the log for what nobody did; messages without copies of what is known.
Upstream: `Document._apply_json_patch` would not add what it decodes to the new models.
Without the symbols: the warnings are logged.
"""

from pathlib import Path

MODELS_SENT_BACK = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""The JavaScript of the patch."""
