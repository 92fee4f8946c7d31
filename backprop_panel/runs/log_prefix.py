"""Whether a run still has an earlier moment, by its log."""

from __future__ import annotations

from dataclasses import replace

from ..training.engine import Engine
from ..training.events import Event, Trained


def goes_on_from(engine: Engine, past: Engine) -> bool:
    """Tell whether an engine comes from an earlier moment: its log begins with that one's."""
    reached = [_until(event, past.step) for event in engine.events if event.step <= past.step]
    return past.step < engine.step and [each for each in reached if each] == past.events


def _until(event: Event, step: int) -> Event | None:
    """Return an event as it stood after `step` updates; None: it had not begun."""
    if not isinstance(event, Trained):
        return event
    updates = min(event.updates, step - event.step)
    return replace(event, updates=updates) if updates else None
