"""Reading of files from outside: limits of their size, and the error that refuses them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ..settings import SettingError, shortened, shown, shown_path

Source = str | os.PathLike[str] | bytes | BinaryIO

MOST_WEIGHTS_BYTES = 1 << 26
"""Size of a file of weights: 64 MiB, sixteen million float32 numbers."""

MOST_HEADER_BYTES = 1 << 18
"""Size of the header of a safetensors file: 256 KiB, a thousand layers."""


class InterchangeError(SettingError):
    """Input from outside is refused, or a file cannot be written; nothing has changed."""


def refuse_above(setting: str, what: str, size: int, limit: int) -> None:
    """Raise `InterchangeError` with both numbers if `size` is above `limit`."""
    if size > limit:
        # A number from outside may itself have thousands of digits.
        given = f"{size:,}" if size < 10**18 else "more than 10^18"
        raise InterchangeError(setting, f"{what}: at most {limit:,} are allowed, got {given}.")


def refuse_other(given: Any, kind: type, setting: str) -> None:
    """Raise `InterchangeError` if `given` is not an instance of `kind`."""
    if not isinstance(given, kind):
        own = getattr(given, setting, None)
        hint = f" Give its {setting}." if isinstance(own, kind) else ""
        raise InterchangeError(
            setting, f"{setting} must be a {kind.__name__}, got {shown(given)}.{hint}"
        )


def read_limited(source: Source, limit: int, what: str) -> bytes:
    """Return the bytes of a source: a path, which may be a link, bytes, or an open file.

    Raises
    ------
    InterchangeError
        If there are more than `limit` bytes, or the path is not that of a plain file.
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
    """Return a path that is given as text or as a path.

    Raises
    ------
    InterchangeError
        If it is something else; the message names what is `taken`.
    """
    if isinstance(given, (str, os.PathLike)):
        return Path(os.fsdecode(given))
    raise InterchangeError("file", f"A {taken} is taken, got {shown(given)}.")


@contextmanager
def refusing_errors(what: str) -> Iterator[None]:
    """Turn errors of the system or of a file into `InterchangeError`."""
    try:
        yield
    except InterchangeError:
        raise
    except (OSError, ValueError, TypeError) as error:
        reason = getattr(error, "strerror", None) or shortened(error)
        raise InterchangeError("file", f"{what}: {str(reason).rstrip('.')}.") from error


def read_file(path: Path, limit: int, what: str, flags: int = 0) -> bytes:
    """Return the bytes of a plain file, at most ``limit + 1`` of them."""
    # Without O_NONBLOCK, opening a pipe would wait for its other end.
    flags |= os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with refusing_errors(f"{what} cannot be opened ({shown_path(path)})"):
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
    """Name the kind of a path that is no plain file; in the folder of a run, the weights too."""
    if not stat.S_ISDIR(mode):
        return f"not a plain file: {shown_path(path)}"
    weights = path / "weights.safetensors"
    hint = f"; its weights are in {shown_path(weights)}" if weights.is_file() else ""
    return f"a folder, not a plain file: {shown_path(path)}{hint}"
