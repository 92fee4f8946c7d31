"""Writing of files: whole or not at all, with an error that says why they cannot be written."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from ..settings import shown_path
from .file_input import InterchangeError, path_of, refusing_errors

Target = str | os.PathLike[str] | BinaryIO


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
    if mode == "wb" and os.path.isfile(path):
        _replace_file(path.resolve(), data)
        return
    with refusing_errors(f"{shown_path(path)} cannot be written"), path.open(mode) as file:
        try:
            file.write(data)
            file.flush()
        except OSError:
            if path.is_file():  # and no device
                path.unlink()  # a part of the file is worth nothing
            raise


def _replace_file(path: Path, data: bytes) -> None:
    """Write a new file beside one that is there, then put it in its place: never a part of it."""
    with refusing_errors(f"{shown_path(path)} cannot be written"):
        beside = path.with_name(f".{path.name}.{uuid4().hex}")
        try:
            beside.write_bytes(data)
            shutil.copymode(path, beside)
            os.replace(beside, path)
        finally:
            beside.unlink(missing_ok=True)


def make_folder(path: Path) -> None:
    """Make a folder and those that it is in, as far as they are not there.

    Raises
    ------
    InterchangeError
        If one of them is a file, or cannot be made.
    """
    with refusing_errors(f"The folder {shown_path(path)} cannot be made"):
        for place in (path, *path.parents):
            if place.exists() and not place.is_dir():
                raise InterchangeError("file", f"{shown_path(place)} is a file, not a folder.")
        path.mkdir(parents=True, exist_ok=True)
