"""The training settings of the run: a changed field changes its setting at once."""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn
import param

from ...nn.optimizers import OPTIMIZERS
from ...storage.leases import lease_refusal
from ..plots.html import html
from ..state.session import Session
from ..widgets.setting_fields import from_field, to_field, training_fields
from .fault_lab import FaultLab
from .new_run_offer import NewRunOffer
from .setting_groups import name_of, option_label, show_settings

DECAY = {
    False: "Decay is L2: λ·θ is added to the gradient. AdamW takes η·λ·θ from θ instead.",
    True: "Decay is decoupled: η·λ·θ is taken from θ, and the gradient is left alone.",
}
"""How the weight decay of an optimizer works, by whether it is decoupled."""


class TrainingFields(pn.viewable.Viewer):
    """The training settings of the run; a changed field changes its setting at once.

    Attributes
    ----------
    fields : dict of str to Widget
        The fields by the names of their settings.
    fault_lab : FaultLab
        Holds the field of the fault, to be placed apart from the others.
    """

    session = param.ClassSelector(class_=Session, constant=True)
    changed = param.Dict({}, doc="The setting that the run had before, in words, of each changed.")
    wanted = param.Event(doc="Fires when a run with these settings is asked for.")

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self.fields = training_fields()
        self._decay = html("", "bp-legend")
        self._kept = html("", "bp-note", visible=False, margin=(2, 0, 6, 0))
        self._putting_back = False
        *names, fault = self.fields
        self.fault_lab = FaultLab(self.fields[fault])
        self._offer = NewRunOffer(names, lambda: self.param.trigger("wanted"), self._put_all_back)
        self._layout = pn.Column(
            self._kept,
            *self._offer.below_each(self.fields, names),
            self._decay,
            margin=0,
            sizing_mode="stretch_width",
        )
        self.fields["optimizer"].param.watch(self._show_decay, "value")
        self._show_decay()
        for field in self.fields.values():
            field.param.watch(self._change, "value")
        session.param.watch(self._follow, "settings")
        session.param.watch(self._put_back_refused, "mistakes")
        session.param.watch(self._show_changed, ["settings", "run", "past"])
        session.pending.param.watch(self._show_changed, "before")
        session.pending.param.watch(self._show_kept, "kept")

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def show(self) -> None:
        """Show the run's settings."""
        show_settings(self.fields, self.session.run.settings)
        self._show_changed()

    def _show_changed(self, *events: param.parameterized.Event) -> None:
        """Tell what was changed, and offer a new run while no step was made with it."""
        session = self.session
        before, run = session.pending.before, session.run
        names = self._offer.slots
        self.changed = {
            name: self._as_before(name, before)
            for name in names
            if session.past is None and getattr(run.trainer, name) != run.config[name]
        } | {name: self._as_before(name, before) for name in before}
        self._offer.layout.visible = bool(before)
        self._offer.note.object = (
            f"{escape(run.name)} has it from step {run.trainer.step + 1:,} on, "
            "unless a new run takes it."
        )

    def _show_kept(self, event: param.parameterized.Event) -> None:
        """Say what the run before kept, as it was changed for the new one."""
        kept = ", ".join(
            f"{self.fields[name].label} {self._label(name, value)}"
            for name, value in event.new.items()
        )
        self._kept.param.update(
            object=f"The run before keeps what it had: {escape(kept)}.", visible=bool(kept)
        )

    def _label(self, name: str, value: Any) -> str:
        return option_label(self.fields[name], to_field(name, value))

    def _as_before(self, name: str, before: dict[str, Any]) -> str:
        value, when = (
            (before[name], "before")
            if name in before
            else (self.session.run.config[name], "at the beginning")
        )
        return f"{when}: {self._label(name, value)}"

    def _follow(self, event: param.parameterized.Event) -> None:
        """Show the settings that were changed; a text that was refused stays in its field."""
        show_settings(
            {
                name: field
                for name, field in self.fields.items()
                if event.new[name] != event.old.get(name)
            },
            event.new,
        )

    def _show_decay(self, *events: param.parameterized.Event) -> None:
        """Say how the weight decay of the chosen optimizer works."""
        self._decay.object = DECAY[OPTIMIZERS[self.fields["optimizer"].value].decoupled]

    def _change(self, event: param.parameterized.Event) -> None:
        session, name = self.session, name_of(event.obj, self.fields)
        if self._putting_back:
            return
        if event.new == to_field(name, session.run.settings[name]):
            session.forget_mistake(name)
        elif session.attempt(name, lambda: session.change(name, from_field(name, event.new))):
            if name in session.pending.before:
                self._offer.show_below(name)
        else:
            self._put_back(name)

    def _put_back_refused(self, event: param.parameterized.Event) -> None:
        """Show the run's own settings again where others were refused for another window."""
        session = self.session
        refused = lease_refusal(session.run.name)
        for name in self.fields:
            if event.old.get(name) == refused and name not in event.new:
                self.fields[name].value = to_field(name, session.run.settings[name])

    def _put_all_back(self) -> None:
        session = self.session
        session.attempt("runs", lambda: session.pending.put_back(session))

    def _put_back(self, name: str) -> None:
        """Choose the run's setting again after a refusal; a text stays, to be mended."""
        if hasattr(self.fields[name], "options"):
            self._putting_back = True
            self.fields[name].value = to_field(name, self.session.run.settings[name])
            self._putting_back = False
