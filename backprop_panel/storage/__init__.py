"""Runs in a SQLite file: what it holds, who may train which run, and saving."""
