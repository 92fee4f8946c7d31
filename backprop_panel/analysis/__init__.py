"""Analyses of a record or a run."""
