"""The run that the page's address asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import panel as pn
import param

from ...interchange import from_query, to_query
from ...interchange.config_validation import Demand, demand_of
from ...memory import in_words
from ...runs.run import TrainingRun
from ..state.session import Session
from ..state.user_errors import USER_ERRORS
from ..widgets.buttons import ACCENT, button
from .notices import Notice

PAGE_ARGUMENTS = ("theme",)
"""What an address may say that is not a setting: Panel's own."""

MOST_UNASKED = 10 << 20
"""Bytes that a link's run may take without a question: anybody can make a person follow a link."""


FIRST_CHOICE = {"color": "#fff", "backgroundColor": ACCENT}


class Link(pn.viewable.Viewer):
    """Opens the run of a link, after a question if it takes much memory.

    Parameters
    ----------
    session : Session
    link : mapping
        The arguments of the page's address.
    first : TrainingRun, optional
        The draft with which the page began, if the store has no run: the link's replaces it.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(
        self, session: Session, link: Mapping[str, Any], first: TrainingRun | None = None
    ) -> None:
        super().__init__(session=session)
        self._asked = {name: value for name, value in link.items() if name not in PAGE_ARGUMENTS}
        self._first = first
        self._config: dict[str, Any] = {}
        self._notice = Notice(
            button("Open it", self._open, variant="contained", sx=FIRST_CHOICE),
            button("Leave it", self._leave),
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._notice.__panel__()

    def follow(self) -> None:
        """Show the link's run, a draft if no run has its configuration; or ask, or say why not.

        This is for a page that is open in a browser: a request alone makes no run.
        """
        if self._asked:
            self._attempt(self._follow)

    def _follow(self) -> None:
        config, manager = from_query(self._asked), self.session.manager
        same = [run for run in manager.runs if to_query(run.config) == to_query(config)]
        if same:
            manager.switch(same[-1].id)
            return
        demand = demand_of(config)
        if demand.memory > MOST_UNASKED:
            self._config = config
            self._notice.say(_question(demand), asking=True, title=QUESTION, severity="warning")
        else:
            untouched = self._first is not None and not self._first.trainer.engine.events
            manager.draft(replacing=self._first if untouched else None, **config)

    def _open(self) -> None:
        self._leave()
        self._attempt(lambda: self.session.manager.draft(**self._config))

    def _leave(self) -> None:
        self._notice.say("")

    def _attempt(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except USER_ERRORS as mistake:
            self._notice.say(
                str(mistake), title="The link was not followed", severity="warning", closeable=True
            )


QUESTION = "Open a large run?"


def _question(demand: Demand) -> str:
    return (
        f"The link to this page asks for a run with {demand.samples:,} training samples from "
        f"master sequences of at most {demand.tokens:,} tokens in all, and a network of "
        f"{demand.parameters:,} weights and biases, trained in batches of {demand.batch:,}. It "
        f"takes about {in_words(demand.memory)} of the server's memory. Nothing has been made yet."
    )
