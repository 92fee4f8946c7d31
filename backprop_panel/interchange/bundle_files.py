"""Reading and writing of several files in a folder or a zip; nothing is overwritten."""

from __future__ import annotations

import io
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from ..settings import shown
from ..training.file_input import (
    InterchangeError,
    Source,
    path_of,
    read_file,
    read_limited,
    refusing_errors,
)
from ..training.file_kinds import NOT_A_RUN, refuse_kinds
from .limits import MOST_ARCHIVE_BYTES
from .zip_reader import read_zip

Target = str | os.PathLike[str] | BinaryIO

RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
"""Names of devices in Windows, with any suffix."""

NO_LINK = getattr(os, "O_NOFOLLOW", 0)
"""The flag that refuses to open a symbolic link, on systems that have it."""


def file_name(run_name: str, suffix: str = "") -> str:
    """Return a short, portable file name for a run, without a path or a leading dot.

    Raises
    ------
    InterchangeError
        If an argument is not text.
    """
    for text in (run_name, suffix):
        if not isinstance(text, str):
            raise InterchangeError("name", f"A file's name is made of text, got {shown(text)}.")
    plain = re.sub(r"[^\w\-. ()]", "_", run_name).strip(" .")[:60].rstrip(" .")
    if not plain or plain.split(".")[0].strip().lower() in RESERVED:
        plain = f"run_{plain}".rstrip("_")
    return plain + suffix


def read_bundle(source: Source, limits: Mapping[str, int]) -> dict[str, bytes]:
    """Return those files of a folder or a zip that `limits` names.

    The folder or the zip itself may be a symbolic link; a link in the folder is refused.

    Raises
    ------
    InterchangeError
        If it cannot be read, is too large, or is a zip with other files.
    """
    if isinstance(source, (str, os.PathLike)):
        folder = path_of(source, "path")
        with refusing_errors(f"{str(folder)!r:.200} cannot be read"):
            if folder.is_dir():
                present = [name for name in limits if os.path.lexists(folder / name)]
                return {
                    name: read_file(folder / name, limits[name], name, NO_LINK) for name in present
                }
    data = read_limited(source, MOST_ARCHIVE_BYTES, "The file")
    refuse_kinds(data, "file", NOT_A_RUN)
    return read_zip(data, limits)


def write_bundle(target: Target, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder, or, if `target` ends in .zip or is open, into a zip.

    Missing parent folders are created.

    Raises
    ------
    InterchangeError
        If `target` exists or cannot be written.
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
    """Write bytes to an open file or to a path; missing parent folders are created.

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
    if mode == "wb" and os.path.isfile(path):
        _replace_file(path.resolve(), data)
        return
    with refusing_errors(f"{str(path)!r:.200} cannot be written"), path.open(mode) as file:
        try:
            file.write(data)
            file.flush()
        except OSError:
            if path.is_file():  # not a device
                path.unlink()  # an incomplete file is of no use
            raise


def _replace_file(path: Path, data: bytes) -> None:
    """Replace a file in one step, so that it is never incomplete."""
    with refusing_errors(f"{str(path)!r:.200} cannot be written"):
        beside = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            beside.write_bytes(data)
            shutil.copymode(path, beside)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Create a folder and its missing parent folders.

    Raises
    ------
    InterchangeError
        If one of them is a file or cannot be created.
    """
    with refusing_errors(f"The folder {str(path)!r:.200} cannot be made"):
        for folder in (path, *path.parents):
            if folder.exists() and not folder.is_dir():
                raise InterchangeError("file", f"{str(folder)!r:.200} is a file, not a folder.")
        path.mkdir(parents=True, exist_ok=True)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            # ZipInfo's default date: the same run always gives the same bytes.
            member = zipfile.ZipInfo(name)
            # Otherwise unzip writes files that cannot be read.
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(member, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
