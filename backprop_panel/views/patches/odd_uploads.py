"""Hand over every file that was uploaded: empty ones, and those of another kind.

The page sends a file in pieces, and none of an empty one, which then does not arrive. A file whose
name ends otherwise than `accept` says is not sent either: a person gets an icon for five seconds.

Gain: whoever takes the file says what is wrong with it. Without the patch nothing seems to happen
when an empty file is given, or a .pt file dropped where safetensors are expected.
Upstream: the page would send one empty piece, and tell of the files that it leaves out.
Without the symbols: such files are not noticed.
"""

from __future__ import annotations

from typing import Any

import panel_material_ui as pmui

EVERY_FILE = "/*"
"""An entry of `accept` that is a wildcard to the page's own check, and that browsers ignore: their
dialog still offers the other entries alone."""


class FileUpload(pmui.FileInput):
    """A button that uploads files, whatever they are; `accept` says which ones are offered."""

    def __init__(self, accept: str, **params: Any) -> None:
        super().__init__(accept=f"{accept},{EVERY_FILE}", **params)

    def _flush_buffer(self) -> None:
        if not self._buffer:
            self._buffer.append({"value": b"", "filename": "", "mime_type": ""})
        super()._flush_buffer()
