"""A zip from outside, read in memory: nothing of it is written, and nothing is believed."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping

from .limits import MOST_DIRECTORY_BYTES, InterchangeError, refuse_above

ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression this Python does not know
    RuntimeError,  # a password
    ValueError,
    OSError,
)

END_BYTES = 22
"""The record at a zip's end, without the comment that may follow it."""

MOST_COMMENT_BYTES = 0xFFFF

LITTER = re.compile(r"__MACOSX/.*|(.*/)?(\.DS_Store|Thumbs\.db|desktop\.ini)", re.DOTALL)
"""What file managers put into a zip, or into a folder before it is zipped."""


def read_zip(data: bytes, limits: Mapping[str, int]) -> dict[str, bytes]:
    """Return the files of a zip, which may all be in one folder within it.

    Raises
    ------
    InterchangeError
        If it is damaged, or holds anything but the files that `limits` names.
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
        raise InterchangeError("file", f"The zip cannot be read: {error}.") from error


def refuse_large_directory(data: bytes) -> None:
    """Look at the record at a zip's end, since zipfile reads its whole directory before it asks.

    Raises
    ------
    InterchangeError
        If there is no such record, or the directory is larger than is allowed.
    """
    place = _end_record(data)
    end = data[place : place + END_BYTES] if place >= 0 else b""
    if len(end) < END_BYTES:
        raise InterchangeError(
            "file", "The file is neither a folder nor a zip, or has been cut short."
        )
    if data[max(place - 20, 0) : place].startswith(b"PK\x06\x07"):
        raise InterchangeError("file", "The zip is of the kind for more than 4 GiB.")
    size = int.from_bytes(end[12:16], "little")
    refuse_above("file", "Bytes of the zip's directory", size, MOST_DIRECTORY_BYTES)


def _end_record(data: bytes) -> int:
    """Return where zipfile will find the record: at the very end, or before a comment."""
    start = len(data) - END_BYTES
    if data[start:].startswith(b"PK\x05\x06") and data.endswith(b"\0\0"):
        return start
    return data.rfind(b"PK\x05\x06", max(start - MOST_COMMENT_BYTES - 1, 0))


def _members(
    listed: list[zipfile.ZipInfo], limits: Mapping[str, int]
) -> dict[str, zipfile.ZipInfo]:
    """Return the members by the names they are known by, without the folder that they are in."""
    kept = [member for member in listed if not LITTER.fullmatch(member.filename)]
    folder = _folder(kept, limits)
    members: dict[str, zipfile.ZipInfo] = {}
    for member in kept:
        if folder and member.filename == folder:
            continue
        name = member.filename.removeprefix(folder)
        # Only whole names that are known pass: no other folder, no '..', no absolute path does.
        if name not in limits or not member.filename.startswith(folder):
            raise InterchangeError(
                "file",
                f"The zip holds {member.filename!r:.80}; only {', '.join(limits)} belong there.",
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InterchangeError("file", f"{name} is a link in the zip.")
        if name in members:
            raise InterchangeError("file", f"The zip holds {name} more than once.")
        members[name] = member
    return members


def _folder(members: list[zipfile.ZipInfo], limits: Mapping[str, int]) -> str:
    """Return the folder of the first file, with its slash; empty if it is in none."""
    for member in members:
        folder, slash, name = member.filename.rpartition("/")
        if name in limits:
            plain = all(part not in ("", ".", "..") for part in folder.split("/"))
            return folder + slash if plain and "\\" not in folder else ""
    return ""


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, limit: int) -> bytes:
    with archive.open(member) as file:
        data = file.read(limit + 1)  # what the directory says of the size is not believed
    if len(data) > limit:
        raise InterchangeError("file", f"{name} is larger than {limit:,} bytes.")
    return data
