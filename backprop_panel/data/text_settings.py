"""Settings of a dataset that is made of texts: their vocabulary, and the defaults for texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from ..plain_values import plain
from ..settings import SettingError, refuse_unlisted, shown
from .text_tokens import (
    TOKEN_TYPES,
    count_listed,
    count_tokens,
    infer_vocabulary,
    lines_of,
    normalized,
    split_tokens,
)

Settings = dict[str, Any]

TEXT_DEFAULTS: Settings = {
    "sequence_length": 8,
    "num_samples": "all",
    "split": "lines",
    "validation_fraction": 0.1,
    "test_fraction": 0.1,
}
"""Settings that have other defaults for texts than for generated masters."""


LONG_ENOUGH = 0.9
"""The share of the lines from which a fitting sequence length makes examples."""

MOST_LINES_MEASURED = 10_000
"""How many lines at the beginning of a text are measured to choose a fitting sequence length."""


def fitting_length(settings: Mapping[str, Any]) -> int:
    """Return the default sequence length, or one that nine of ten lines are long enough for.

    Parameters
    ----------
    settings : mapping
        Those of a text: `master_sequences`, `token_type` and `boundary`, with which lines of any
        length make examples.
    """
    text, default = settings["master_sequences"], TEXT_DEFAULTS["sequence_length"]
    if settings["boundary"] is not None:
        return default
    lines = islice(filter(None, lines_of(text)), MOST_LINES_MEASURED)
    lengths = sorted(len(split_tokens(line, settings["token_type"])) for line in lines)
    return max(2, min(default, lengths[int((1 - LONG_ENOUGH) * len(lengths))]))


def text_settings(text: str, **settings: Any) -> Settings:
    """Return the settings of a dataset that is made of a text, one master a line.

    Raises
    ------
    SettingError
        If it is no text, or empty, or a setting that is needed here is invalid.
    """
    text = normalized(text)
    settings = {"token_type": TOKEN_TYPES[0], **settings}
    refuse_unlisted("token_type", settings["token_type"], TOKEN_TYPES)
    if "vocabulary" not in settings:
        counts = count_tokens(text, settings["token_type"])
        settings = _with_vocabulary(counts, settings)
    settings.pop("max_vocabulary", None)
    return {**_defaults(settings), "master_sequences": text, **settings}


def lines_settings(texts: Any, labels: Any = None, **settings: Any) -> Settings:
    """Return the settings of a dataset that is made of several texts or lists of tokens.

    Parameters
    ----------
    texts : sequence of str or of sequences of str
    labels : sequence of str, optional
        The class of each.
    **settings
        Other settings.

    Raises
    ------
    SettingError
        If they are of another kind, or a setting that is needed here is invalid.
    """
    texts = _checked_list("texts", texts)
    if labels is not None:
        labels = _checked_list("labels", labels)
        if len(labels) != len(texts):
            raise SettingError(
                "labels",
                f"labels must hold a label for each of the {len(texts):,} texts, got "
                f"{len(labels):,}.",
            )
        settings = {"task_type": "sequence_classification", **settings}
    if all(isinstance(text, str) for text in texts):
        lines, settings["master_labels"] = _lines_with_labels(texts, labels)
        return text_settings("\n".join(lines), **settings)
    _refuse_mixed(texts)
    if "vocabulary" not in settings:
        settings = _with_vocabulary(count_listed(texts), settings)
    settings.pop("max_vocabulary", None)
    settings["master_labels"] = labels
    return {**_defaults(settings), "master_sequences": texts, **settings}


def _defaults(settings: Mapping[str, Any]) -> Settings:
    """Return the settings that have other defaults for texts than for generated masters."""
    is_labelled = settings.get("master_labels") is not None
    by_lines = is_labelled or settings.get("task_type") != "sequence_classification"
    return TEXT_DEFAULTS if by_lines else {**TEXT_DEFAULTS, "split": "windows"}


def _with_vocabulary(counts: Mapping[str, int], settings: Settings) -> Settings:
    boundary = settings.get("boundary")
    if boundary is not None and (not isinstance(boundary, str) or not boundary):
        raise SettingError("boundary", f"boundary must be a token, or None, got {shown(boundary)}.")
    vocabulary, unknown = infer_vocabulary(counts, boundary, settings.get("max_vocabulary"))
    return {"unknown": unknown, **settings, "vocabulary": vocabulary}


def _lines_with_labels(
    texts: Sequence[str], labels: Sequence[str] | None
) -> tuple[list[str], list[str] | None]:
    """Return the lines of texts that are not empty, and the label of each."""
    texts = [
        text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n") for text in texts
    ]
    if labels is None:
        return [line for text in texts for line in lines_of(text) if line], None
    pairs = [
        (line, label)
        for text, label in zip(texts, labels, strict=True)
        for line in lines_of(text)
        if line
    ]
    return [line for line, _ in pairs], [label for _, label in pairs]


def _checked_list(name: str, given: Any) -> list[Any]:
    given = plain(given)
    if not isinstance(given, (list, tuple)) or not given:
        raise SettingError(
            "master_sequences" if name == "texts" else name,
            f"{name} must be a list that is not empty, got {shown(given)}.",
        )
    return list(given)


def _refuse_mixed(texts: Sequence[Any]) -> None:
    """Raise `SettingError` for the first text that is of another kind than the first of all."""
    kind = str if isinstance(texts[0], str) else (list, tuple)
    for number, text in enumerate(texts):
        if not isinstance(text, kind):
            raise SettingError(
                "master_sequences",
                f"texts must all be str, or all lists of tokens; texts[{number}] is {shown(text)}.",
            )
        if kind is not str:
            _refuse_odd_tokens(number, text)


def _refuse_odd_tokens(number: int, tokens: Sequence[Any]) -> None:
    for place, token in enumerate(tokens):
        if not isinstance(token, str) or not token:
            raise SettingError(
                "master_sequences",
                "a token must be a str of at least one character; "
                f"texts[{number}][{place}] is {shown(token)}.",
            )
