"""Questions asked of a record or a run."""

from .activation_points import activation_points
from .checks.gradient_check import GradientCheck, check_gradients
from .checks.update_audit import Discrepancy, audit, audit_run
from .common_tokens import token_counts
from .data_attribution import batch_pushes, training_set_pushes
from .diagnosis.doctor import diagnose
from .diagnosis.finding import FINDINGS, Finding, Remedy
from .directions import directions_of
from .explanations.explaining import explain, origin_of_non_finite
from .explanations.explanation import Explanation, Factor, Term
from .explanations.phases import RecordArray, RecordPhase, phases_of
from .generation import ENDS, GeneratedText, generate
from .learning_rate_curve import loss_along_learning_rate
from .loss_surface import LossSurface
from .record_cell import QUANTITIES, RecordCell
from .what_if import loss_along, token_losses

__all__ = [
    "ENDS",
    "FINDINGS",
    "Finding",
    "Remedy",
    "diagnose",
    "GeneratedText",
    "QUANTITIES",
    "Discrepancy",
    "Explanation",
    "Factor",
    "GradientCheck",
    "LossSurface",
    "RecordPhase",
    "RecordArray",
    "RecordCell",
    "Term",
    "activation_points",
    "audit",
    "audit_run",
    "batch_pushes",
    "check_gradients",
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
