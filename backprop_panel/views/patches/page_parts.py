"""Open the drawers of a page from the browser, and give their handles a role.

Panel Material UI's page keeps its parameters in a model behind its view, and the handles at the
edges of its drawers have a name without a role.

Gain: a narrow window's drawers are closed before they are seen; screen readers read the handles.
Upstream: a `sidebar_variant` that begins closed in a narrow window, and a role for the handles.
Without the symbols: the drawers cover or cut a narrow page at first; the handles have no role.
"""

from pathlib import Path

PAGE_PARTS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""JavaScript functions that `PageFit` calls."""
