"""The command line: ``backprop-panel train``, ``sweep``, ``runs``, ``diagnose``, ``serve``."""

from __future__ import annotations

from typing import NoReturn

from .interruption import imported

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line, and exit: 0 done, 1 something is wrong, 2 wrong usage, 130 Ctrl-C."""
    imported(".command", __name__).main(arguments)
