"""What a new run has from the run before it, other than the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import panel as pn
import param

from ...runs.run import TrainingRun
from ...runs.run_settings import completed
from ..plots.html import html
from ..state.session import Session
from ..widgets.buttons import working_button
from ..widgets.setting_fields import to_field, with_activations
from .setting_groups import option_label

WITH_DEFAULTS = "New run with the defaults"


class KeptSettings(pn.viewable.Viewer):
    """Tells which settings a new run took from the run before it, and offers the defaults.

    Parameters
    ----------
    session : Session
    fields : mapping of str to Widget
        The fields by the names of their settings.
    defaults : mapping, optional
        The settings of the page's first run.
    """

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(
        self,
        session: Session,
        fields: Mapping[str, pn.widgets.Widget],
        defaults: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(session=session)
        self._fields, self._defaults = fields, completed(defaults or {})
        self._new = ""  # the id of the run that is told of
        self._note = html("", "bp-note")
        self._layout = pn.Column(
            self._note,
            working_button(WITH_DEFAULTS, self._begin_with_defaults),
            visible=False,
            margin=(6, 0, 0, 0),
            sizing_mode="stretch_width",
        )
        session.param.watch(self._forget, ["run", "record"])

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def tell(self, before: TrainingRun) -> None:
        """Tell what the run that is shown, a new one, has from the run before it.

        What was changed for the new run is not told: it was meant.
        """
        run = self.session.run
        ours, theirs, defaults = (
            self._in_fields(settings)
            for settings in (run.settings, before.settings, self._defaults)
        )
        kept = ", ".join(
            f"{field.label} {option_label(field, ours[name])}"
            for name, field in self._fields.items()
            if ours[name] == theirs[name] != defaults[name]
        )
        self._new = run.id
        self._note.object = (
            f"{escape(run.name)} has these settings from {escape(before.name)}, other than the "
            f"defaults: {escape(kept)}."
        )
        self._layout.visible = bool(kept)

    def _in_fields(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        shown = with_activations(dict(settings))
        return {name: to_field(name, shown[name]) for name in self._fields}

    def _begin_with_defaults(self) -> None:
        session = self.session
        session.attempt("runs", lambda: session.new_run(**self._defaults))

    def _forget(self, *events: param.parameterized.Event) -> None:
        """Tell no more once another run is shown, or a step was made with the settings."""
        run = self.session.run
        if run.id != self._new or run.trainer.step:
            self._layout.visible = False
