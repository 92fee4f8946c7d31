"""Gradients of a record's batch by torch's autograd, in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...interrupts import interrupts_deferred
from ...nn.activations import GELU
from ...nn.record import StepRecord
from ...settings import SettingError
from ..recomputation import silenced_units

if TYPE_CHECKING:
    from torch import Tensor


def autograd_gradients(record: StepRecord) -> list[NDArray[np.float64]]:
    """Return the gradients of each layer, shape (in + 1, out).

    Raises
    ------
    SettingError
        If torch is not installed.
    """
    try:
        with interrupts_deferred():  # after half an import it cannot be used in this process
            import torch
    except ImportError as error:
        raise SettingError(
            "against",
            "Autograd needs PyTorch, which is not installed: pip install torch, or check against "
            "'differences'.",
        ) from error
    layers = [torch.tensor(layer.astype(np.float64), requires_grad=True) for layer in record.layers]
    targets = torch.tensor(record.targets.astype(np.int64))
    _loss(record, _logits(record, layers), targets).backward()
    return [layer.grad.numpy() for layer in layers]


def _logits(record: StepRecord, layers: list[Tensor]) -> Tensor:
    import torch

    functions = {
        # torch's own ½ z (1 + tanh u) loses all digits of a small gate.
        "gelu": lambda z: z * torch.sigmoid(2 * GELU.SLOPE * (z + GELU.CUBIC * z**3)),
        "relu": torch.relu,
        "tanh": torch.tanh,
        "sigmoid": torch.sigmoid,
        "identity": lambda z: z,
    }
    a = torch.tensor(record.inputs.astype(np.float64))
    for level, layer in enumerate(layers, start=1):
        z = a @ layer[:-1] + layer[-1]
        if level == len(layers):
            return z
        heard = torch.ones(z.shape[1], dtype=z.dtype)
        heard[silenced_units(record, level)] = 0
        a = functions[record.activation_names[level - 1]](z) * heard
    raise AssertionError("a network has at least one layer")


def _loss(record: StepRecord, logits: Tensor, targets: Tensor) -> Tensor:
    import torch

    functional = torch.nn.functional
    if record.settings["loss_type"] == "mse":
        return functional.mse_loss(logits, functional.one_hot(targets, logits.shape[1]).double())
    return functional.cross_entropy(logits, targets)
