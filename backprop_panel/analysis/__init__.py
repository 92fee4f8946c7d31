"""Analyses of a record or a run."""

from .explaining import explain as explain
from .explaining import origin_of_non_finite as origin_of_non_finite
from .explanation import Explanation as Explanation
from .explanation import Factor as Factor
from .explanation import Term as Term
from .learning_rate import loss_along_learning_rate as loss_along_learning_rate
from .record_cell import QUANTITIES as QUANTITIES
from .record_cell import RecordCell as RecordCell
from .what_if import loss_along as loss_along
from .what_if import token_losses as token_losses
