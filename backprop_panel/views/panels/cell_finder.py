"""A field that finds a number by its name, as HTML in the explanation."""

from __future__ import annotations

from ...analysis.explanations.cell_names import cell_named
from ..state.session import Session
from .typed_field import TypedField


class CellFinder:
    """The HTML of the field, and what is done with a name that is typed.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._field = TypedField(session, "find", "find", "Find", "a name: dW2[3, 17]")

    def html(self) -> str:
        """Return the field, and why the last name was refused."""
        return self._field.html("find") + self._field.mistake_html()

    def find(self, name: str) -> None:
        """Explain the number with a name that was typed."""
        self._field.take(name, lambda: self._choose(name))

    def forget(self) -> None:
        """Forget a name that was refused, as another number was chosen."""
        self._field.forget()

    def _choose(self, name: str) -> None:
        self._session.path = (cell_named(self._session.examined, name),)
