"""Buttons, fields and tabs."""
