"""Dask's scheduler and workers as separate processes, started from the command line."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from stores import wait_until

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": str(ROOT),
    "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "50",
}


def dask(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *map(str, arguments)],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill(process):
    """Kill a process and those that it has started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def scheduler_process(folder):
    """Start a scheduler; yield it and the file that says where it is."""
    file = folder / f"scheduler-{len(list(folder.iterdir()))}.json"
    process = dask(
        "scheduler", "--port", 0, "--no-dashboard", "--scheduler-file", file, "--host", "127.0.0.1"
    )
    try:
        wait_until(lambda: file.exists() and file.stat().st_size)
        yield process, file
    finally:
        kill(process)


@contextmanager
def worker_processes(file, count):
    processes = [
        dask("worker", "--scheduler-file", file, "--nthreads", 1, "--no-dashboard", "--no-nanny")
        for _ in range(count)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            kill(process)
