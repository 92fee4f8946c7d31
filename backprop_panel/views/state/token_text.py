"""Tokens and examples as plain text."""

from __future__ import annotations

from collections.abc import Sequence


def visible(token: str) -> str:
    """Return a token as visible text: a space as ␣."""
    return "␣" if token == " " else token


def example(tokens: Sequence[str], target: str) -> str:
    """Return an example as plain text: ``c a a b → b``."""
    return f"{' '.join(map(visible, tokens))} → {visible(target)}"
