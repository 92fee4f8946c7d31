"""Analyses of a record or a run."""

from .explaining import explain as explain
from .explaining import origin_of_non_finite as origin_of_non_finite
from .explanation import Explanation as Explanation
from .explanation import Factor as Factor
from .explanation import Term as Term
from .phases import Phase as Phase
from .phases import RecordArray as RecordArray
from .phases import phases_of as phases_of
from .record_cell import QUANTITIES as QUANTITIES
from .record_cell import RecordCell as RecordCell
