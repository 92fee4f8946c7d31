"""The values that the page fills into the fields of the data, to fit their source or their text."""

from __future__ import annotations

from typing import Any

import panel as pn

from ..widgets.setting_fields import source_fields, to_field


class SuggestedData:
    """Fills in values of the data, and tells them from those that a person typed.

    Parameters
    ----------
    fields : dict of str to Widget
        The fields by the names of their settings.
    """

    def __init__(self, fields: dict[str, pn.widgets.Widget]) -> None:
        self._fields = fields
        self._filled: dict[str, Any] = {}

    def forget(self) -> None:
        """Take the values of all fields as those of a person."""
        self._filled = {}

    def has(self, name: str) -> bool:
        """Tell whether a field still has the value that the page filled in."""
        return name in self._filled and self._fields[name].value == self._filled[name]

    def fill(self, name: str, value: Any) -> None:
        """Fill in a field for a person."""
        self._filled[name] = value
        self._fields[name].value = value

    def follow_source(self, source: str, settings: dict[str, Any]) -> None:
        """Fill in what a source begins with, or a run's settings if it is the run's source."""
        first = source_fields(source)
        if source == to_field("master_sequences", settings["master_sequences"]):
            first = {name: to_field(name, settings[name]) for name in first}
            self.forget()
        else:
            self._filled = dict(first)
        for name, value in first.items():
            self._fields[name].value = value
