"""Limits of the size of input from outside, and the error that refuses larger input.

A file or a link may come from anybody: each limit is checked before memory is allocated.
"""

from __future__ import annotations

from ..training.file_input import MOST_HEADER_BYTES as MOST_HEADER_BYTES
from ..training.file_input import MOST_WEIGHTS_BYTES as MOST_WEIGHTS_BYTES
from ..training.file_input import InterchangeError as InterchangeError
from ..training.file_input import refuse_above as refuse_above
from ..training.file_input import refuse_other as refuse_other

MOST_ARCHIVE_BYTES = 1 << 28
"""Size of a zip on disk: 256 MiB, as of the largest file in it."""

MOST_JSON_BYTES = 1 << 24
"""Size of ``run.json``: 16 MiB, the text of the dataset and the log."""

MOST_TABLE_BYTES = 1 << 28
"""Size of ``history.csv``: 256 MiB, about forty bytes an update."""

MOST_CHECKPOINT_BYTES = 1 << 28
"""Size of the arrays of all checkpoints: 256 MiB, four times what a run keeps in memory."""

MOST_HEALTH_BYTES = 1 << 26
"""Size of ``health.csv``: 64 MiB, more than 2,000 moments of a hundred layers."""

MOST_LOADED_BYTES = 1 << 28
"""Size of all weights loaded into a run: 256 MiB, four files of the largest size."""

MOST_NUMBERS = 1 << 24
"""Numbers in any array that a configuration needs: sixteen million."""

MOST_MASTERS = 100_000
MOST_MASTER_LENGTH = 1_000_000

MOST_EVENTS = 100_000
"""Events in a log; consecutive updates with one batch size are a single event."""

MOST_UPDATES = 100_000
"""Updates in a replay: about ten seconds for the default network."""

MOST_LAYERS_PASSED = 300_000
"""Updates times layers in a replay. For three layers, as by default, it allows `MOST_UPDATES`."""

MOST_PRODUCTS = 100_000_000_000
"""Examples times parameters in a replay: seconds for any network."""

MOST_QUERY_LENGTH = 1 << 16
"""Characters in a link that is followed."""

MOST_LINK_LENGTH = 8000
"""Characters in a link that is offered: nginx and Apache take 8 KiB, tornado 64 KiB."""
