"""Runs, their replay, and the manager that keeps them."""
