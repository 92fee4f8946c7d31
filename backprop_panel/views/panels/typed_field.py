"""A field of the explanation in which something is typed, as HTML: what is refused stays in it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from ..state.session import Session


class TypedField:
    """A field, and why what was typed into it was refused.

    Parameters
    ----------
    session : Session
    subject : str
        The subject of its messages.
    form : str
        The name under which the page sends what is typed.
    label, hint : str
    """

    def __init__(self, session: Session, subject: str, form: str, label: str, hint: str) -> None:
        self._session, self._subject, self._form = session, subject, form
        self._label, self._hint = label, hint
        self._refused = ""
        # Tells the browser when to take the field's text from here, not what is being typed.
        self._answers = 0

    def html(self, key: str) -> str:
        """Return the field; the browser finds it again by its key."""
        refused = self._subject in self._session.mistakes
        return (
            f'<form class="bp-set" data-form="{self._form}"><label>{self._label}'
            f'<input name="value" data-key="{key}" data-version="{self._answers}" '
            f'value="{escape(self._refused)}" placeholder="{self._hint}" autocomplete="off" '
            f'aria-invalid="{str(refused).lower()}"></label></form>'
        )

    def mistake_html(self) -> str:
        """Say why something was refused; empty if nothing was."""
        mistake = self._session.mistakes.get(self._subject, "")
        return f'<p class="bp-mistake" role="alert">{escape(mistake)}</p>' if mistake else ""

    def take(self, text: str, action: Callable[[], object]) -> None:
        """Attempt an action with what was typed, which stays in the field if it is refused."""
        self._answers += 1
        self._refused = "" if self._session.attempt(self._subject, action) else text

    def forget(self) -> None:
        """Forget what was refused."""
        self._refused = ""
        self._session.forget_mistake(self._subject)
