"""What comes from outside: how it is read, how large it may be, and the error that refuses it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from .settings import SettingError

Source = str | os.PathLike[str] | bytes | BinaryIO

MOST_WEIGHTS_BYTES = 1 << 26
"""A file of weights: 64 MiB, sixteen million numbers of float32."""

MOST_HEADER_BYTES = 1 << 18
"""The list of tensors at the head of a safetensors file: 256 KiB, a thousand layers."""


class InterchangeError(SettingError):
    """Something from outside that is not taken in, or cannot be written: nothing has changed."""


def refuse_above(setting: str, what: str, size: int, limit: int) -> None:
    """Raise `InterchangeError` if `size` is above `limit`, saying both."""
    if size > limit:
        # A number from outside may itself have thousands of digits.
        given = f"{size:,}" if size < 10**18 else "more than 10^18"
        raise InterchangeError(setting, f"{what}: at most {limit:,} are allowed, got {given}.")


def read_limited(source: Source, limit: int, what: str) -> bytes:
    """Return the bytes of a file, of bytes already there, or of an open file.

    Raises
    ------
    InterchangeError
        If there are more than `limit`, or it is not a plain file.
    """
    if isinstance(source, bytes):
        data = source
    elif hasattr(source, "read"):
        data = source.read(limit + 1)
    else:
        with _opened(Path(source), what) as file:
            data = file.read(limit + 1)
    if len(data) > limit:
        raise InterchangeError("file", f"{what} is larger than {limit:,} bytes.")
    return data


def _opened(path: Path, what: str) -> BinaryIO:
    """Open a plain file: no link to another place, no pipe that would be waited for."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        number = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise InterchangeError("file", f"{what} cannot be opened: {error}.") from error
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise InterchangeError("file", f"{what} is not a plain file.")
    return os.fdopen(number, "rb")
