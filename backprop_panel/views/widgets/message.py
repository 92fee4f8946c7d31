"""A message that scrolls into sight: its button may stand at the foot of the screen."""

from __future__ import annotations

import panel as pn
import param

from ..plots.html import STYLE


class Message(pn.custom.JSComponent):
    """A pane of HTML which the page scrolls to when it says something new.

    A callback in JavaScript on a pane would do the same, but Panel looks through the whole page for
    such callbacks whenever a part is added: a fifth of the server's time for an opening page.

    Parameters
    ----------
    object : str
        The HTML that is shown. User text in it must be escaped.
    css_class : str
        The look of the message.
    """

    object = param.String("", doc="The HTML that is shown.")

    _esm = """
    export function render({model}) {
      const text = document.createElement("div")
      text.innerHTML = model.object
      model.on("object", () => {
        text.innerHTML = model.object
        // Once the page has room for it.
        if (model.object) setTimeout(() => text.scrollIntoView({block: "nearest"}), 50)
      })
      return text
    }
    """

    def __init__(self, css_class: str) -> None:
        super().__init__(
            css_classes=[css_class], stylesheets=[STYLE], margin=0, sizing_mode="stretch_width"
        )
