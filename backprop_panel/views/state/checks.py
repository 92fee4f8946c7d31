"""The checks of what a page shows: of its gradients, and of all its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from .auditing import Auditing
from .gradient_checking import GradientChecking
from .session import Session


@dataclass(frozen=True, eq=False)
class Checks:
    """The checks of one page."""

    gradients: GradientChecking
    audit: Auditing

    @classmethod
    def of(cls, session: Session) -> Checks:
        """Return new checks, both switched off."""
        return cls(GradientChecking(session), Auditing(session))
