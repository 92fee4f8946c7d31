"""The offer to make a run with changed settings, below the field that was changed last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import panel as pn

from ..plots.html import html
from ..widgets.buttons import PRIMARY, button, working_button

NEW_RUN = "New run with these settings"


class NewRunOffer:
    """Two buttons: make a run with the changed settings, or put them back.

    Parameters
    ----------
    places : iterable of str
        The names of the fields that it may stand below.
    create, put_back : callable
        Called when a button is pressed.
    note : str
        What else there is to know.

    Attributes
    ----------
    layout : Column
        The buttons and the note.
    slots : dict of str to Column
        The place below each field: widgets that are moved in a column lose their style.
    """

    def __init__(
        self,
        places: Iterable[str],
        create: Callable[[], None],
        put_back: Callable[[], None],
        note: str = "",
    ) -> None:
        self.note = html(note, "bp-legend")
        self.layout = pn.Column(
            pn.FlexBox(
                working_button(NEW_RUN, create, variant="contained", sx=PRIMARY),
                button("Put back", put_back),
                gap="6px 0",
                margin=0,
            ),
            self.note,
            margin=(0, 0, 8, 0),
            visible=False,
            sizing_mode="stretch_width",
        )
        self.slots = {
            name: pn.Column(margin=0, visible=False, sizing_mode="stretch_width") for name in places
        }

    def below_each(
        self, fields: Mapping[str, pn.viewable.Viewable], names: Iterable[str]
    ) -> Iterator[pn.viewable.Viewable]:
        """Yield each of these fields with its place below."""
        for name in names:
            yield fields[name]
            yield self.slots[name]

    def show_below(self, name: str) -> None:
        """Show the offer below a field."""
        here = self.slots[name]
        if here.visible:
            return
        with pn.io.hold():  # the browser never has two of them
            for slot in self.slots.values():
                if slot.visible:
                    slot.param.update(objects=[], visible=False)
            here.param.update(objects=[self.layout], visible=True)
