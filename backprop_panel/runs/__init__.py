"""Runs, their replay, and the manager of several runs."""
