"""What if the learning rate were another: the loss of a record's batch after its update."""

from __future__ import annotations

import numpy as np

from ..nn.network import Workspace
from ..nn.optimizers import OPTIMIZERS, OptimizerState
from ..nn.record import StepRecord
from ..plain_values import LARGEST, is_number, plain
from ..settings import SettingError, refuse_other, shown
from .loss_curve import Array, LossCurve, Losses, checked_points, curve_along, parts
from .recomputation import (
    checked_setting,
    flat,
    loss_function,
    network_of,
    one_hot,
    propagate_back,
)

LOGITS_AT_ONCE = 2**18
"""Logits of which the losses are computed together."""


def loss_along_learning_rate(record: StepRecord, points: int = 41) -> LossCurve:
    """Return the loss of the batch after this step's update, along the learning rate.

    The update is that of the record's optimizer from its moments; frozen layers stay. Every rule
    is proportional to the learning rate, so that one update gives those of all rates.

    Parameters
    ----------
    record : StepRecord
    points : int
        Number of rates, evenly spaced on a logarithmic scale from 1/100 of the present rate to
        100 times that.

    Raises
    ------
    SettingError
        If the record does not hold the learning rate or what its optimizer remembers.
    """
    refuse_other("record", record, StepRecord)
    now = plain(record.settings.get("learning_rate"))
    if not is_number(now) or not 0 < now <= LARGEST:
        raise SettingError(
            "learning_rate",
            f"The learning rate of this record must be a finite number above 0; got {shown(now)}.",
        )
    rates = now * np.geomspace(1 / 100, 100, checked_points(points))
    with np.errstate(all="ignore"):
        direction = _update_per_rate(record, now)
        slope = float(_gradients_after(record, now * direction) @ direction)
    return curve_along(rates, now, slope, losses_along_update(record, direction))


def losses_along_update(record: StepRecord, direction: Array) -> Losses:
    """Return what computes the loss of the batch after multiples of an update, shape (size,)."""
    loss, targets = loss_function(record), one_hot(record.targets, record.logits.shape[1])
    at_once = max(1, LOGITS_AT_ONCE // targets.size)

    def losses_at(rates: Array) -> Array:
        """Return the losses of the batch with the direction added so many times, (size,)."""
        network = network_of(record)
        before, work = network.parameters.copy(), Workspace(network, len(targets))
        work.activations[0][...] = record.inputs
        losses, logits = [], np.empty((at_once, *work.logits.shape))
        for part in parts(len(rates), at_once):
            for place, rate in enumerate(rates[part]):
                np.multiply(direction, rate, network.parameters)
                np.add(before, network.parameters, network.parameters)
                for _ in network.forward(work):
                    pass
                logits[place] = work.logits
            losses.append(loss.examples(logits[: place + 1], targets).mean(axis=1))
        return np.concatenate(losses)

    return losses_at


def _update_per_rate(record: StepRecord, rate: float) -> Array:
    """Return what the record's optimizer adds to the parameters, divided by the learning rate."""
    name = checked_setting(record, "optimizer", OPTIMIZERS)
    rule = OPTIMIZERS[name](rate, float(record.settings.get("weight_decay", 0)))
    if missing := [moment for moment in rule.moment_names if moment not in record.moments]:
        raise SettingError(
            "moments",
            f"This record does not hold what {rule.label} remembers ({', '.join(missing)}), so its "
            "update cannot be made again. A record of the step trained anew holds it.",
        )
    network = network_of(record)
    moments = {moment: _wide(record.moments[moment]) for moment in rule.moment_names}
    state = OptimizerState.resumed(moments, network.parameters, record.optimizer_steps)
    rule.step(network.parameters, _wide(record.layer_gradients), state)
    updates = network.by_layer(state.update)
    for layer in record.frozen:
        updates[layer][...] = 0
    for layer, row, column in record.frozen_parts:
        updates[layer][slice(None) if row is None else row, column] = 0
    return state.update / rate


def _gradients_after(record: StepRecord, update: Array) -> Array:
    """Return the gradients of the batch's loss after an update, shape (size,)."""
    network = network_of(record)
    network.parameters += update
    work = Workspace(network, len(record.targets))
    work.activations[0][...] = record.inputs
    for _ in network.forward(work):
        pass
    targets = one_hot(record.targets, record.logits.shape[1])
    return propagate_back(network, work, loss_function(record), targets, network.depth)


def _wide(layers: tuple[Array, ...]) -> Array:
    return flat(layers).astype(np.float64)
