"""What one page shows, without any widget."""
