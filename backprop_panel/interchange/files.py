"""Files in a folder or a zip, read with a limit for each and written only where there are none."""

from __future__ import annotations

import io
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ..settings import shown
from .kinds import NOT_A_RUN, refuse_kinds
from .limits import MOST_ARCHIVE_BYTES, InterchangeError
from .zips import read_zip

Source = str | os.PathLike[str] | bytes | BinaryIO
Target = str | os.PathLike[str] | BinaryIO

RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
"""What Windows takes for a device, whatever the suffix."""


NO_LINK = getattr(os, "O_NOFOLLOW", 0)
"""Opens no link to another place, where the system tells them apart."""


def file_name(run_name: str, suffix: str = "") -> str:
    """Return a plain file name for a run: no path in it, no leading dot, no device, not long.

    Raises
    ------
    InterchangeError
        If either is not text.
    """
    for text in (run_name, suffix):
        if not isinstance(text, str):
            raise InterchangeError("name", f"A file's name is made of text, got {shown(text)}.")
    plain = re.sub(r"[^\w\-. ()]", "_", run_name).strip(" .")[:60].rstrip(" .")
    if not plain or plain.split(".")[0].strip().lower() in RESERVED:
        plain = f"run_{plain}".rstrip("_")
    return plain + suffix


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
        data = _read_file(path_of(source, "path, bytes or an open binary file"), limit, what)
    if len(data) > limit:
        raise InterchangeError("file", f"{what} is larger than {limit:,} bytes.")
    return data


def read_bundle(source: Source, limits: Mapping[str, int]) -> dict[str, bytes]:
    """Return the files that `limits` names, as far as they are in a folder or a zip.

    A zip that holds anything else is refused: it is not one of ours. Within a folder no link is
    followed, though the folder or the zip may be given by one.

    Raises
    ------
    InterchangeError
        With the reason.
    """
    if isinstance(source, (str, os.PathLike)):
        folder = path_of(source, "path")
        with refusing_errors(f"{str(folder)!r:.200} cannot be read"):
            if folder.is_dir():
                present = [name for name in limits if os.path.lexists(folder / name)]
                return {
                    name: _read_file(folder / name, limits[name], name, NO_LINK) for name in present
                }
    data = read_limited(source, MOST_ARCHIVE_BYTES, "The file")
    refuse_kinds(data, "file", NOT_A_RUN)
    return read_zip(data, limits)


def write_bundle(target: Target, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder, or, if `target` ends in .zip or is open, into a zip.

    Folders that it is to be in are made.

    Raises
    ------
    InterchangeError
        If `target` exists, as nothing is ever overwritten, or cannot be written.
    """
    if hasattr(target, "write"):
        write_file(target, _zipped(files))
        return
    path = path_of(target, "path or an open binary file")
    if os.path.lexists(path):
        raise InterchangeError("file", f"{str(path)!r} exists; give another name.")
    if path.suffix.lower() == ".zip":
        write_file(path, _zipped(files), "xb")
        return
    make_folder(path)
    try:
        for name, data in files.items():
            write_file(path / name, data, "xb")
    except InterchangeError:
        shutil.rmtree(path, ignore_errors=True)
        raise


def write_file(target: Target, data: bytes, mode: str = "wb") -> None:
    """Write bytes to an open file, or to a path, whose folders are made.

    Raises
    ------
    InterchangeError
        If it cannot be written.
    """
    if hasattr(target, "write"):
        with refusing_errors("The file cannot be written"):
            target.write(data)
        return
    path = path_of(target, "path or an open binary file")
    make_folder(path.parent)
    with refusing_errors(f"{str(path)!r:.200} cannot be written"), path.open(mode) as file:
        try:
            file.write(data)
            file.flush()
        except OSError:
            if mode == "xb":
                path.unlink()  # of which a part would be worth nothing
            raise


def make_folder(path: Path) -> None:
    """Make a folder and those that it is in, as far as they are not there.

    Raises
    ------
    InterchangeError
        If one of them is a file, or cannot be made.
    """
    with refusing_errors(f"The folder {str(path)!r:.200} cannot be made"):
        for place in (path, *path.parents):
            if place.exists() and not place.is_dir():
                raise InterchangeError("file", f"{str(place)!r:.200} is a file, not a folder.")
        path.mkdir(parents=True, exist_ok=True)


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


def _read_file(path: Path, limit: int, what: str, flags: int = 0) -> bytes:
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


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            # ZipInfo's own date, the first there is: one run always gives the same bytes.
            member = zipfile.ZipInfo(name)
            member.external_attr = (stat.S_IFREG | 0o644) << 16  # or unzip would make it unreadable
            archive.writestr(member, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
