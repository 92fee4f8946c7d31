"""The trainer as a Param class: settings that may change at any time, and the steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import param

from ..data.sequence_dataset import SequenceDataset
from ..nn.losses import LOSSES
from ..nn.optimizers import OPTIMIZERS
from ..nn.record import StepRecord
from ..settings import Choice, Configured, Count, Quantity, SettingError
from .command_queue import Command, CommandQueue
from .engine import Engine, TrainingSettings
from .model import Model, refuse_too_large

SETTING_NAMES = tuple(field.name for field in fields(TrainingSettings))


def always_free() -> None:
    """Claim a run that no other process can train."""


class Trainer(Configured):
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
        class_=SequenceDataset, constant=True, doc="Where its examples come from."
    )
    learning_rate = Quantity(
        0.001, bounds=(0, None), inclusive_bounds=(False, True), doc="The length of a step."
    )
    batch_size = Count(
        32,
        bounds=(1, None),
        doc="Examples in a batch; more than there are samples means all of them.",
    )
    loss_type = Choice(default="mse", objects=list(LOSSES), doc="What is minimised.")
    optimizer = Choice(
        default="sgd", objects=list(OPTIMIZERS), doc="How a gradient becomes an update."
    )
    weight_decay = Quantity(
        0.0, bounds=(0, None), doc="L2 decay: this times the weights is added to the gradient."
    )
    mode = Choice(
        default="train",
        objects=["train", "visualize"],
        doc="Whether steps move the weights, or compute everything and move nothing.",
    )

    def __init__(self, model: Model, dataset: SequenceDataset, **settings: Any) -> None:
        super().__init__(model=model, dataset=dataset, **settings)
        self._check_fit()
        self._refuse_large_batch()
        self.engine = Engine(model.network, dataset, self._training_settings())
        self.engine.view_only(self.mode == "visualize")
        self.commands = CommandQueue()
        self.claim: Callable[[], None] = always_free
        self._showing = False  # whether settings come from the engine, and need not go there
        self.param.watch(self._change_engine, list(SETTING_NAMES))
        self.param.watch(self._change_mode, "mode")

    @property
    def step(self) -> int:
        """Updates made."""
        return self.engine.step

    @property
    def epoch(self) -> int:
        """Passes over the training samples completed."""
        return self.engine.epoch

    def submit(self, command: Command) -> None:
        """Claim the run and change it by a command: now, or before a worker's next step.

        Raises
        ------
        SettingError
            If another process trains the run: nothing has changed.
        """
        with self.commands.locked():  # so that the lease is not given back before the change
            self.claim()
            self.commands.put(command)

    @contextmanager
    def stepping(self) -> Iterator[None]:
        """Claim the run and let its commands wait while a block steps the engine.

        Raises
        ------
        SettingError
            If another process trains the run.
        """
        with self.commands.locked():
            self.claim()
            self.commands.start_stepping()
        try:
            yield
        finally:
            self.commands.stop_stepping()

    def run_step(self) -> StepRecord:
        """Make a step on one example and return its record."""
        with self.stepping():
            return self.engine.observe(1)

    def run_batch(self) -> StepRecord:
        """Make a step on the next `batch_size` examples and return its record."""
        with self.stepping():
            return self.engine.observe(self.batch_size)

    def run_epoch(self) -> StepRecord:
        """Go on to the end of the present epoch and return its last record."""
        engine = self.engine
        with self.stepping():
            while (before_last := engine.batches_left() - 1) > 0:
                engine.advance(self.batch_size, before_last)
                self.commands.run_waiting()
            return engine.observe(self.batch_size)

    def show_engine_settings(self) -> None:
        """Take the values of the settings from the engine, after its state was replaced."""
        self._take_engine_settings()
        self._showing = True
        self.param.trigger(*SETTING_NAMES)
        self._showing = False

    def _take_engine_settings(self) -> None:
        with param.discard_events(self):
            self.param.update(**self._engine_settings())

    def _engine_settings(self) -> dict[str, Any]:
        return {name: getattr(self.engine.settings, name) for name in SETTING_NAMES}

    def _training_settings(self) -> TrainingSettings:
        return TrainingSettings(**{name: getattr(self, name) for name in SETTING_NAMES})

    def _change_engine(self, *events: param.parameterized.Event) -> None:
        if self._showing:
            return
        changed = {event.name: event.new for event in events}
        try:
            self._refuse_large_batch()
            self.submit(lambda: self.engine.change(**changed))
        except SettingError:
            self._take_engine_settings()
            raise
        # Where the run was changed elsewhere, taking that over has set them back.
        with param.discard_events(self):
            self.param.update(**changed)

    def _change_mode(self, event: param.parameterized.Event) -> None:
        only = event.new == "visualize"
        self.commands.put(lambda: self.engine.view_only(only))

    def _check_fit(self) -> None:
        for setting in ("input_dimension", "output_dimension"):
            of_model, of_data = getattr(self.model, setting), getattr(self.dataset, setting)
            if of_model != of_data:
                raise SettingError(
                    setting, f"The model's {setting} is {of_model}, but the dataset's is {of_data}."
                )

    def _refuse_large_batch(self) -> None:
        refuse_too_large(self.model.network.widths, min(self.batch_size, self.dataset.num_samples))
