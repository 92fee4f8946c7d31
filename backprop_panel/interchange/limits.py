"""How large a thing that comes from outside may be, and the error that refuses it.

A file or a link may come from anybody, so each of these holds before anything is allocated.
"""

from __future__ import annotations

from ..training.file_input import MOST_HEADER_BYTES as MOST_HEADER_BYTES
from ..training.file_input import MOST_WEIGHTS_BYTES as MOST_WEIGHTS_BYTES
from ..training.file_input import InterchangeError as InterchangeError
from ..training.file_input import refuse_above as refuse_above
from ..training.file_input import refuse_other as refuse_other

MOST_ARCHIVE_BYTES = 1 << 28
"""A zip as it lies on disk: 256 MiB, which is also the most of any file within."""

MOST_JSON_BYTES = 1 << 23
"""``run.json``: 8 MiB, most of it the text that is learned."""

MOST_TABLE_BYTES = 1 << 28
"""``history.csv``: 256 MiB, a line of some forty bytes an update."""

MOST_CHECKPOINT_BYTES = 1 << 28
"""The arrays of all checkpoints: 256 MiB, four times what is kept of a network of usual size."""

MOST_LOADED_BYTES = 1 << 28
"""All weights that were ever loaded into a run: 256 MiB, four files of the largest size."""

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

MOST_QUERY_LENGTH = 1 << 16
"""Characters in a link."""
