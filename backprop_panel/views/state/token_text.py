"""Tokens and examples as plain text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

SIGNS = {" ": "␣", **{chr(code): chr(0x2400 + code) for code in range(32)}, "\x7f": "␡"}
"""A sign for each space and control character of ASCII."""

BASE = "◌"
"""What a combining character is shown on."""

OF_SIGNS = {sign: character for character, sign in SIGNS.items()}
NAME = re.compile(r"U\+([0-9A-F]{6}|[0-9A-F]{4}(?![0-9A-F]))")
TURNS = {*"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}
"""Characters that turn the direction of the text around them."""

RIGHT_TO_LEFT = ("R", "AL", "AN")
"""Unicode's classes of characters that are written from right to left."""

ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"

MARKS = ("Mn", "Mc", "Me")
"""Unicode's categories of characters that are combined with the one before."""

JOINERS = ("\u200c", "\u200d")

INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp")
"""Unicode's categories of characters that cannot be seen."""


@cache
def visible(token: str) -> str:
    """Return a token as visible text: a space as ␣, a tab as ␉, others as ``U+FEFF`` or ``◌́``.

    Different tokens have different texts; `from_visible` is the inverse. Within an emoji or a word,
    characters that join or accent others stay as they are.
    """
    if len(token) > 1 and not any(c in SIGNS or c in TURNS for c in token):
        # Joiners and accents belong to the characters around them.
        rest = "".join(c for c in token if unicodedata.category(c) not in ("Cf", *MARKS))
        if rest and rest.isprintable() and not _is_ambiguous(token):
            return token
    digits = 4 if len(token) == 1 else 6  # a digit may follow
    return "".join(_visible_character(one, digits) for one in NAME.sub(_escaped, token))


def from_visible(text: str) -> str:
    """Return the token that a visible text stands for."""
    text = text.replace(BASE, "") or text
    text = "".join(OF_SIGNS.get(character, character) for character in text)
    return NAME.sub(_character, text)


@cache
def label(token: str) -> str:
    """Return a token as visible text that leaves the direction of the text around it alone."""
    return isolated(visible(token))


def legible(text: str) -> str:
    """Return a text for reading that leaves the direction of the text around it alone."""
    return isolated("".join(readable(text)))


def readable(text: str) -> list[str]:
    """Return each character of a text for reading: what cannot be seen is named, but spaces.

    Accents and joiners stay with the characters that they belong to.
    """
    before = " "
    shown = []
    for character in text:
        belongs = character in JOINERS or unicodedata.category(character) in MARKS
        stays = character == " " or (belongs and before not in SIGNS and before.isprintable())
        shown.append(character if stays else visible(character))
        before = before if belongs else character
    return shown


def isolated(text: str) -> str:
    """Return a text in isolation if it is written from right to left.

    Between left-to-right characters it would otherwise turn signs and numbers around it.
    """
    turned = any(unicodedata.bidirectional(character) in RIGHT_TO_LEFT for character in text)
    return f"{ISOLATE}{text}{END_OF_ISOLATE}" if turned else text


def example(tokens: Sequence[str], target: str) -> str:
    """Return an example as plain text: ``c a a b → b``."""
    return f"{' '.join(map(label, tokens))} → {label(target)}"


def _visible_character(character: str, digits: int) -> str:
    if character in SIGNS:
        return SIGNS[character]
    category = unicodedata.category(character)
    if category in INVISIBLE or _is_ambiguous(character):
        return f"U+{ord(character):0{digits if ord(character) < 0x10000 else 6}X}"
    return BASE + character if category in MARKS else character


def _is_ambiguous(token: str) -> bool:
    """Tell whether a token would be read as another one."""
    return any(c in OF_SIGNS or c == BASE for c in token) or bool(NAME.search(token))


def _escaped(name: re.Match[str]) -> str:
    return f"U+000055{name[0][1:]}"


def _character(name: re.Match[str]) -> str:
    code = int(name[1], 16)
    return chr(code) if code < 0x110000 else name[0]
