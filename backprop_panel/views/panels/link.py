"""The link with which the page was opened: its address may describe a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import panel as pn
import param

from ...interchange import from_query
from ...interchange.config_validation import ResourceEstimate, estimate_resources
from ...memory import in_words
from ...runs.run import TrainingRun
from ..state.session import Session
from ..state.user_errors import USER_ERRORS
from ..widgets.buttons import PRIMARY, button
from ..widgets.tab_memory import TabMemory
from .notices import Notice

PAGE_ARGUMENTS = ("theme",)
"""Arguments of an address that Panel reads; all others are settings."""

MOST_WITHOUT_QUESTION = 10 << 20
"""Bytes that a link's run may take without a question: links come from strangers, too."""

QUESTION = "Open a large run?"


class Link(pn.viewable.Viewer):
    """Opens a new run for a link, after a question if the run takes much memory.

    Parameters
    ----------
    session : Session
    link : mapping
        The arguments of the page's address.
    first : TrainingRun, optional
        The draft that a page with an empty store begins with; the link's run replaces it.
    defaults : mapping, optional
        The settings of the page's first run: they hold where the link says nothing.

    Attributes
    ----------
    memory : TabMemory
        Keeps the id of the run for a reload, to be placed on the page.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(
        self,
        session: Session,
        link: Mapping[str, Any],
        first: TrainingRun | None = None,
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(session=session)
        self._settings = {name: value for name, value in link.items() if name not in PAGE_ARGUMENTS}
        self._first, self._defaults = first, defaults
        self._config: dict[str, Any] = {}
        self.memory = TabMemory(self._settings, visible=bool(self._settings))
        self._notice = Notice(
            button("Open it", self._open, variant="contained", sx=PRIMARY),
            button("Leave it", self._decline),
        )

    def __panel__(self) -> pn.viewable.Viewable:
        return self._notice.__panel__()

    def follow(self) -> None:
        """Show a new draft with the link's configuration.

        A notice asks before a large run is made, or says why the link is refused. To be called when
        the page is open in a browser, as a request alone must not make a run. The id of the run is
        the key of the page: one that it made before it was reloaded is shown again.
        """
        if self._settings:
            self._attempt(self._follow)

    def _follow(self) -> None:
        manager = self.session.manager
        if any(run.id == self.memory.key for run in manager.runs):
            manager.switch(self.memory.key)
            return
        config = from_query(self._settings, self._defaults)
        estimate = estimate_resources(config)
        if estimate.memory > MOST_WITHOUT_QUESTION:
            self._config = config
            self._notice.show(_question(estimate), asking=True, title=QUESTION, severity="warning")
        else:
            self._make(config)

    def _make(self, config: dict[str, Any]) -> None:
        untouched = self._first is not None and not self._first.trainer.engine.events
        first = self._first if untouched else None
        self.session.manager.draft(replacing=first, id=self.memory.key, **config)

    def _open(self) -> None:
        self._decline()
        self._attempt(lambda: self._make(self._config))

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
