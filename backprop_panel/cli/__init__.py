"""The command line: ``backprop-panel train``, ``sweep``, ``runs``, ``diagnose``, ``serve``."""

from .command import main

__all__ = ["main"]
