"""Dask clusters: one that fits this machine's cores, and what a worker does for a sweep."""

from __future__ import annotations

import logging
import os
import signal
import sys
from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import current_process, resource_tracker
from typing import TYPE_CHECKING

from ..settings import SettingError, shortened
from ..version import __version__
from .task import Task, train

if TYPE_CHECKING:
    from distributed import Client

WITHOUT_DASK = (
    'A sweep needs Dask, which is not installed here: pip install "backprop-panel[sweep]".'
)

UNGUARDED = (
    "Worker processes import the script that starts them, so in a script a sweep stands under\n"
    '    if __name__ == "__main__":\n'
    "In a notebook, a console or on the command line nothing is needed."
)

START_SECONDS = 30
"""How long workers or a scheduler may take to answer."""


def cores() -> int:
    """Return the number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def refuse_unguarded() -> None:
    """Exit from a worker process that runs the script of the sweep, instead of importing it."""
    if getattr(current_process(), "_inheriting", False):
        sys.exit(1)  # the process that started it says why


@contextmanager
def local_client(workers: int) -> Iterator[Client]:
    """Start `workers` processes, with one thread of BLAS each, and yield their client.

    Raises
    ------
    SettingError
        If Dask is not installed, or the workers do not start.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise SettingError("client", WITHOUT_DASK) from None
    quick = {
        # Events are kept in the scheduler's memory, and it lives in this process.
        "distributed.admin.low-level-log-length": 100,
        "distributed.worker.profile.enabled": False,
        "distributed.comm.timeouts.connect": START_SECONDS,
        # Dask's own default, which must hold before NumPy is loaded in a worker.
        "distributed.nanny.pre-spawn-environ.OMP_NUM_THREADS": 1,
        "distributed.nanny.pre-spawn-environ.MKL_NUM_THREADS": 1,
        "distributed.nanny.pre-spawn-environ.OPENBLAS_NUM_THREADS": 1,
    }
    # A server of pages has its own log, which need not tell of each worker.
    logging.getLogger("distributed").setLevel(logging.ERROR)
    try:
        with dask.config.set(quick), _ctrl_c_blocked():
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                dashboard_address=None,
                # Of its statistics; the usual port may belong to another cluster.
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                silence_logs=logging.CRITICAL,
                preload="backprop_panel.sweeps.preload",
            )
    except (RuntimeError, OSError, TimeoutError) as error:
        raise SettingError(
            "client", f"The workers did not start: {shortened(error)} {UNGUARDED}"
        ) from None
    with cluster, Client(cluster) as client:
        yield client


@contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Keep Ctrl-C from threads and processes that begin in the block; the main thread takes it.

    A terminal sends it to all processes, and one that still starts would end with a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):  # on Windows
        yield
        return
    resource_tracker.ensure_running()  # which would let signals through when it is started later
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def connected(address: str) -> Client:
    """Return the client of a scheduler, such as ``tcp://10.0.0.5:8786``.

    Raises
    ------
    SettingError
        If it does not answer.
    """
    try:
        from distributed import Client
    except ImportError:
        raise SettingError("scheduler", WITHOUT_DASK) from None
    try:
        return Client(address, timeout=START_SECONDS)
    except (OSError, ValueError, TimeoutError) as error:
        raise SettingError(
            "scheduler", f"No Dask scheduler answers at {address}: {shortened(error)}"
        ) from None


def tell_loss_once() -> None:
    """Keep Dask's tracebacks of a lost scheduler out of the log: a `SchedulerGone` tells it.

    From now on: some come as the client is closed. A second call changes nothing.
    """
    logging.getLogger("distributed.client").addFilter(_tells_of_more)


def _tells_of_more(record: logging.LogRecord) -> bool:
    """Tell whether a record is of anything but a connection that ended."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, (OSError, CancelledError))


def package_version() -> str:
    """Return the version of this package, as a worker has it."""
    return __version__


def refuse_other_versions(client: Client) -> None:
    """Refuse a cluster none of whose workers has this version of the package.

    Workers that come later, and single ones, are refused by their first task.

    Raises
    ------
    SettingError
        With both versions.
    """
    try:
        versions = client.run(package_version, on_error="return")
    except OSError as error:
        raise SettingError("client", f"The scheduler is gone: {shortened(error)}.") from None
    if not versions or __version__ in versions.values():
        return
    worker, version = next(iter(versions.items()))
    if isinstance(version, BaseException):
        raise SettingError(
            "client", f"The worker {worker} cannot import backprop_panel: {shortened(version)}."
        )
    raise SettingError(
        "client",
        f"The worker {worker} has backprop_panel {version}, and the sweep {__version__}: install "
        "the same version there.",
    )


def train_on_worker(task: Task, topic: str) -> None:
    """Train the run of a task on a worker of Dask; reports are events of a topic.

    A task that is cancelled, or whose client has ended, is no longer executing: it stops.
    """
    from distributed import get_worker

    worker = get_worker()

    def wanted() -> bool:
        """Tell whether the scheduler still wants this attempt."""
        known = worker.state.tasks.get(task.attempt)
        return known is not None and known.state in ("executing", "long-running")

    def send(report: bytes) -> None:
        """Log a report as an event of the topic."""
        worker.log_event(topic, {"report": report})

    train(task, send, wanted)
