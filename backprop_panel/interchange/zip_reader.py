"""Reading of a zip from outside, in memory: no file is written, and no entry is trusted."""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections.abc import Mapping

from ..settings import shortened, shown
from ..training.file_input import InterchangeError
from ..training.file_kinds import ZIP_ERRORS, refuse_large_directory

SYSTEM_FILES = re.compile(r"__MACOSX/.*|(.*/)?(\.DS_Store|Thumbs\.db|desktop\.ini)", re.DOTALL)
"""Files that file managers add to a folder or a zip."""


def read_zip(data: bytes, limits: Mapping[str, int]) -> dict[str, bytes]:
    """Return the files of a zip, which may all be in one folder of it.

    Raises
    ------
    InterchangeError
        If it is damaged, or holds a file that `limits` does not name.
    """
    refuse_large_directory(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _members(archive.infolist(), limits)
            return {
                name: _read_member(archive, member, name, limits[name])
                for name, member in members.items()
            }
    except InterchangeError:
        raise
    except ZIP_ERRORS as error:
        raise InterchangeError("file", f"The zip cannot be read: {shortened(error)}.") from error


def _members(
    listed: list[zipfile.ZipInfo], limits: Mapping[str, int]
) -> dict[str, zipfile.ZipInfo]:
    """Return the members by their names in `limits`, without their folder."""
    kept = [member for member in listed if not SYSTEM_FILES.fullmatch(member.filename)]
    folder = _folder(kept, limits)
    members: dict[str, zipfile.ZipInfo] = {}
    for member in kept:
        if folder and member.filename == folder:
            continue
        name = member.filename.removeprefix(folder)
        # Only exact known names pass: no other folder, no '..', no absolute path.
        if name not in limits or not member.filename.startswith(folder):
            raise InterchangeError(
                "file",
                f"The zip holds {shown(member.filename)}; only {', '.join(limits)} belong there.",
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InterchangeError("file", f"{name} is a link in the zip.")
        if name in members:
            raise InterchangeError("file", f"The zip holds {name} more than once.")
        members[name] = member
    return members


def _folder(members: list[zipfile.ZipInfo], limits: Mapping[str, int]) -> str:
    """Return the folder of the first known file, with its slash; empty if there is no folder."""
    for member in members:
        folder, slash, name = member.filename.rpartition("/")
        if name in limits:
            plain = all(part not in ("", ".", "..") for part in folder.split("/"))
            return folder + slash if plain and "\\" not in folder else ""
    return ""


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, limit: int) -> bytes:
    with archive.open(member) as file:
        data = file.read(limit + 1)  # the size in the zip's directory is not trusted
    if len(data) > limit:
        raise InterchangeError("file", f"{name} is larger than {limit:,} bytes.")
    return data
