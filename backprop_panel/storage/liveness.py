"""Which process this is, and whether another one on the same machine has ended."""

from __future__ import annotations

import os
import socket
from pathlib import Path

PROC = Path("/proc")

ENDED = ("Z", "X")
"""States of a process that is over and waits for its parent to take note."""


def this_process() -> str:
    """Return what tells this process apart from all others: machine, id and start time.

    It is empty where the system does not tell: `has_ended` then knows nothing of the process.
    """
    machine, state = _machine(), _state(os.getpid())
    return f"{machine} {os.getpid()} {state[1]}" if machine and state else ""


def has_ended(process: str) -> bool:
    """Tell whether the process that `this_process` returned this for has surely ended.

    Of another machine or container it cannot be known: the same id is another process there.
    """
    match process.split():
        case [machine, pid, started] if machine == _machine():
            pass
        case _:
            return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # It is there, and another user's.
    state = _state(int(pid))
    # With another start time it is a process that was given the same id later.
    return state is not None and (state[0] in ENDED or state[1] != started)


def _machine() -> str:
    """Return what tells apart machines, each boot of one, and the containers that run on it."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        # Containers may share a file and a kernel, but each has process ids of its own.
        namespace = os.stat(PROC / "self/ns/pid").st_ino
        if os.readlink(PROC / "self") != str(os.getpid()):
            return ""  # This /proc shows the processes of another container.
    except OSError:
        return ""
    return f"{socket.gethostname()}/{boot}/{namespace}"


def _state(pid: int) -> tuple[str, str] | None:
    """Return the state of a process and when it started; None where that is not told."""
    try:
        # Its name, in brackets, may hold anything.
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return fields[0], fields[19]
