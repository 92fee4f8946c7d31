"""A text that several tests learn from."""

NAMES = "emma\nolivia\nava\nmia\nanna\nella\nleo\nida\nbo\nelias\nava"
"""Eleven names of two to six letters and eleven letters in all; one name stands twice."""
