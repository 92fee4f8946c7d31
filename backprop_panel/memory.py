"""The machine's memory, so that a request that cannot fit is refused before allocation."""

from __future__ import annotations

import os


def physical_memory() -> int:
    """Return the machine's memory in bytes, or 2 GiB if the system does not report it."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 2 << 30


def in_words(size: int) -> str:
    """Return a size in bytes in a readable unit, such as ``3.2 GiB``."""
    units = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
    power = min(max(int(size).bit_length() - 1, 0) // 10, len(units) - 1)
    return f"{size / 1024**power:,.{min(power, 1)}f} {units[power]}"
