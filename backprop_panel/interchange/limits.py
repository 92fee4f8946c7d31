"""How large a thing that comes from outside may be, and the error that refuses it.

A file or a link may come from anybody, so each of these holds before anything is allocated.
"""

from __future__ import annotations

from typing import Any

from ..settings import SettingError, shown

MOST_ARCHIVE_BYTES = 1 << 28
"""A zip as it lies on disk: 256 MiB, which is also the most of any file within."""

MOST_DIRECTORY_BYTES = 1 << 16
"""A zip's list of members; ours has at most seven."""

MOST_JSON_BYTES = 1 << 23
"""``run.json``: 8 MiB, most of it the text that is learned."""

MOST_TABLE_BYTES = 1 << 28
"""``history.csv``: 256 MiB, a line of some forty bytes an update."""

MOST_WEIGHTS_BYTES = 1 << 26
"""A file of weights: 64 MiB, sixteen million numbers of float32."""

MOST_CHECKPOINT_BYTES = 1 << 28
"""The arrays of all checkpoints: 256 MiB, four times what is kept of a network of usual size."""

MOST_HEADER_BYTES = 1 << 18
"""The list of tensors at the head of a safetensors file: 256 KiB, a thousand layers."""

MOST_NUMBERS = 1 << 24
"""Numbers in any one array that a configuration may need: sixteen million."""

MOST_MASTERS = 100_000
MOST_MASTER_LENGTH = 1_000_000

MOST_EVENTS = 20_000
"""Entries in a log of events: so many times was a setting changed or a batch size."""

MOST_UPDATES = 100_000
"""Updates that are replayed: about ten seconds for the default network."""

MOST_LAYERS_PASSED = 300_000
"""Updates times layers that are replayed: as many for the default network's three."""

MOST_PRODUCTS = 100_000_000_000
"""Examples times parameters that are replayed: seconds for any network."""

MOST_NAME_LENGTH = 200
"""Characters in a run's name."""

MOST_QUERY_LENGTH = 1 << 16
"""Characters in a link."""


class InterchangeError(SettingError):
    """Something from outside that is not taken in, or cannot be written: nothing has changed."""


def refuse_above(setting: str, what: str, size: int, limit: int) -> None:
    """Raise `InterchangeError` if `size` is above `limit`, saying both."""
    if size > limit:
        # A number from outside may itself have thousands of digits.
        given = f"{size:,}" if size < 10**18 else "more than 10^18"
        raise InterchangeError(setting, f"{what}: at most {limit:,} are allowed, got {given}.")


def refuse_other(given: Any, kind: type, setting: str) -> None:
    """Raise `InterchangeError` if what is given is not of a kind of object."""
    if not isinstance(given, kind):
        own = getattr(given, setting, None)
        hint = f" Give its {setting}." if isinstance(own, kind) else ""
        raise InterchangeError(
            setting, f"{setting} must be a {kind.__name__}, got {shown(given)}.{hint}"
        )
