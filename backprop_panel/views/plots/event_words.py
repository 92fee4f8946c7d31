"""What was done to a run, and its settings, in a few words for the hover of its curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...nn.faults import FAULTS
from ...runs.run import TrainingRun
from ...training.events import Changed, Event, LayerFrozen, PartFrozen, UnitSilenced, WeightsLoaded
from .numbers import number


def about_run(run: TrainingRun) -> str:
    """Return the present settings of a run, unless they are to be guessed."""
    if run.secret:
        return "its settings are hidden"
    settings = run.trainer.engine.settings
    names = ("optimizer", "learning_rate", "batch_size", *(["fault"] if settings.fault else []))
    return f"now {_listed({name: getattr(settings, name) for name in names})}"


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(_setting(name, value) for name, value in settings.items())


def _setting(name: str, value: Any) -> str:
    if name == "fault":
        return f"fault: {FAULTS[value].label.lower()}" if value else "no fault any more"
    words = number(value) if isinstance(value, float) else str(value)
    return f"{name.replace('_', ' ')} {words}"


def what_changed(event: Event, run: TrainingRun) -> str:
    """Return what an event changed, in a few words."""
    if isinstance(event, Changed):
        return _listed(event.settings)
    if isinstance(event, LayerFrozen):
        return f"W{event.layer + 1} {'frozen' if event.frozen else 'unfrozen'}"
    if isinstance(event, PartFrozen):
        what = (
            f"unit {event.column} of layer {event.layer + 1}"
            if event.row is None
            else _entry(event, run)
        )
        return f"{what} {'frozen' if event.frozen else 'unfrozen'}"
    if isinstance(event, UnitSilenced):
        return f"unit {event.unit} of a{event.level} {'silenced' if event.silenced else 'heard'}"
    if isinstance(event, WeightsLoaded):
        return "weights loaded"
    return f"{_entry(event, run)} set to {number(event.value)}"


def _entry(event: Event, run: TrainingRun) -> str:
    """Return the name of the weight or bias of an event: the bias is the row below the weights."""
    if event.row == run.model.network.widths[event.layer]:
        return f"b{event.layer + 1}[{event.column}]"
    return f"W{event.layer + 1}[{event.row}, {event.column}]"
