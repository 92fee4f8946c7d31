"""The controls: the toolbar's steps, and the settings in their groups."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from importlib.resources import files
from typing import Any

import panel as pn
import panel_material_ui as pmui
import param

from ..dataset import SequenceDataset
from ..master_sequences import text_vocabulary
from ..nn.activations import ACTIVATIONS
from ..nn.losses import LOSSES
from ..nn.optimizers import OPTIMIZERS
from ..settings import SettingError
from .session import Session
from .text import html

ACCENT = "#4263eb"
LINE = "rgba(128, 128, 128, 0.4)"
SMALL = {"size": "small", "sizing_mode": "stretch_width", "margin": (5, 0)}
ALICE = (files("backprop_panel") / "texts" / "alice.txt").read_text().strip()
"""The beginning of Alice's Adventures in Wonderland, a paragraph a line."""

SOURCES = {"Generated": "generated", "Alice in Wonderland": "alice", "As given": "given"}
TASKS = {"Next token": "next_token", "Sequence classification": "sequence_classification"}
INITIALIZATION_LABELS = {
    "Xavier uniform": "xavier_uniform",
    "Xavier normal": "xavier_normal",
    "He": "he",
    "Zeros": "zeros",
}


def button(label: str, action: Callable[[], Any], **params: Any) -> pmui.Button:
    """Return a button that does `action`."""
    options = {
        "variant": "outlined",
        "size": "small",
        "color": "default",
        "margin": (0, 3),
        # The page's header would make it white.
        "sx": {"color": "inherit", "borderColor": LINE, "whiteSpace": "nowrap"},
    }
    return pmui.Button(label=label, on_click=lambda event: action(), **(options | params))


def head(title: str, note: str = "") -> pn.pane.HTML:
    """Return the head of a group of settings, with what changing one of them does."""
    note = f" <span>· {note}</span>" if note else ""
    return html(f"{title}{note}", "bp-head", margin=(14, 0, 2, 0))


class Toolbar(pn.viewable.Viewer):
    """The mode, the steps, and where training stands."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._mode = pmui.RadioButtonGroup(
            options={"Visualize Only": "visualize", "Train": "train"},
            value=session.run.trainer.mode,
            size="small",
            color="primary",
            margin=(0, 8, 0, 0),
            sx={
                "& .MuiToggleButton-root": {
                    "color": "inherit",
                    "whiteSpace": "nowrap",
                    "borderColor": LINE,
                    "padding": "4px 10px",
                },
                "& .MuiToggleButton-root.Mui-selected": {
                    "color": "#fff",
                    "backgroundColor": ACCENT,
                },
            },
        )
        self._mode.param.watch(self._set_mode, "value")
        self._play = button(
            "Play",
            session.toggle_play,
            variant="contained",
            color="primary",
            icon="play_arrow",
            sx={"color": "#fff", "backgroundColor": ACCENT, "width": "92px"},
        )
        self._status = html(
            self._status_text(), "bp-standing", margin=(0, 8), align="center", sizing_mode=None
        )
        self._progress = pmui.LinearProgress(
            value=0, variant="determinate", visible=False, width=110, margin=(0, 8), align="center"
        )
        self._layout = pn.Row(
            self._mode,
            button("Run Single Step", session.run_single_step),
            button("Run Batch", session.run_batch),
            button("Run Full Epoch", session.run_full_epoch),
            self._play,
            pn.layout.HSpacer(),
            self._progress,
            self._status,
            align="center",
            margin=0,
            sizing_mode="stretch_width",
            css_classes=["bp-toolbar"],
        )
        session.param.watch(self._show, ["record", "training", "run", "mistakes"])

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _set_mode(self, event: param.parameterized.Event) -> None:
        self.session.set("mode", event.new)

    def _show(self, *events: param.parameterized.Event) -> None:
        session = self.session
        self._status.object = self._status_text()
        self._mode.value = session.run.trainer.mode
        self._play.param.update(
            label="Pause" if session.training else "Play",
            icon="pause" if session.training else "play_arrow",
        )
        has_end = session.training and session.goal_epoch is not None
        self._progress.visible = has_end
        if has_end:
            engine = session.run.trainer.engine
            cursor = engine.viewing or engine.cursor
            done = cursor.position if cursor.epoch < session.goal_epoch else engine.data.num_samples
            self._progress.value = round(100 * done / engine.data.num_samples)

    def _status_text(self) -> str:
        session = self.session
        record, trainer = session.record, session.run.trainer
        error = session.mistakes.get("training")
        text = f"step {trainer.step} · epoch {trainer.epoch} · loss {record.loss:.4f}"
        note = f' <span class="bp-mistake">{escape(error)}</span>' if error else ""
        return f'<span class="bp-status">{text}</span>{note}'


class Settings(pn.viewable.Viewer):
    """The sidebar: runs, what changes at once, and what makes a new run."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session, colours: list[pn.viewable.Viewable]) -> None:
        super().__init__(session=session)
        self._showing = False
        self._training = _training_widgets()
        self._new_run = _new_run_widgets()
        for widget in self._training.values():
            widget.param.watch(self._change_training, "value")
        for widget in self._new_run.values():
            widget.param.watch(self._change_configuration, "value")
        self._active = pmui.Select(label="Active run", **SMALL)
        self._active.param.watch(self._switch, "value")
        self._name = pmui.TextInput(label="Run name", max_length=60, **SMALL)
        self._new = button("New run", self._create)
        self._note = html("", "bp-note", visible=False)
        self._confirm = self._confirmation()
        self._layout = pn.Column(
            head("Run"),
            self._active,
            self._name,
            pn.FlexBox(
                self._new,
                button("Fork", self._fork),
                button("Reset", self._reset),
                button("Rename", self._rename),
                button("Delete", self._ask_delete),
                gap="6px 0",
                margin=0,
            ),
            self._note,
            head("Training", "applies at once"),
            *self._training.values(),
            head("Network", "makes a new run"),
            *(self._new_run[name] for name in NETWORK_WIDGETS),
            head("Data", "makes a new run"),
            *(self._new_run[name] for name in DATA_WIDGETS),
            head("Colours"),
            *colours,
            self._confirm,
            margin=(0, 12),
            sizing_mode="stretch_width",
            css_classes=["bp-settings"],
        )
        session.param.watch(self._show, ["run", "mistakes"])
        session.manager.param.watch(self._show, "runs")
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _show(self, *events: param.parameterized.Event) -> None:
        """Show the run's settings and the messages about them."""
        self._showing = True
        run, mistakes = self.session.run, self.session.mistakes
        settings = run.settings
        if not events or any(event.name != "mistakes" for event in events):
            for name, widget in {**self._training, **self._new_run}.items():
                widget.value = _shown(name, settings[name])
            self._active.options = {other.name: other.id for other in self.session.manager.runs}
            self._active.value = run.id
            # A renamed run keeps its id, and the browser would keep its old name.
            self._active.param.trigger("value")
        everything = {**self._training, **self._new_run, "name": self._name, "runs": self._active}
        for name, widget in everything.items():
            message = mistakes.get(name, "")
            widget.param.update(error_state=bool(message), helper_text=message)
        others = [
            text
            for name, text in mistakes.items()
            if name not in everything
            and name != "training"
            and text not in {mistakes.get(known) for known in everything}
        ]
        self._note.param.update(object="<br>".join(map(escape, others)), visible=bool(others))
        self._showing = False
        self._show_pending()

    def _change_training(self, event: param.parameterized.Event) -> None:
        if self._showing:
            return
        name = _name_of(event.obj, self._training)
        trainer = self.session.run.trainer
        self.session.attempt(name, lambda: setattr(trainer, name, _read(name, event.new)))

    def _change_configuration(self, event: param.parameterized.Event) -> None:
        if not self._showing:
            self._show_pending()

    def _pending(self) -> dict[str, Any]:
        """Return what was set differently from the run: it waits for a new one."""
        settings = self.session.run.settings
        return {
            name: widget.value
            for name, widget in self._new_run.items()
            if widget.value != _shown(name, settings[name])
        }

    def _show_pending(self) -> None:
        pending = self._pending()
        self._new.param.update(
            color="primary" if pending else "default",
            variant="contained" if pending else "outlined",
        )

    def _create(self) -> None:
        """Make a run with all that the sidebar says."""
        session = self.session
        wanted = {name: widget.value for name, widget in self._new_run.items()}

        def create() -> None:
            settings = session.run.settings
            changed = {
                name: _read(name, value)
                for name, value in wanted.items()
                if value != _shown(name, settings[name])
            }
            if "master_sequences" in changed:
                settings.update(_source_settings(wanted["master_sequences"]))
            elif {"vocabulary", "num_master_sequences"} & set(changed):
                settings["master_sequences"] = None
            for name in ("hidden_dimension", "activation"):
                if isinstance(changed.get(name), list):
                    settings.pop("hidden_layers")
                    changed.pop("hidden_layers", None)
                    break
            session.manager.create(name=self._name.value or None, **(settings | changed))

        if session.attempt("runs", create):
            self._name.value = ""

    def _fork(self) -> None:
        session = self.session
        session.pause()
        if session.attempt(
            "runs", lambda: session.manager.fork(session.run.id, name=self._name.value or None)
        ):
            self._name.value = ""

    def _reset(self) -> None:
        session = self.session
        session.pause()
        session.manager.reset(session.run.id)
        session.mistakes = {}
        session.look()
        self._show()

    def _rename(self) -> None:
        session = self.session
        if session.attempt(
            "name", lambda: session.manager.rename(session.run.id, self._name.value)
        ):
            self._name.value = ""

    def _switch(self, event: param.parameterized.Event) -> None:
        if not self._showing and event.new:
            self.session.manager.switch(event.new)

    def _confirmation(self) -> pmui.Dialog:
        self._question = html("", "bp-note")
        return pmui.Dialog(
            self._question,
            pn.Row(
                button("Cancel", self._close_dialog),
                button("Delete run", self._delete, color="error"),
            ),
            title="Delete run?",
            open=False,
        )

    def _ask_delete(self) -> None:
        name = escape(self.session.run.name)
        self._question.object = f"<b>{name}</b> and its history will be gone."
        self._confirm.open = True

    def _close_dialog(self) -> None:
        self._confirm.open = False

    def _delete(self) -> None:
        self._close_dialog()
        session = self.session
        session.pause()
        session.attempt("runs", lambda: session.manager.delete(session.run.id))


WHOLE_NUMBERS = (
    "batch_size",
    "hidden_layers",
    "sequence_length",
    "num_master_sequences",
    "num_samples",
    "seed",
)
FRACTIONS = ("learning_rate", "weight_decay")
"""Settings typed as text: number fields pass over what they cannot read, and say nothing."""

NETWORK_WIDGETS = ("hidden_layers", "hidden_dimension", "activation", "initialization")
DATA_WIDGETS = (
    "master_sequences",
    "task_type",
    "sequence_length",
    "vocabulary",
    "num_master_sequences",
    "master_sequence_length",
    "num_samples",
    "seed",
)


def _training_widgets() -> dict[str, pn.widgets.Widget]:
    return {
        "learning_rate": pmui.TextInput(label="Learning rate", **SMALL),
        "batch_size": pmui.TextInput(label="Batch size", **SMALL),
        "loss_type": pmui.Select(
            label="Loss function",
            options={loss.label: name for name, loss in LOSSES.items()},
            **SMALL,
        ),
        "optimizer": pmui.Select(
            label="Optimizer",
            options={rule.label: name for name, rule in OPTIMIZERS.items()},
            **SMALL,
        ),
        "weight_decay": pmui.TextInput(label="Weight decay", **SMALL),
    }


def _new_run_widgets() -> dict[str, pn.widgets.Widget]:
    return {
        "hidden_layers": pmui.TextInput(label="Hidden layers", **SMALL),
        "hidden_dimension": pmui.TextInput(label="Hidden dimension", **SMALL),
        "activation": pmui.Select(
            label="Activation",
            options={activation.label: name for name, activation in ACTIVATIONS.items()},
            **SMALL,
        ),
        "initialization": pmui.Select(
            label="Initialization", options=INITIALIZATION_LABELS, **SMALL
        ),
        "master_sequences": pmui.Select(label="Source", options=SOURCES, **SMALL),
        "task_type": pmui.Select(label="Task", options=TASKS, **SMALL),
        "sequence_length": pmui.TextInput(label="Sequence length", **SMALL),
        "vocabulary": pmui.TextInput(label="Vocabulary", max_length=100_000, **SMALL),
        "num_master_sequences": pmui.TextInput(label="Master sequences", **SMALL),
        "master_sequence_length": pmui.TextInput(label="Master length", **SMALL),
        "num_samples": pmui.TextInput(label="Training samples", **SMALL),
        "seed": pmui.TextInput(label="Seed", **SMALL),
    }


def _name_of(widget: object, widgets: dict[str, Any]) -> str:
    return next(name for name, known in widgets.items() if known is widget)


def _shown(name: str, value: Any) -> Any:
    """Return a setting as its widget shows it."""
    if name == "master_sequences":
        return {None: "generated", ALICE: "alice"}.get(_text_or_none(value), "given")
    if name == "vocabulary":
        return " ".join(value)
    if name == "master_sequence_length":
        return "{} to {}".format(*value)
    if name == "hidden_dimension":
        return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    if name == "activation" and isinstance(value, (list, tuple)):
        return value[0]
    if name in WHOLE_NUMBERS or name in FRACTIONS:
        return f"{value:g}" if isinstance(value, float) else str(value)
    return value


def _read(name: str, value: Any) -> Any:
    """Return what a widget shows as the setting that it means."""
    if name == "master_sequences":
        return ALICE if value == "alice" else None
    if name == "vocabulary":
        return value.split()
    if name == "master_sequence_length":
        return tuple(_whole(name, part) for part in value.replace("to", " ").split())
    if name == "hidden_dimension":
        units = [_whole(name, part) for part in value.replace(",", " ").split()]
        return units[0] if len(units) == 1 else units
    if name in WHOLE_NUMBERS:
        return _whole(name, value)
    if name in FRACTIONS:
        return _fraction(name, value)
    return value


def _text_or_none(masters: Any) -> str | None:
    """Return masters that are a text or none at all, and an empty text for a list of them."""
    return masters if masters is None or isinstance(masters, str) else ""


def _source_settings(source: str) -> dict[str, Any]:
    """Return what goes with a source of data: its vocabulary and a fitting number of samples."""
    if source == "alice":
        return {"vocabulary": text_vocabulary(ALICE), "num_samples": 10_000}
    return {name: SequenceDataset.param[name].default for name in ("vocabulary", "num_samples")}


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise SettingError(name, f"{name} takes whole numbers, got {text!r}.") from None


def _fraction(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SettingError(name, f"{name} takes a number such as 0.01, got {text!r}.") from None
