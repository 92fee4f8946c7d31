"""Typeset equations with the copy of KaTeX that Panel brings.

Panel's extension loads KaTeX into the page for a pane of its own, which typesets one equation, has
no MathML, and takes its style sheet and its fonts from a CDN.

Gain: explanations with many equations, read by screen readers, which need no network.
Upstream: a pane for HTML with equations, and KaTeX's fonts among Panel's own files.
Without the symbols: without the style sheet, importing `backprop_panel.views` fails; without
`window.katex`, explanations stay empty; without KaTeX's classes, wide equations keep their size.
"""

from pathlib import Path

from panel.io.resources import DIST_DIR

(KATEX_STYLE,) = DIST_DIR.glob("bundled/katex/*/dist/katex.min.css")
"""The path of KaTeX's style sheet."""

TYPESET = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
"""JavaScript functions that `ExplanationPane` calls."""
