"""Analyses of a record or a run."""

from .activation_points import activation_points
from .data_attribution import batch_pushes, training_set_pushes
from .directions import directions_of
from .learning_rate import loss_along_learning_rate
from .loss_surface import LossSurface
from .record_cell import RecordCell
from .token_counts import token_counts
from .what_if import loss_along, token_losses

__all__ = [
    "LossSurface",
    "RecordCell",
    "activation_points",
    "batch_pushes",
    "directions_of",
    "loss_along",
    "loss_along_learning_rate",
    "token_counts",
    "token_losses",
    "training_set_pushes",
]
