"""The training settings as Params, which keep their values in a trainer's engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..nn.faults import FAULTS
from ..nn.losses import LOSSES
from ..nn.optimizers import OPTIMIZERS
from ..settings import Choice, Configured, Count, Plain, Quantity, plain, refuse_unknown


class EngineSetting(Plain):
    """A setting that is read from a trainer's engine and set by `Trainer.change`.

    Until the trainer has an engine, the Param itself holds the value. Afterwards it holds the
    value that its watchers were told last.
    """

    def __get__(self, obj: Any, objtype: type | None = None) -> Any:
        if obj is None or not obj.has_engine:
            return super().__get__(obj, objtype)
        return obj.requested(self.name)

    def __set__(self, obj: Any, val: Any) -> None:
        if obj is None or not obj.has_engine:
            super().__set__(obj, val)
        else:
            obj.change(**{self.name: val})

    def checked(self, val: Any) -> Any:
        """Return a value as it is kept, or raise `SettingError` if the setting does not take it."""
        val = plain(val)
        self._validate(val)
        return val

    def notify(self, obj: Any, val: Any) -> None:
        """Tell the watchers of an object's own Param a value, unless they know it."""
        super().__set__(obj, val)


class EngineQuantity(EngineSetting, Quantity):
    """A `Quantity` that lives in the engine."""


class EngineCount(EngineSetting, Count):
    """A `Count` that lives in the engine."""


class EngineChoice(EngineSetting, Choice):
    """A `Choice` that lives in the engine."""


class TrainingParams(Configured):
    """The settings that may change between any two steps."""

    learning_rate = EngineQuantity(
        0.001, bounds=(0, None), inclusive_bounds=(False, True), doc="Step size of the optimizer."
    )
    batch_size = EngineCount(
        32,
        bounds=(1, None),
        doc="Examples in a batch; at most all training samples are used.",
    )
    loss_type = EngineChoice(
        default="mse", objects=list(LOSSES), doc="The loss function that is minimised."
    )
    optimizer = EngineChoice(
        default="sgd", objects=list(OPTIMIZERS), doc="The rule that turns gradients into updates."
    )
    weight_decay = EngineQuantity(
        0.0,
        bounds=(0, None),
        doc="This times the weights is added to the gradient (L2), also for adam; adamw takes it, "
        "times the learning rate, from the weights instead (decoupled).",
    )
    fault = EngineChoice(
        default=None,
        objects=list(FAULTS),
        allow_None=True,
        doc="A mistake to train with, of the fault lab; None: no mistake.",
    )


def checked_changes(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes of training settings as they are kept.

    Raises
    ------
    SettingError
        For a setting that is unknown or out of bounds.
    """
    refuse_unknown(settings, TrainingParams.setting_names())
    return {name: TrainingParams.param[name].checked(value) for name, value in settings.items()}
