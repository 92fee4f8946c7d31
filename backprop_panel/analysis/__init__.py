"""Questions asked of a record or a run."""

from .activation_points import activation_points
from .data_attribution import batch_pushes, training_set_pushes
from .directions import directions_of
from .explaining import explain, origin_of_non_finite
from .explanation import Explanation, Factor, Term
from .generation import ENDS, GeneratedText, generate
from .learning_rate import loss_along_learning_rate
from .loss_surface import LossSurface
from .phases import RecordArray, RecordPhase, phases_of
from .record_cell import QUANTITIES, RecordCell
from .token_counts import token_counts
from .what_if import loss_along, token_losses

__all__ = [
    "ENDS",
    "GeneratedText",
    "QUANTITIES",
    "Explanation",
    "Factor",
    "LossSurface",
    "RecordPhase",
    "RecordArray",
    "RecordCell",
    "Term",
    "activation_points",
    "batch_pushes",
    "directions_of",
    "explain",
    "generate",
    "loss_along",
    "loss_along_learning_rate",
    "origin_of_non_finite",
    "phases_of",
    "token_counts",
    "token_losses",
    "training_set_pushes",
]
