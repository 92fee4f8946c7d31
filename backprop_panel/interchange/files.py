"""Files in a folder or a zip, read with a limit for each and written only where there are none."""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from ..outside import InterchangeError, Source, read_limited, refuse_above
from .limits import MOST_ARCHIVE_BYTES, MOST_DIRECTORY_BYTES

Target = str | os.PathLike[str] | BinaryIO

RESERVED = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}
"""What Windows takes for a device, whatever the suffix."""

ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression this Python does not know
    RuntimeError,  # a password
    ValueError,
    OSError,
)


def file_name(run_name: str, suffix: str = "") -> str:
    """Return a plain file name for a run: no path in it, no leading dot, no device, not long."""
    plain = re.sub(r"[^\w\-. ()]", "_", run_name).strip(" .")[:60].rstrip(" .")
    if not plain or plain.split(".")[0].strip().lower() in RESERVED:
        plain = f"run_{plain}".rstrip("_")
    return plain + suffix


def read_bundle(source: Source, limits: Mapping[str, int]) -> dict[str, bytes]:
    """Return the files that `limits` names, as far as they are in a folder or a zip.

    A zip that holds anything else is refused: it is not one of ours.

    Raises
    ------
    InterchangeError
        With the reason.
    """
    if not isinstance(source, bytes) and not hasattr(source, "read"):
        folder = Path(source)
        if folder.is_dir():
            present = [name for name in limits if os.path.lexists(folder / name)]
            return {name: read_limited(folder / name, limits[name], name) for name in present}
    return _read_zip(read_limited(source, MOST_ARCHIVE_BYTES, "The file"), limits)


def write_bundle(target: Target, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder, or, if `target` ends in .zip or is open, into a zip.

    Raises
    ------
    InterchangeError
        If `target` exists: nothing is ever overwritten.
    """
    if hasattr(target, "write"):
        target.write(_zipped(files))
        return
    path = Path(target)
    try:
        if path.suffix.lower() == ".zip":
            _write_new(path, _zipped(files))
            return
        path.mkdir(parents=True)
    except FileExistsError as error:
        raise InterchangeError("file", f"{str(path)!r} exists; give another name.") from error
    for name, data in files.items():
        _write_new(path / name, data)


def _write_new(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            # ZipInfo's own date, the first there is: one run always gives the same bytes.
            member = zipfile.ZipInfo(name)
            member.external_attr = (stat.S_IFREG | 0o644) << 16  # or unzip would make it unreadable
            archive.writestr(member, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _read_zip(data: bytes, limits: Mapping[str, int]) -> dict[str, bytes]:
    _refuse_large_directory(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _refuse_foreign(members, limits)
            return {
                member.filename: _read_member(archive, member, limits[member.filename])
                for member in members
            }
    except InterchangeError:
        raise
    except ZIP_ERRORS as error:
        raise InterchangeError("file", f"The zip cannot be read: {error}.") from error


def _refuse_large_directory(data: bytes) -> None:
    """Look at the zip's last 22 bytes, since zipfile reads its whole directory before it asks."""
    end = data[-22:]
    if len(end) < 22 or end[:4] != b"PK\x05\x06" or end[-2:] != b"\0\0":
        raise InterchangeError(
            "file", "The file is neither a folder nor a zip, or has been cut short."
        )
    if data[-42:-38] == b"PK\x06\x07":
        raise InterchangeError("file", "The zip is of the kind for more than 4 GiB.")
    size = int.from_bytes(end[12:16], "little")
    refuse_above("file", "Bytes of the zip's directory", size, MOST_DIRECTORY_BYTES)


def _refuse_foreign(members: list[zipfile.ZipInfo], limits: Mapping[str, int]) -> None:
    names = [member.filename for member in members]
    for member in members:
        # Only whole names that are known pass: no folder, no '..', no absolute path does.
        if member.filename not in limits:
            raise InterchangeError(
                "file",
                f"The zip holds {member.filename!r:.80}; only {', '.join(limits)} belong there.",
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise InterchangeError("file", f"{member.filename} is a link in the zip.")
        if names.count(member.filename) > 1:
            raise InterchangeError("file", f"The zip holds {member.filename} more than once.")


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    with archive.open(member) as file:
        # What the directory says of the size is not believed.
        return read_limited(file, limit, member.filename)
