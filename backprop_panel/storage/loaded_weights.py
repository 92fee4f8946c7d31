"""Weights that were loaded into runs, in a store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ..nn.network import Network
from ..nn.record import read_only_copy
from ..settings import SettingError
from ..training.pytorch_weights import digest_of
from .serialization import Damaged, pack_arrays, unpack_arrays

Tensors = Mapping[str, NDArray[np.float32]]
"""Flat vectors like ``network.parameters``, by their digests."""


def write_loaded_weights(db: sqlite3.Connection, run_id: str, tensors: Tensors) -> None:
    """Write the tensors that the store does not hold yet."""
    found = db.execute("SELECT digest FROM tensors WHERE run = ?", (run_id,))
    stored = {digest for (digest,) in found}
    for digest in tensors.keys() - stored:
        packed = pack_arrays({"parameters": tensors[digest]})
        db.execute("INSERT INTO tensors VALUES (?, ?, ?)", (run_id, digest, packed))


def read_loaded_weights(
    db: sqlite3.Connection, run_id: str, network: Network, digests: Iterable[str], known: Tensors
) -> dict[str, NDArray[np.float32]]:
    """Return the known tensors and those with further digests, read from the store.

    Raises
    ------
    Damaged
        If one is missing, or differs from the weights that were loaded.
    """
    tensors = dict(known)
    for digest in digests:
        if digest not in tensors:
            tensors[digest] = _read(db, run_id, network, digest)
    return tensors


def _read(
    db: sqlite3.Connection, run_id: str, network: Network, digest: str
) -> NDArray[np.float32]:
    query = "SELECT data FROM tensors WHERE run = ? AND digest = ?"
    row = db.execute(query, (run_id, digest)).fetchone()
    if row is None:
        raise Damaged(f"the run {run_id} has no loaded weights {digest}")
    try:
        parameters = read_only_copy(unpack_arrays(row[0])["parameters"])
        if digest_of(network, parameters) == digest:
            return parameters
    except (KeyError, SettingError, Damaged):
        pass
    raise Damaged(f"the loaded weights {digest} are not as they were saved")
