"""The link with which the page was opened: its address may describe a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import panel as pn
import param

from ...interchange import from_query, to_query
from ...interchange.config_validation import ResourceEstimate, estimate_resources
from ...memory import in_words
from ...runs.run import TrainingRun
from ..state.session import Session
from ..state.user_errors import USER_ERRORS
from ..widgets.buttons import ACCENT, button
from .notices import Notice

PAGE_ARGUMENTS = ("theme",)
"""Arguments of an address that Panel reads; all others are settings."""

MOST_WITHOUT_QUESTION = 10 << 20
"""Bytes that a link's run may take without a question: links come from strangers, too."""

QUESTION = "Open a large run?"
PRIMARY = {"color": "#fff", "backgroundColor": ACCENT}


class Link(pn.viewable.Viewer):
    """Opens the run of a link, after a question if the run takes much memory.

    Parameters
    ----------
    session : Session
    link : mapping
        The arguments of the page's address.
    first : TrainingRun, optional
        The draft that a page with an empty store begins with; the link's run replaces it.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(
        self, session: Session, link: Mapping[str, Any], first: TrainingRun | None = None
    ) -> None:
        super().__init__(session=session)
        self._settings = {name: value for name, value in link.items() if name not in PAGE_ARGUMENTS}
        self._first = first
        self._config: dict[str, Any] = {}
        self._notice = Notice(
            button("Open it", self._open, variant="contained", sx=PRIMARY),
            button("Leave it", self._decline),
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._notice.__panel__()

    def follow(self) -> None:
        """Show the run with the link's configuration, a new draft if there is none.

        A notice asks before a large run is made, or says why the link is refused. To be called when
        the page is open in a browser, as a request alone must not make a run.
        """
        if self._settings:
            self._attempt(self._follow)

    def _follow(self) -> None:
        config, manager = from_query(self._settings), self.session.manager
        same = [run for run in manager.runs if to_query(run.config) == to_query(config)]
        if same:
            manager.switch(same[-1].id)
            return
        estimate = estimate_resources(config)
        if estimate.memory > MOST_WITHOUT_QUESTION:
            self._config = config
            self._notice.show(_question(estimate), asking=True, title=QUESTION, severity="warning")
        else:
            untouched = self._first is not None and not self._first.trainer.engine.events
            manager.draft(replacing=self._first if untouched else None, **config)

    def _open(self) -> None:
        self._decline()
        self._attempt(lambda: self.session.manager.draft(**self._config))

    def _decline(self) -> None:
        self._notice.show("")

    def _attempt(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except USER_ERRORS as mistake:
            self._notice.show(
                str(mistake), title="The link was not followed", severity="warning", closeable=True
            )


def _question(estimate: ResourceEstimate) -> str:
    return (
        f"The link to this page asks for a run with {estimate.samples:,} training samples from "
        f"master sequences of at most {estimate.tokens:,} tokens in all, and a network of "
        f"{estimate.parameters:,} weights and biases, trained in batches of {estimate.batch:,}. "
        f"It takes about {in_words(estimate.memory)} of the server's memory. Nothing has been made "
        "yet."
    )
