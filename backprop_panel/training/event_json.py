"""Events as dictionaries for JSON, as stores and bundles keep them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..plain_values import is_whole
from ..settings import SettingError, did_you_mean, shortened, shown
from .events import (
    KINDS,
    Changed,
    Event,
    LayerFrozen,
    PartFrozen,
    Trained,
    UnitSilenced,
    WeightSet,
    WeightsLoaded,
)

_NAMES = {kind: name for name, kind in KINDS.items()}


def to_json(event: Event) -> dict[str, Any]:
    """Return an event as a dictionary for JSON."""
    return {"kind": _NAMES[type(event)], **asdict(event)}


def from_json(entry: dict[str, Any]) -> Event:
    """Return the event in a dictionary from JSON.

    Raises
    ------
    SettingError
        For an unknown kind, or fields that the kind does not have or that are of another type.
    """
    fields = dict(entry)
    name = fields.pop("kind", None)
    if name not in KINDS:
        hint = did_you_mean(str(name), KINDS)
        raise SettingError("events", f"There is no event of the kind {shown(name)}.{hint}")
    try:
        event = KINDS[name](**fields)
    except TypeError as error:
        raise SettingError(
            "events", f"An event {shown(name)} cannot be read: {shortened(error)}."
        ) from None
    if not is_whole(event.step) or not _has_sound_fields(event):
        raise SettingError("events", f"Not an event: {shown(entry)}.")
    return event


def _has_sound_fields(event: Event) -> bool:
    match event:
        case Trained():
            return all(is_whole(count) and count > 0 for count in (event.size, event.updates))
        case Changed():
            return isinstance(event.settings, dict)
        case WeightSet():
            whole = all(map(is_whole, (event.layer, event.row, event.column)))
            return whole and isinstance(event.value, float)
        case WeightsLoaded():
            return isinstance(event.digest, str)
        case LayerFrozen():
            return is_whole(event.layer) and isinstance(event.frozen, bool)
        case PartFrozen():
            whole = is_whole(event.layer) and is_whole(event.column)
            has_row = event.row is None or is_whole(event.row)
            return whole and has_row and isinstance(event.frozen, bool)
        case UnitSilenced():
            whole = is_whole(event.level) and is_whole(event.unit)
            return whole and isinstance(event.silenced, bool)
