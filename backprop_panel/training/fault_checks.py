"""Refusal of a fault that could change nothing in a run."""

from __future__ import annotations

from ..nn.fault_needs import Setup
from ..nn.faults import FAULTS
from ..nn.network import Network
from ..settings import SettingError
from .training_settings import TrainingSettings


def refuse_idle_fault(settings: TrainingSettings, network: Network, samples: int) -> None:
    """Raise `SettingError` if the fault of these settings could change nothing.

    Parameters
    ----------
    settings : TrainingSettings
    network : Network
    samples : int
        Training samples.
    """
    if settings.fault is None:
        return
    setup = Setup(
        widths=network.widths,
        activation_names=network.activation_names,
        loss_type=settings.loss_type,
        optimizer=settings.optimizer,
        batch_size=settings.batch_size,
        samples=samples,
    )
    if needed := FAULTS[settings.fault].needs(setup):
        raise SettingError("fault", f"The fault {settings.fault!r} needs {needed}.")
