"""The settings of training that may change between any two steps: values, bounds and checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..nn.faults import FAULTS
from ..nn.losses import LOSSES
from ..nn.optimizers import OPTIMIZERS
from ..settings import Configured, refuse_unknown
from .engine_setting import EngineChoice, EngineCount, EngineQuantity


@dataclass(frozen=True)
class TrainingSettings:
    """The values of the settings, as an engine uses them."""

    learning_rate: float = 0.001
    batch_size: int = 32
    loss_type: str = "mse"
    optimizer: str = "sgd"
    weight_decay: float = 0.0
    fault: str | None = None


class TrainingParams(Configured):
    """The settings with their bounds, as a trainer has them."""

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
