"""The mathematics, in NumPy alone: every function stands beside its derivative."""
