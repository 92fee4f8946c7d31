"""Kinds of files, recognised by their bytes, and messages for the wrong ones."""

from __future__ import annotations

import io
import zipfile
import zlib

from .file_input import InterchangeError, refuse_above

ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,  # a compression that this Python lacks
    RuntimeError,  # a password
    ValueError,
    OSError,
)

END_BYTES = 22
"""Size of the record at the end of a zip, without its comment."""

MOST_COMMENT_BYTES = 0xFFFF

MOST_DIRECTORY_BYTES = 1 << 16
"""Size of the directory of a zip; a run's has at most eight members."""

FROM_TORCH = (
    "safetensors.torch.save_file(torch.load(path, weights_only=True), "
    '"weights.safetensors") converts it.'
)
FROM_NUMPY = (
    'safetensors.numpy.save_file(dict(numpy.load(path)), "weights.safetensors") converts it.'
)

NOT_WEIGHTS = {
    "empty": "The file is empty.",
    "torch": f"The file is PyTorch's own (torch.save), not safetensors: {FROM_TORCH}",
    "pickle": f"The file is a pickle (an old torch.save?), not safetensors: {FROM_TORCH}",
    "npz": f"The file is NumPy's (.npz), not safetensors: {FROM_NUMPY}",
    "npy": "The file is a single array of NumPy's (.npy), not the tensors of a network.",
    "run": "The file holds a whole run, which import_run takes; its weights.safetensors can be "
    "loaded by itself.",
    "zip": "The file is a zip, not safetensors.",
    "hdf5": "The file is HDF5 (of Keras?), not safetensors.",
}
"""Messages for files of these kinds in place of a network's weights."""

NOT_A_RUN = {
    "empty": "The file is empty.",
    "safetensors": "The file holds weights alone (safetensors), not a run; load_weights gives them "
    "to a model.",
    "torch": "The file is PyTorch's own (torch.save), not a run that export_run wrote.",
    "pickle": "The file is a pickle, not a run that export_run wrote.",
    "npz": "The file is NumPy's (.npz), not a run that export_run wrote.",
}
"""Messages for files of these kinds in place of a run."""

STARTS = {
    b"\x93NUMPY": "npy",
    b"\x89HDF": "hdf5",
    **{bytes([0x80, protocol]): "pickle" for protocol in range(2, 6)},
}


def refuse_kinds(data: bytes, setting: str, reasons: dict[str, str]) -> None:
    """Raise `InterchangeError` if `data` is of one of the kinds in `reasons`."""
    reason = reasons.get(kind_of(data))
    if reason:
        raise InterchangeError(setting, reason)


def kind_of(data: bytes) -> str:
    """Return the kind of a whole file, or ``"unknown"``."""
    if not data:
        return "empty"
    if data.startswith(b"PK\x03\x04"):
        return _kind_of_zip(data)
    if data[8:9] == b"{" and int.from_bytes(data[:8], "little") <= len(data) - 8:
        return "safetensors"
    return next((kind for start, kind in STARTS.items() if data.startswith(start)), "unknown")


def _kind_of_zip(data: bytes) -> str:
    names = [name.rpartition("/")[2] for name in _names(data)]
    if "data.pkl" in names:
        return "torch"
    if "run.json" in names:
        return "run"
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    return "zip"


def _names(data: bytes) -> list[str]:
    """Return the names in a zip; only the first if it is damaged or its directory too large."""
    try:
        refuse_large_directory(data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except ZIP_ERRORS:  # InterchangeError included, a ValueError
        length = int.from_bytes(data[26:28], "little")
        return [data[30 : 30 + length].decode("utf-8", "replace")]


def refuse_large_directory(data: bytes) -> None:
    """Check the size of a zip's directory before zipfile reads the whole of it.

    Raises
    ------
    InterchangeError
        If the record at the end is missing, or the directory is larger than is allowed.
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
    """Return the offset at which zipfile finds the end record: at the end or before a comment."""
    start = len(data) - END_BYTES
    if data[start:].startswith(b"PK\x05\x06") and data.endswith(b"\0\0"):
        return start
    return data.rfind(b"PK\x05\x06", max(start - MOST_COMMENT_BYTES - 1, 0))
