"""How much memory there is, so that what cannot fit is refused before it is allocated."""

from __future__ import annotations

import os


def physical_memory() -> int:
    """Return the bytes of this machine's memory, or 2 GiB where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return 2 << 30


def in_words(size: int) -> str:
    """Return a size in bytes as a person reads it: ``3.2 GiB``."""
    units = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")
    power = min(max(int(size).bit_length() - 1, 0) // 10, len(units) - 1)
    return f"{size / 1024**power:,.{min(power, 1)}f} {units[power]}"
