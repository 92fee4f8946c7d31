"""Heatmaps, curves, and what several panels need to draw them."""
