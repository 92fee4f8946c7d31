"""The file of a bundle with the weights that were loaded into its run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..nn.network import Network
from ..nn.record import read_only_copy
from ..settings import SettingError, shown
from ..training.event_log import digests_in
from ..training.events import Event
from ..training.pytorch_weights import Tensors, digest_of, read_tensors, tensor_bytes
from .limits import MOST_LAYERS_PASSED, InterchangeError, refuse_above

LOADED = "loaded_weights.safetensors"

Parameters = NDArray[np.float32]


def loaded_files(events: Sequence[Event], tensors: Mapping[str, Parameters]) -> dict[str, bytes]:
    """Return a file with a row for each digest in `events`; no file without a digest."""
    digests = digests_in(events)
    if not digests:
        return {}
    rows = np.stack([tensors[digest] for digest in digests])
    return {LOADED: tensor_bytes({"parameters": rows})}


def read_loaded(
    files: Mapping[str, bytes], events: Sequence[Event], network: Network
) -> dict[str, Parameters]:
    """Return the tensors that `events` load into a network, by their digests.

    Raises
    ------
    InterchangeError
        If one is missing or does not fit the network, or there are too many.
    """
    digests = digests_in(events)
    if LOADED not in files:
        if digests:
            raise InterchangeError("file", f"{LOADED} is missing, which the events refer to.")
        return {}
    loaded = _by_digest(read_tensors(files[LOADED]), network)
    for digest in digests:
        if digest not in loaded:
            raise InterchangeError(
                "weights", f"{LOADED} does not hold the weights {shown(digest)}, which are loaded."
            )
    return {digest: loaded[digest] for digest in digests}


def _by_digest(tensors: Tensors, network: Network) -> dict[str, Parameters]:
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    if set(shapes) != {"parameters"} or shapes["parameters"][1:] != (network.size,):
        raise InterchangeError(
            "file",
            f"{LOADED} holds {shown(shapes, 300)}; 'parameters', with rows of {network.size} "
            "numbers, is expected for this network.",
        )
    rows = tensors["parameters"]
    layers = len(rows) * network.depth
    refuse_above("file", f"Weights in {LOADED} times layers", layers, MOST_LAYERS_PASSED)
    try:
        return {digest_of(network, row): read_only_copy(row) for row in rows}
    except SettingError as error:
        raise InterchangeError("weights", f"{LOADED} cannot be used: {error}") from error
