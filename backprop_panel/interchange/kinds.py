"""What kind of file some bytes are: what is given by mistake is named, with the way to go on."""

from __future__ import annotations

import io
import zipfile

from .limits import InterchangeError
from .zips import ZIP_ERRORS, refuse_large_directory

FROM_TORCH = (
    "safetensors.torch.save_file(torch.load(path, weights_only=True), "
    '"weights.safetensors") makes of it one that is.'
)
FROM_NUMPY = (
    'safetensors.numpy.save_file(dict(numpy.load(path)), "weights.safetensors") makes of it one '
    "that is."
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
"""Why the weights of a network are not in a file of this kind."""

NOT_A_RUN = {
    "empty": "The file is empty.",
    "safetensors": "The file holds weights alone (safetensors), not a run; load_weights gives them "
    "to a model.",
    "torch": "The file is PyTorch's own (torch.save), not a run that export_run wrote.",
    "pickle": "The file is a pickle, not a run that export_run wrote.",
    "npz": "The file is NumPy's (.npz), not a run that export_run wrote.",
}
"""Why no run is in a file of this kind."""

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
    """Return the kind of a whole file, ``"unknown"`` if it is none of those."""
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
    """Return the names in a zip; of one with a long list of them, or damaged, the first."""
    try:
        refuse_large_directory(data)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.namelist()
    except ZIP_ERRORS:  # of which InterchangeError is one
        length = int.from_bytes(data[26:28], "little")
        return [data[30 : 30 + length].decode("utf-8", "replace")]
