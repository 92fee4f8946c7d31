"""Heatmaps and curves, and what they are drawn with."""
