"""Loaded by each worker of this machine before its first task, as Dask's ``--preload``."""

from __future__ import annotations

import signal
from typing import Any

from . import task as task  # so that the first run need not wait for the imports


def dask_setup(worker: Any) -> None:
    """Ignore Ctrl-C.

    A terminal sends it to the workers too, but only the client is to stop the runs.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
