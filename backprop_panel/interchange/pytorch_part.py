"""A part of a PyTorch script."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A sentence and its code."""

    text: str
    code: str
