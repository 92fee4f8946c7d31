"""The command line: ``backprop-panel train``, ``sweep``, ``runs``, ``diagnose``, ``serve``."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from .clean_ending import imported

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line, and exit: 0 done, 1 something is wrong, 2 wrong usage, 130 Ctrl-C."""
    try:
        os.getcwd()  # or imports would fail
    except OSError:
        sys.exit("Error: The folder that this is called from is gone, or cannot be read.")
    imported(".command", __name__).main(arguments)
