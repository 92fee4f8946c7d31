"""Ignore a choice that a browser reports after the option was removed.

A slow browser may answer the removal of an option with the option that it showed before.

Gain: without the patch, such an answer raises an error in the server and the page shows an option
that no longer exists.
Upstream: a select that refuses values outside its options, and sends the current value again.
Without the symbol: the error returns.
"""

from __future__ import annotations

from typing import Any


class IgnoresStaleOptions:
    """A mixin for Panel's select widgets: the browser can only choose from the current options."""

    def _process_property_change(self, properties: dict[str, Any]) -> dict[str, Any]:
        if "value" in properties and properties["value"] not in self.labels:
            properties = {name: value for name, value in properties.items() if name != "value"}
            self.param.trigger("value")  # sends the current value again
        return super()._process_property_change(properties)
