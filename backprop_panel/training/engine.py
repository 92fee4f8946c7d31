"""The engine: it trains the network, and records the values that explanations read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import partial
from math import nan
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..data.batch_loader import Block
from ..data.sampling import Windows
from ..data.sequence_dataset import SequenceDataset
from ..nn.network import Network, Phase
from ..nn.optimizers import OptimizerState
from ..nn.record import FrozenPart, StepRecord
from ..plain_values import plain
from .batch_reader import BatchReader
from .checkpoints import Checkpoints, EngineState
from .edits import Edits
from .evaluation import Evaluation
from .event_log import digests_in, edits_at, log_steps
from .events import Changed, Event
from .fault_checks import refuse_idle_fault
from .given_examples import checked_contexts, checked_samples
from .health_log import HealthLog, StepHealth
from .health_meter import HealthMeter
from .history import History
from .step_computation import StepComputation
from .training_settings import TrainingSettings, checked_changes

Made = TypeVar("Made")

WITHOUT_WARNINGS = np.errstate(all="ignore")
"""For what may compute with a network that has diverged: its numbers say so themselves."""


class Engine:
    """A network, its data and its optimizer, advanced step by step.

    It is plain Python and NumPy, so that it can run in a worker thread.

    Attributes
    ----------
    step : int
        Updates made.
    batches : BatchReader
        The batches of the steps.
    history : History
    events : list of Event
        All changes in order; repeating them on a new engine gives the same state.
    tensors : dict of str to array, shape (size,)
        Loaded weights and biases, read-only, by the digests in `events`.
    checkpoints : Checkpoints
        States at some of its steps.
    health : HealthLog
        The health of the layers at some of its steps.
    measuring : bool
        Whether the health of further steps is measured. A replay needs no measurements.
    """

    def __init__(self, network: Network, data: SequenceDataset, settings: TrainingSettings) -> None:
        self.network = network
        self.data = data
        self.step = 0
        self.batches = BatchReader(data)
        self.history = History()
        self.events: list[Event] = []
        self.tensors: dict[str, NDArray[np.float32]] = {}
        self.checkpoints = Checkpoints()
        self.health = HealthLog()
        self.measuring = True
        self._computation = StepComputation(network, settings)
        # Each with its own buffers: a page may predict while a worker validates.
        self._predicting, self._validating = Evaluation(network, data), Evaluation(network, data)
        self._meter = HealthMeter(network, data)
        self._computation.begin_fault()
        self._leave_out_smaller_batches()

    @property
    def epoch(self) -> int:
        """Completed passes over the training samples."""
        return self.batches.cursor.epoch

    @property
    def settings(self) -> TrainingSettings:
        """The settings in force."""
        return self._computation.settings

    @property
    def edits(self) -> Edits:
        """What can be done to the network by hand."""
        return Edits(self, self._computation)

    @property
    def frozen(self) -> frozenset[int]:
        """The layers that do not learn."""
        return self._computation.frozen

    @property
    def frozen_parts(self) -> frozenset[FrozenPart]:
        """The weights, biases and units that do not learn; see `StepRecord`."""
        return self._computation.frozen_parts

    @property
    def silenced(self) -> frozenset[tuple[int, int]]:
        """Level and number of each unit whose activation is zero whatever reaches it."""
        return self._computation.silenced

    @property
    def optimizer_state(self) -> OptimizerState:
        """The state of the optimizer in use; an earlier optimizer finds its state again."""
        return self._computation.optimizer_state

    @property
    def layer_updates(self) -> list[NDArray[np.floating]] | None:
        """What the last step added to each layer, (in + 1, out); None before the first step.

        It is None after `restore` as well: states do not hold it.
        """
        update = self._computation.last_update
        return None if update is None else self.network.by_layer(update)

    def change(self, **settings: Any) -> None:
        """Change training settings from the next step on, and log the change.

        Raises
        ------
        SettingError
            For a setting that is unknown or out of bounds, or without which the fault in force
            cannot act. Nothing has changed then.
        """
        settings = checked_changes(settings)
        changed = replace(self.settings, **settings)
        if changed != self.settings:
            refuse_idle_fault(changed, self.network, len(self.data))
            self._computation.change_to(changed)
            self._leave_out_smaller_batches()
            self.events.append(Changed(self.step, settings))

    def can_remember(self, count: int) -> bool:
        """Return whether the fault in force may take so many numbers to the next step."""
        return self._computation.can_remember(count)

    def _leave_out_smaller_batches(self) -> None:
        """Let epochs end without the smaller batch that the rules in force leave out."""
        drops = self._computation.rules.drops_smaller_batch
        self.batches.leave_out(self.settings.batch_size - 1 if drops else 0)

    @WITHOUT_WARNINGS
    def advance(self, size: int, most: int = 1) -> int:
        """Make up to `most` steps on `size` examples each; return the number of steps made.

        It stops at the end of an epoch; the last batch may be smaller. While viewing, the steps
        compute everything and leave the weights as they are.
        """
        block = self.batches.load(size, most)
        measured = self._places_to_measure(len(block))
        make = partial(self._computation.make, block, updating=not self.batches.viewing)
        made = 0
        try:
            for place in range(len(block)):
                if place in measured:
                    self._measured(block, self.step + place + 1, partial(make, place))
                else:
                    make(place)
                made = place + 1
        finally:  # steps before one that raised are logged as well
            if made:
                examples, accuracies = self._computation.losses_and_accuracies(block, made)
                losses = self._computation.rules.total(examples)
                self._log(size, block.batch_size, losses, accuracies)
        return len(block)

    @WITHOUT_WARNINGS
    def record_step(self, size: int) -> StepRecord:
        """Make one step, as `advance` does, and return its record."""
        block = self.batches.next_batch(size)

        def make() -> StepRecord:
            """Make the step and return its record."""
            return self._recorded(block, updating=not self.batches.viewing)

        measured = self._places_to_measure(1)
        record = self._measured(block, self.step + 1, make) if measured else make()
        self._log(size, block.batch_size, [record.loss], [record.accuracy])
        return record

    @WITHOUT_WARNINGS
    def look(self, samples: NDArray[np.integer] | None = None) -> StepRecord:
        """Return the record of a batch with the present weights; change nothing.

        Parameters
        ----------
        samples : array of int, optional
            Indices of training samples; the next batch by default.

        Raises
        ------
        SettingError
            If there is no such sample.
        """
        if samples is None:
            samples = self.batches.reading.peek(self.settings.batch_size)
        else:
            samples = checked_samples(samples, self.data)
        block = self.batches.loader.block(samples[np.newaxis])
        return self._recorded(block, updating=False)

    def phases(self, block: Block, place: int = 0, updating: bool = True) -> Iterator[Phase]:
        """Make one step on a batch of a block; see `StepComputation.phases`."""
        return self._computation.phases(block, place, updating)

    def _places_to_measure(self, count: int) -> range:
        """Return which of the next `count` steps to measure."""
        if self.batches.viewing or not self.measuring:
            return range(0)
        log, done = self.health, self.step + 1
        due = max(log.next_step - done, 0)
        return self._meter.places(count, due, log.spacing, log.overdue_step - done)

    def _measured(self, block: Block, step: int, make: Callable[[], Made]) -> Made:
        """Make a step on a batch of `block`, and log its health. Measuring only reads values."""
        values = self._meter.begin()
        made = make()
        self._meter.complete(values, *self._computation.last_step(block.batch_size))
        self.health.add(StepHealth(step, values))
        return made

    def _recorded(self, block: Block, updating: bool) -> StepRecord:
        """Make a step on the first batch of `block` and return its record."""
        set_by_hand, loaded = edits_at(self.events, self.step)
        return StepRecord(
            step=self.step + updating,
            epoch=self.batches.reading.epoch,
            set_by_hand=set_by_hand,
            loaded=loaded,
            **self._computation.recorded(block, updating),
        )

    @WITHOUT_WARNINGS
    def predict(self, contexts: NDArray) -> NDArray[np.floating]:
        """Return the logits, shape (n, out), for contexts of token ids, shape (n, length).

        Raises
        ------
        SettingError
            If the contexts have another shape, or other values than the ids of tokens.
        """
        return self._predicting.predict(checked_contexts(contexts, self.data))

    @WITHOUT_WARNINGS
    def validation_loss(self) -> float:
        """Return the mean loss on the validation windows, NaN if there are none."""
        loss = self._computation.rules.validation_loss
        return self._validating.mean_loss(loss, self.data.validation_windows)

    @WITHOUT_WARNINGS
    def mean_loss(self, windows: Windows) -> float:
        """Return the mean loss on windows, given by their numbers, NaN if there are none."""
        return self._predicting.mean_loss(self._computation.rules.validation_loss, windows)

    def state(self) -> EngineState:
        """Return a copy of everything that determines the next steps."""
        return EngineState(
            step=self.step,
            epoch=self.batches.cursor.epoch,
            position=self.batches.cursor.position,
            events=len(self.events),
            **self._computation.state(),
        )

    def restore(self, state: EngineState) -> None:
        """Return to a state; its log and history are left to the caller."""
        self._computation.restore(state)
        self.step = state.step
        cursor = self.batches.cursor
        cursor.epoch, cursor.position = state.epoch, state.position
        self._leave_out_smaller_batches()
        self.batches.view_only(self.batches.viewing is not None)

    def adopt(self, other: Engine) -> None:
        """Copy the state, history, events, tensors, checkpoints and health of another engine."""
        # Replaced first, by a new list, so that replays in other threads notice the new past.
        self.events = deepcopy(other.events)
        self.restore(other.state())
        self.history.restore(other.history)
        self.tensors = {digest: other.tensors[digest] for digest in digests_in(self.events)}
        self.checkpoints = Checkpoints(list(other.checkpoints.states))
        self.health = HealthLog(other.health.moments)

    def _log(self, size: int, batch: int, losses: ArrayLike, accuracies: ArrayLike) -> None:
        """Move the cursor past a block of steps within an epoch, and log them.

        `size` is the batch size that was asked for, `batch` that of the block.
        """
        cursor = self.batches.reading
        epoch, count = cursor.epoch, len(losses)
        cursor.pass_by(count * batch)
        if self.batches.viewing:
            return
        log_steps(self.events, self.step, plain(size), count)
        validation = self.validation_loss() if cursor.epoch > epoch else nan
        self.history.extend(self.step, epoch, losses, accuracies, validation)
        self.step += count
        self.checkpoints.add_if_due(self.state)
