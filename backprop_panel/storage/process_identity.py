"""The identity of this process, and whether another process on this machine has ended."""

from __future__ import annotations

import os
import socket
from pathlib import Path

PROC = Path("/proc")

ENDED = ("Z", "X")
"""States of a process that has ended and has not been waited for by its parent."""


def this_process() -> str:
    """Return a text that identifies this process: machine, process id and start time.

    It is empty where the system does not provide them: `has_ended` is then always False.
    """
    machine, state = _machine(), _state(os.getpid())
    return f"{machine} {os.getpid()} {state[1]}" if machine and state else ""


def has_ended(process: str) -> bool:
    """Tell whether the process identified by this text has certainly ended.

    It is False for a process of another machine or container, whose id says nothing here.
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
        pass  # the process runs as another user
    state = _state(int(pid))
    # Another start time: the id was reused for a later process.
    return state is not None and (state[0] in ENDED or state[1] != started)


def _machine() -> str:
    """Return a text that identifies the machine, its boot and the container."""
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        # Containers may share a file and a kernel, but have separate process ids.
        namespace = os.stat(PROC / "self/ns/pid").st_ino
        if os.readlink(PROC / "self") != str(os.getpid()):
            return ""  # this /proc belongs to another container
    except OSError:
        return ""
    return f"{socket.gethostname()}/{boot}/{namespace}"


def _state(pid: int) -> tuple[str, str] | None:
    """Return the state and the start time of a process; None if they cannot be read."""
    try:
        # The name in brackets may contain any character.
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return fields[0], fields[19]
