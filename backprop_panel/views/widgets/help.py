"""Help for the controls of a page: a sentence on hover and on focus."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import panel as pn
import param


class Help(pn.custom.JSComponent):
    """Shows the help of a control where the pointer or the keyboard's focus is; takes no room.

    The widgets of the library show a description of a field behind a sign of its own, and none
    of a button. An element with the attribute ``data-help`` brings its own help.

    Parameters
    ----------
    texts : mapping of str to mapping
        The sentences of ``buttons``, ``tabs`` and ``fields`` by the labels that the page shows.
        A label that ends with … is the beginning of labels.
    """

    texts = param.Dict({}, doc="Sentences of buttons, tabs and fields, by their labels.")

    _esm = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(texts=dict(texts), width=0, height=0, margin=0)
