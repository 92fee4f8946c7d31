"""A configuration in a link: ``?hidden_dimension=64,32&activation=gelu&loss_type=cross_entropy``.

Lists are written with commas or, if that would be ambiguous, as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from ..settings import (
    Choice,
    Count,
    CountOrAll,
    Quantity,
    SettingError,
    refuse_unknown,
    refuse_unlisted,
    shortened,
    shown,
)
from .config_validation import SETTINGS, checked_configuration
from .limits import MOST_LINK_LENGTH, MOST_QUERY_LENGTH, InterchangeError, refuse_above

TEXTS = ("master_sequences", "boundary", "unknown")
"""Settings that may be a single text; commas are part of it."""

PLAIN_ITEM = re.compile(r"[A-Za-z0-9_.-]+")


def to_query(config: Mapping[str, Any], defaults: Mapping[str, Any] | None = None) -> str:
    """Return the query of a link, without its question mark: all settings that are not defaults.

    Parameters
    ----------
    config : mapping
    defaults : mapping, optional
        The settings of a page's first run, where they are not the defaults of the settings.

    Raises
    ------
    SettingError
        If a setting is unknown, or its value cannot be written.
    """
    _refuse_no_mapping(config)
    refuse_unknown(config, SETTINGS)
    if defaults is not None:
        _refuse_no_mapping(defaults)
    different = {
        name: _written(name, value)
        for name, value in config.items()
        if _json_of(name, value) != _as_json(_default(name, defaults))
    }
    return urlencode(different, quote_via=quote, safe=",")


def to_query_within_limit(
    config: Mapping[str, Any], defaults: Mapping[str, Any] | None = None
) -> str:
    """Return the query of a link as `to_query` does, if it is one that servers and browsers take.

    Raises
    ------
    InterchangeError
        If it would be longer.
    SettingError
        As in `to_query`.
    """
    _refuse_no_mapping(config)
    masters = config.get("master_sequences") or ""
    # A text of megabytes is not written only to be refused.
    length = len(masters) if len(masters) > MOST_LINK_LENGTH else 0
    query = "" if length else to_query(config, defaults)
    if (length or len(query)) > MOST_LINK_LENGTH:
        raise InterchangeError(
            "link",
            f"A link to these settings would have {'more than ' * bool(length)}"
            f"{length or len(query):,} characters; servers take about {MOST_LINK_LENGTH:,}. Export "
            "the run instead: its zip can be imported by anybody.",
        )
    return query


def _default(name: str, defaults: Mapping[str, Any] | None) -> Any:
    return (defaults or {}).get(name, SETTINGS[name].default)


def from_query(
    query: str | Mapping[str, Any], defaults: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the settings in a link, each converted to its type.

    Parameters
    ----------
    query : str or mapping
        The query of a link, with or without its question mark; or a mapping of names to texts, to
        lists of one byte string (as Panel's ``session_args``), or to values.
    defaults : mapping, optional
        The settings of a page's first run. They hold where the link says nothing.

    Raises
    ------
    SettingError
        If a name is unknown, or a value is not of its setting's type.
    InterchangeError
        If it is too long, cannot be read, or needs too much memory or time.
    """
    if isinstance(query, str):
        given = _split(query)
    else:
        _refuse_no_mapping(query)
        given = dict(query)
    refuse_unknown(given, SETTINGS)
    if defaults is not None:
        _refuse_no_mapping(defaults)
    settings = {name: _read(name, value) for name, value in given.items()}
    return checked_configuration(_completed(settings, defaults or {}))


def _completed(settings: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with a page's defaults; the length of a list is the number of layers."""
    both = {**defaults, **settings}
    lists = [settings.get(name) for name in ("hidden_dimension", "activation")]
    if "hidden_layers" not in settings and any(isinstance(each, list) for each in lists):
        both.pop("hidden_layers", None)
    return both


def _refuse_no_mapping(given: Any) -> None:
    if not isinstance(given, Mapping):
        raise InterchangeError(
            "link", f"A configuration is a mapping of settings to values, got {shown(given)}."
        )


def _split(query: str) -> dict[str, str]:
    refuse_above("link", "Characters in a link", len(query), MOST_QUERY_LENGTH)
    try:
        pairs = (
            parse_qsl(
                query.removeprefix("?"),
                keep_blank_values=True,
                strict_parsing=True,
                errors="strict",
            )
            if query.removeprefix("?")
            else []
        )
    except ValueError as error:
        raise InterchangeError("link", f"The link cannot be read: {shortened(error)}.") from error
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise InterchangeError("link", f"{shown(name)} stands more than once in the link.")
        given[name] = value
    return given


def _written(name: str, value: Any) -> str:
    if isinstance(value, (list, tuple)):
        items = [item if isinstance(item, str) else _as_json(item) for item in value]
        plain = all(PLAIN_ITEM.fullmatch(item) for item in items)
        # A list of one item, or none, has no comma, and would be read as a single value.
        if name != "master_sequences" and plain and len(items) > 1:
            return ",".join(items)
        return _as_json(value)
    if not isinstance(value, str):
        return _as_json(value)
    # The first character distinguishes JSON from plain text.
    return value if value.isprintable() and value[:1] not in ("[", '"') else _as_json(value)


def _json_of(name: str, value: Any) -> str:
    try:
        return _as_json(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise SettingError(name, f"{name} cannot be written in a link: {shown(value)}.") from error


def _as_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _read(name: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)) and any(isinstance(item, bytes) for item in value):
        if len(value) > 1:
            raise InterchangeError("link", f"{shown(name)} stands more than once in the link.")
        value = value[0]
    if isinstance(value, bytes):
        refuse_above("link", "Characters in a link", len(value), MOST_QUERY_LENGTH)
        try:
            value = value.decode()
        except UnicodeDecodeError as error:
            raise InterchangeError(name, f"{name} is not UTF-8: {shortened(error)}.") from error
    return _parsed(name, value) if isinstance(value, str) else value


def read_setting(name: str, value: Any) -> Any:
    """Return the value that a text stands for in a link, such as ``64,32``; other values as given.

    Raises
    ------
    SettingError
        If the name is unknown, or the text is not of the setting's type.
    """
    refuse_unknown([name], SETTINGS)
    return _parsed(name, value) if isinstance(value, str) else value


def _parsed(name: str, text: str) -> Any:
    setting = SETTINGS[name]
    if isinstance(setting, Choice) and setting.allow_None and text == "null":
        return None
    if isinstance(setting, Choice):
        refuse_unlisted(name, text, setting.objects)
        return text
    if isinstance(setting, CountOrAll) and text == "all":
        return text
    if isinstance(setting, Count):
        return _number(name, text, int, "a whole number")
    if isinstance(setting, Quantity):
        return _number(name, text, float, "a number")
    if text[:1] in ("[", '"'):
        return _from_json(name, text)
    if name in TEXTS:
        return text
    items = text.split(",")
    if name in ("hidden_dimension", "master_sequence_length"):
        items = [_number(name, item, int, "a whole number") for item in items]
    single = len(items) == 1 and name in ("hidden_dimension", "activation")
    return items[0] if single else items


def _number(name: str, text: str, read: Callable[[str], Any], kind: str) -> Any:
    try:
        return read(text)
    except ValueError as error:
        raise SettingError(name, f"{name} must be {kind}, got {shown(text)}.") from error


def _from_json(name: str, text: str) -> Sequence[Any]:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SettingError(
            name, f"{name} is not a list as JSON has it: {shortened(error)}."
        ) from error
