"""Checks of the examples that a caller gives: numbers of training samples, and contexts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.sequence_dataset import SequenceDataset
from ..settings import SettingError, shown

Indices = NDArray[np.integer]


def checked_samples(samples: Any, data: SequenceDataset) -> Indices:
    """Return the numbers of some training samples as an array, shape (n,).

    Raises
    ------
    SettingError
        If they are no list of whole numbers from 0 to the last sample, or none.
    """
    last = len(data) - 1
    return _checked("samples", samples, (None,), last, f"a list of samples from 0 to {last}")


def checked_contexts(contexts: Any, data: SequenceDataset) -> Indices:
    """Return contexts of token ids as an array, shape (n, context_length).

    Raises
    ------
    SettingError
        If they have another shape, or other values than the ids of tokens.
    """
    length, last = data.context_length, len(data.vocabulary) - 1
    allowed = f"an array of shape (n, {length}) with token ids from 0 to {last}"
    return _checked("contexts", contexts, (None, length), last, allowed)


def _checked(
    name: str, given: Any, shape: tuple[int | None, ...], last: int, allowed: str
) -> Indices:
    try:
        array = np.asarray(given)
    except ValueError:  # rows of several lengths
        array = np.empty(0)
    fits = array.ndim == len(shape) and all(
        want in (None, size) for want, size in zip(shape, array.shape, strict=True)
    )
    if not (
        fits
        and array.size
        and array.dtype.kind in "iu"
        and array.min() >= 0
        and array.max() <= last
    ):
        raise SettingError(name, f"{name} must be {allowed}; got {shown(given)}.")
    return array
