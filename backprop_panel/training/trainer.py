"""The trainer as a Param class: its settings, and the steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import param

from ..data.sequence_dataset import SequenceDataset
from ..interrupts import interrupts_deferred
from ..nn.record import StepRecord
from ..settings import SettingError, refuse_other, refuse_unknown, refuse_unlisted
from .command_queue import Command, CommandQueue
from .engine import Engine
from .engine_setting import EngineChoice
from .fault_checks import refuse_idle_fault
from .model import Model, refuse_too_large
from .training_settings import TrainingParams, TrainingSettings

SETTING_NAMES = tuple(field.name for field in fields(TrainingSettings))


def always_free() -> None:
    """Claim a run that no other process can train."""


class Trainer(TrainingParams):
    """Trains a model on a dataset; every setting may change between any two steps.

    Raises
    ------
    SettingError
        For a setting that is unknown or out of bounds, or a model that does not fit the data.

    Attributes
    ----------
    engine : Engine
    commands : CommandQueue
        Runs commands between two steps of the engine. It takes no lease.
    claim : callable
        Takes the run's lease before a change, or raises `SettingError` if another process has
        it. A store replaces it.
    """

    model = param.ClassSelector(class_=Model, constant=True, doc="The network that is trained.")
    dataset = param.ClassSelector(
        class_=SequenceDataset, constant=True, doc="The source of the examples."
    )
    mode = EngineChoice(
        default="train",
        objects=["train", "visualize"],
        doc="Whether steps update the weights, or compute everything and leave them as they are.",
    )

    def __init__(self, model: Model, dataset: SequenceDataset, **settings: Any) -> None:
        refuse_other("model", model, Model)
        refuse_other("dataset", dataset, SequenceDataset)
        super().__init__(model=model, dataset=dataset, **settings)
        self._check_fit()
        self._refuse_large_batch(self.batch_size)
        settings = TrainingSettings(**{name: getattr(self, name) for name in SETTING_NAMES})
        refuse_idle_fault(settings, model.network, len(dataset))
        self.commands = CommandQueue()
        self.claim: Callable[[], None] = always_free
        self._waiting: deque[dict[str, Any]] = deque()
        engine = Engine(model.network, dataset, settings)
        engine.batches.view_only(self.mode == "visualize")
        self.engine = engine

    @property
    def step(self) -> int:
        """Number of updates."""
        return self.engine.step

    @property
    def epoch(self) -> int:
        """Completed passes over the training samples."""
        return self.engine.epoch

    @property
    def has_engine(self) -> bool:
        """Whether the engine exists; from then on it holds the settings."""
        return "engine" in self.__dict__

    def change(self, **settings: Any) -> None:
        """Change settings from the next step on: all of them, or none if one is refused.

        While a worker trains, the change waits for the end of its step.

        Parameters
        ----------
        **settings
            Any of `learning_rate`, `batch_size`, `loss_type`, `optimizer`, `weight_decay`,
            `fault` and `mode`.

        Raises
        ------
        SettingError
            For a setting that is unknown or out of bounds, or without which the fault in force
            cannot act, or if another process trains the run.
        """
        refuse_unknown(settings, (*SETTING_NAMES, "mode"))
        settings = {name: self.param[name].checked(value) for name, value in settings.items()}
        changed = {name: new for name, new in settings.items() if new != self.requested(name)}
        if not changed:
            return
        if "batch_size" in changed:
            self._refuse_large_batch(changed["batch_size"])
        after = {name: changed.get(name, self.requested(name)) for name in SETTING_NAMES}
        refuse_idle_fault(TrainingSettings(**after), self.model.network, len(self.dataset))
        with interrupts_deferred(), self.commands.locked():
            if changed.keys() & set(SETTING_NAMES):  # `mode` changes nothing of the run
                self.claim()
            self._waiting.append(changed)
            self.commands.put(self._apply_next_change)
        self.notify_watchers()

    def _apply_next_change(self) -> None:
        try:
            changed = dict(self._waiting[0])
            if (mode := changed.pop("mode", None)) is not None:
                self.engine.batches.view_only(mode == "visualize")
            self.engine.change(**changed)
        finally:
            self._waiting.popleft()

    def requested(self, name: str) -> Any:
        """Return a setting as it will be once all waiting changes are made.

        Raises
        ------
        SettingError
            If there is no such setting.
        """
        refuse_unlisted("setting", name, (*SETTING_NAMES, "mode"))
        # The engine is read last: a worker may make the change between the two.
        for changed in reversed(list(self._waiting)):
            if name in changed:
                return changed[name]
        if name == "mode":
            return "train" if self.engine.batches.viewing is None else "visualize"
        return getattr(self.engine.settings, name)

    def notify_watchers(self) -> None:
        """Tell the watchers of the settings about those that have changed in the engine."""
        with param.parameterized.batch_call_watchers(self):
            for name in (*SETTING_NAMES, "mode"):
                self.param[name].notify(self, self.requested(name))

    def submit(self, command: Command) -> None:
        """Claim the run and change it by a command: now, or before a worker's next step.

        Raises
        ------
        SettingError
            If another process trains the run: nothing has changed.
        """
        # Locked, so that the lease is not given back before the change.
        with interrupts_deferred(), self.commands.locked():
            self.claim()
            self.commands.put(command)

    @contextmanager
    def stepping(self) -> Iterator[Callable[[], None]]:
        """Claim the run and let its commands wait while a block steps the engine.

        Ctrl-C waits until the end of the block.

        Yields
        ------
        check : callable
            Raises `KeyboardInterrupt` if Ctrl-C waits; to be called between two steps.

        Raises
        ------
        SettingError
            If another process trains the run.
        """
        with interrupts_deferred() as check:
            with self.commands.locked():
                self.claim()
                self.commands.start_stepping()
            try:
                yield check
            finally:
                self.commands.stop_stepping()

    def run_step(self) -> StepRecord:
        """Make a step on one example and return its record."""
        with self.stepping():
            return self.engine.record_step(1)

    def run_batch(self) -> StepRecord:
        """Make a step on the next `batch_size` examples and return its record."""
        with self.stepping():
            return self.engine.record_step(self.batch_size)

    def run_epoch(self) -> StepRecord:
        """Train to the end of the epoch and return its last record."""
        engine = self.engine
        with self.stepping() as check:
            while (before_last := engine.batches.left(engine.settings.batch_size) - 1) > 0:
                engine.advance(self.batch_size, before_last)
                self.commands.run_waiting()
                check()
            return engine.record_step(self.batch_size)

    def _check_fit(self) -> None:
        for setting in ("input_dimension", "output_dimension"):
            of_model, of_data = getattr(self.model, setting), getattr(self.dataset, setting)
            if of_model != of_data:
                raise SettingError(
                    setting, f"The model's {setting} is {of_model}, but the dataset's is {of_data}."
                )

    def _refuse_large_batch(self, size: int) -> None:
        refuse_too_large(self.model.network.widths, min(size, len(self.dataset)))
