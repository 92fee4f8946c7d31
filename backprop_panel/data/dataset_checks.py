"""Checks of the settings of a dataset against each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..plain_values import is_whole
from ..settings import SettingError, refuse_unstorable, shown

if TYPE_CHECKING:
    from .sequence_dataset import SequenceDataset

OF_EXPLICIT_MASTERS = ("boundary", "unknown", "master_labels")


def refuse_inconsistent(data: SequenceDataset) -> None:
    """Raise `SettingError` for the first setting that does not fit the others."""
    _check_vocabulary(data.vocabulary)
    if data.task_type == "next_token" and data.sequence_length < 2:
        raise SettingError(
            "sequence_length",
            "sequence_length must be at least 2 for next_token (one token in, one to "
            f"predict), got {data.sequence_length}.",
        )
    if data.validation_fraction + data.test_fraction >= 1:
        raise SettingError(
            "test_fraction",
            "validation_fraction and test_fraction must be below 1 together, got "
            f"{data.validation_fraction:g} and {data.test_fraction:g}.",
        )
    for name in ("boundary", "unknown"):
        _check_token(name, getattr(data, name), data.vocabulary)
    if data.boundary is not None and data.boundary == data.unknown:
        raise SettingError(
            "unknown", f"boundary and unknown must differ, got {shown(data.unknown)} for both."
        )
    _check_labels(data.master_labels)
    for name in OF_EXPLICIT_MASTERS:
        if data.master_sequences is None and getattr(data, name) is not None:
            raise SettingError(name, f"{name} needs master_sequences; generated ones have none.")
    classifies = data.task_type == "sequence_classification"
    if data.split == "lines" and classifies and data.master_labels is None:
        raise SettingError(
            "split",
            "split is 'lines', but without master_labels every line is a class of its own, which "
            "cannot be held out. Give labels, or split by 'windows'.",
        )


def checked_lengths(lengths: Any, sequence_length: int) -> tuple[int, int]:
    """Return the shortest and the longest length of generated masters.

    Raises
    ------
    SettingError
        If they are none, or too short for a window.
    """
    is_pair = isinstance(lengths, (list, tuple)) and len(lengths) == 2
    if not is_pair or not all(map(is_whole, lengths)) or not 1 <= lengths[0] <= lengths[1]:
        raise SettingError(
            "master_sequence_length",
            "master_sequence_length must be (shortest, longest), two whole numbers with "
            f"1 <= shortest <= longest, got {shown(lengths)}.",
        )
    if lengths[1] < sequence_length:
        raise SettingError(
            "sequence_length",
            f"sequence_length is {shown(sequence_length)}, but the longest master "
            f"sequence may have only {shown(lengths[1])} tokens (master_sequence_length is "
            f"{shown(tuple(lengths))}).",
        )
    return lengths[0], lengths[1]


def checked_windows(windows: Any, count: int) -> NDArray[np.integer]:
    """Return the numbers of windows as an array, or raise `SettingError`."""
    try:
        found = np.asarray(windows)
    except ValueError:  # rows of different lengths
        found = np.empty(1)
    if not found.size and found.ndim == 1:
        return found.astype(np.intp)
    is_list = found.ndim == 1 and found.dtype.kind in "iu"
    if not is_list or not 0 <= found.min() <= found.max() < count:
        raise SettingError(
            "windows",
            f"windows must be a list of whole numbers from 0 to {count - 1}; got {shown(windows)}.",
        )
    return found


def checked_ids(ids: Any, vocabulary_size: int) -> NDArray[np.integer]:
    """Return the ids of tokens as an array, or raise `SettingError`."""
    try:
        found = np.asarray(ids)
    except ValueError:  # rows of different lengths
        found = np.empty(1)
    if not found.size:
        return found.astype(np.intp)
    if found.dtype.kind not in "iu" or found.min() < 0 or found.max() >= vocabulary_size:
        raise SettingError(
            "ids",
            f"ids must be whole numbers from 0 to {vocabulary_size - 1}, got {shown(ids)}.",
        )
    return found


def refuse_other_number(labels: Sequence[str], masters: int) -> None:
    """Raise `SettingError` unless there is a label for each master."""
    if len(labels) != masters:
        raise SettingError(
            "master_labels",
            f"master_labels must hold a label for each of the {masters:,} masters, got "
            f"{len(labels):,}.",
        )


def _check_vocabulary(vocabulary: Any) -> None:
    if not isinstance(vocabulary, list) or not all(
        isinstance(token, str) and token for token in vocabulary
    ):
        raise SettingError(
            "vocabulary",
            f"vocabulary must be a list of tokens, each some text, got {shown(vocabulary)}.",
        )
    if not vocabulary:
        raise SettingError("vocabulary", "vocabulary must hold at least one token, got none.")
    for token in vocabulary:
        refuse_unstorable("vocabulary", token)
    token, count = Counter(vocabulary).most_common(1)[0]
    if count > 1:
        raise SettingError(
            "vocabulary", f"vocabulary holds {shown(token)} {count} times; each token stands once."
        )


def _check_token(name: str, token: Any, vocabulary: list[str]) -> None:
    if token is None:
        return
    if not isinstance(token, str) or token not in vocabulary:
        raise SettingError(
            name, f"{name} must be a token of the vocabulary, or None, got {shown(token)}."
        )


def _check_labels(labels: Any) -> None:
    if labels is None:
        return
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise SettingError(
            "master_labels",
            f"master_labels must be a list of texts, or None, got {shown(labels)}.",
        )
    for label in labels:
        refuse_unstorable("master_labels", label)
