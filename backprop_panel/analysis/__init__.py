"""Questions asked of a record or of a run."""
