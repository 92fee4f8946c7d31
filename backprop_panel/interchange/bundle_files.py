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

from ..settings import shown, shown_path
from ..training.file_input import (
    InterchangeError,
    Source,
    path_of,
    read_file,
    read_limited,
    refusing_errors,
)
from ..training.file_kinds import NOT_A_RUN, refuse_kinds
from ..training.file_output import Target, make_folder, write_file
from .limits import MOST_ARCHIVE_BYTES
from .zip_reader import read_zip

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
        with refusing_errors(f"{shown_path(folder)} cannot be read"):
            if folder.is_dir():
                present = [name for name in limits if os.path.lexists(folder / name)]
                return {
                    name: read_file(folder / name, limits[name], name, NO_LINK) for name in present
                }
    data = read_limited(source, MOST_ARCHIVE_BYTES, "The file")
    refuse_kinds(data, "file", NOT_A_RUN)
    return read_zip(data, limits)


def write_bundle(target: Target, files: Mapping[str, bytes]) -> int:
    """Write files into a new folder, or, if `target` ends in .zip or is open, into a zip.

    Missing parent folders are created.

    Returns
    -------
    size : int
        The bytes of the zip; 0 for a folder.

    Raises
    ------
    InterchangeError
        If `target` exists or cannot be written.
    """
    if hasattr(target, "write"):
        return _write_zip(target, files)
    path = path_of(target, "path or an open binary file")
    if os.path.lexists(path):
        raise InterchangeError("file", f"{shown_path(path)} exists; give another name.")
    if path.suffix.lower() == ".zip":
        return _write_zip(path, files)
    write_folder(path, files)
    return 0


def write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder: all of them, or none.

    Raises
    ------
    InterchangeError
        If it exists or cannot be written.
    """
    if os.path.lexists(path):
        raise InterchangeError("file", f"{shown_path(path)} exists; give another name.")
    make_folder(path)
    try:
        for name, data in files.items():
            write_file(path / name, data, "xb")
    except InterchangeError:
        shutil.rmtree(path, ignore_errors=True)
        raise


def _write_zip(target: Target, files: Mapping[str, bytes]) -> int:
    data = _zipped(files)
    write_file(target, data, "xb")
    return len(data)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            # With ZipInfo's default date, the same run always gives the same bytes.
            member = zipfile.ZipInfo(name)
            # Otherwise unzip writes files that cannot be read.
            member.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(member, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
