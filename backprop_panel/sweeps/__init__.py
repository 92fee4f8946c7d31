"""Sweeps: many runs of one plan, on this machine's cores or on a Dask cluster."""

from .plan import MOST_RUNS, Plan
from .sweep import Sweep
from .trial import Trial

__all__ = ["MOST_RUNS", "Plan", "Sweep", "Trial"]
