"""Sweeps: many runs of one plan, on this machine's cores or on a Dask cluster."""

from .plan import Plan
from .plan_checks import MOST_RUNS
from .sweep import Sweep
from .trial import Trial

__all__ = ["MOST_RUNS", "Plan", "Sweep", "Trial"]
