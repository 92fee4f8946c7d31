"""What comes from outside: how it is read, how large it may be, and the error that refuses it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ..settings import SettingError, shown

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


def refuse_other(given: Any, kind: type, setting: str) -> None:
    """Raise `InterchangeError` if what is given is not of a kind of object."""
    if not isinstance(given, kind):
        own = getattr(given, setting, None)
        hint = f" Give its {setting}." if isinstance(own, kind) else ""
        raise InterchangeError(
            setting, f"{setting} must be a {kind.__name__}, got {shown(given)}.{hint}"
        )


def read_limited(source: Source, limit: int, what: str) -> bytes:
    """Return the bytes of a file, of bytes already there, or of an open file.

    A path may be that of a link to the file.

    Raises
    ------
    InterchangeError
        If there are more than `limit`, or it is not a plain file.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
    elif hasattr(source, "read"):
        with refusing_errors(f"{what} cannot be read"):
            data = source.read(limit + 1)
        if not isinstance(data, bytes):
            raise InterchangeError("file", f"{what} must be open for bytes: open(path, 'rb').")
    else:
        data = read_file(path_of(source, "path, bytes or an open binary file"), limit, what)
    if len(data) > limit:
        raise InterchangeError("file", f"{what} is larger than {limit:,} bytes.")
    return data


def path_of(given: Any, taken: str) -> Path:
    """Return the path that is given as text or as a path.

    Raises
    ------
    InterchangeError
        If it is something else: a `taken` is.
    """
    if isinstance(given, (str, os.PathLike)):
        return Path(os.fsdecode(given))
    raise InterchangeError("file", f"A {taken} is taken, got {shown(given)}.")


@contextmanager
def refusing_errors(what: str) -> Iterator[None]:
    """Turn what the system or a file says against reading or writing into `InterchangeError`."""
    try:
        yield
    except InterchangeError:
        raise
    except (OSError, ValueError, TypeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InterchangeError("file", f"{what}: {reason}.") from error


def read_file(path: Path, limit: int, what: str, flags: int = 0) -> bytes:
    """Return the bytes of a plain file, of one larger than `limit` one more than that."""
    # A pipe would be waited for.
    flags |= os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with refusing_errors(f"{what} cannot be opened ({str(path)!r:.200})"):
        number = os.open(path, flags)
        try:
            mode = os.fstat(number).st_mode
            if not stat.S_ISREG(mode):
                raise InterchangeError("file", f"{what} is {_other_kind(path, mode)}.")
            with os.fdopen(number, "rb", closefd=False) as file:
                return file.read(limit + 1)
        finally:
            os.close(number)


def _other_kind(path: Path, mode: int) -> str:
    """Say what is not a plain file, and where the weights are if it is the folder of a run."""
    if not stat.S_ISDIR(mode):
        return f"not a plain file: {str(path)!r:.200}"
    weights = path / "weights.safetensors"
    hint = f"; its weights are in {str(weights)!r:.200}" if weights.is_file() else ""
    return f"a folder, not a plain file: {str(path)!r:.200}{hint}"
