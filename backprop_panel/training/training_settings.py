"""The settings of training that may change between any two steps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingSettings:
    """The settings that may change between any two steps."""

    learning_rate: float = 0.001
    batch_size: int = 32
    loss_type: str = "mse"
    optimizer: str = "sgd"
    weight_decay: float = 0.0
    fault: str | None = None
