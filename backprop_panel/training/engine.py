"""The engine: it trains the network, and records the values that explanations read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import partial
from math import nan
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..data.batch_loader import BatchLoader, Block, Cursor
from ..data.sampling import Windows
from ..data.sequence_dataset import SequenceDataset
from ..nn.network import Network, Phase
from ..nn.optimizers import Optimizer, OptimizerState
from ..nn.record import FrozenPart, StepRecord, read_only_copy
from ..settings import SettingError, plain, shown
from .checkpoints import Checkpoints, EngineState
from .engine_params import checked_changes
from .evaluation import Evaluation
from .event_log import digests_in, edits_at, log_steps
from .events import Changed, Event, LayerFrozen, PartFrozen, UnitSilenced, WeightSet, WeightsLoaded
from .fault_checks import refuse_idle_fault
from .given_examples import checked_contexts, checked_samples
from .health_log import HealthLog, StepHealth
from .health_meter import HealthMeter
from .history import History
from .pytorch_weights import digest_of
from .step_computation import StepComputation
from .training_settings import TrainingSettings
from .weight_edits import (
    refuse_missing_part,
    refuse_missing_unit,
    refuse_missing_weight,
    refuse_other_than_bool,
    refuse_weight_value,
)

Made = TypeVar("Made")


class Engine:
    """A network, its data and its optimizer, advanced step by step.

    It is plain Python and NumPy, so that it can run in a worker thread.

    Attributes
    ----------
    step : int
        Updates made.
    cursor : Cursor
        The next training sample.
    viewing : Cursor or None
        The next sample to view without training; None while training.
    history : History
    loader : BatchLoader
    events : list of Event
        All changes in order; repeating them on a new engine gives the same state.
    tensors : dict of str to array, shape (size,)
        Loaded weights and biases, read-only, by the digests in `events`.
    checkpoints : Checkpoints
        States at some of its steps.
    health : HealthLog
        The health of the layers at some of its steps.
    measuring : bool
        Whether further steps are measured; an engine that repeats those of another need not.
    """

    def __init__(self, network: Network, data: SequenceDataset, settings: TrainingSettings) -> None:
        self.network = network
        self.data = data
        self.step = 0
        self.cursor = Cursor(data)
        self.history = History()
        self.events: list[Event] = []
        self.tensors: dict[str, NDArray[np.float32]] = {}
        self.checkpoints = Checkpoints()
        self.health = HealthLog()
        self.measuring = True
        self.viewing: Cursor | None = None
        self.loader = BatchLoader(data)
        self._computation = StepComputation(network, settings)
        # Two, as a page may predict while a worker validates.
        self._predicting, self._validating = Evaluation(network, data), Evaluation(network, data)
        self._meter = HealthMeter(network, data)
        self._computation.begin_fault()
        self._leave_out_smaller_batches()

    @property
    def reading(self) -> Cursor:
        """The cursor from which steps take their batches: for training, or for viewing."""
        return self.viewing or self.cursor

    @property
    def epoch(self) -> int:
        """Completed passes over the training samples."""
        return self.cursor.epoch

    @property
    def settings(self) -> TrainingSettings:
        """The settings in force."""
        return self._computation.settings

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
    def optimizer(self) -> Optimizer:
        """The optimizer in use, with its settings."""
        return self._computation.optimizer

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
        before, changed = self.settings, replace(self.settings, **settings)
        if changed != before:
            refuse_idle_fault(changed, self.network, len(self.data))
            self._computation.use(changed)
            if changed.fault != before.fault:
                self._computation.begin_fault()
            self._leave_out_smaller_batches()
            self.events.append(Changed(self.step, settings))

    def set_weight(self, layer: int, row: int, column: int, value: float) -> None:
        """Set one weight of a layer, and log it; the last row is the bias.

        Raises
        ------
        SettingError
            If the weight does not exist, or the value is not finite in float32.
        """
        layer, row, column, value = plain((layer, row, column, value))
        refuse_missing_weight(self.network, layer, row, column)
        refuse_weight_value(value)
        self.network.layers[layer][row, column] = value
        self.events.append(WeightSet(self.step, layer, row, column, float(value)))

    def load_weights(self, parameters: NDArray[np.float32]) -> None:
        """Set all weights and biases from a vector like ``network.parameters``, and log it.

        The optimizer keeps its state. A frozen layer gets its new weights as well.

        Raises
        ------
        SettingError
            If the vector does not fit the network or holds a number that is not finite.
        """
        digest = digest_of(self.network, parameters)
        self.tensors.setdefault(digest, read_only_copy(parameters))
        self.load_again(digest)

    def load_again(self, digest: str) -> None:
        """Set all weights and biases from tensors that were loaded before, and log it.

        Raises
        ------
        SettingError
            If no tensors of this digest were loaded.
        """
        if digest not in self.tensors:
            raise SettingError("weights", f"No weights of the digest {shown(digest)} were loaded.")
        self.network.parameters[...] = self.tensors[digest]
        self.events.append(WeightsLoaded(self.step, digest))

    def freeze(
        self, layer: int, frozen: bool, row: int | None = None, column: int | None = None
    ) -> None:
        """Freeze or unfreeze weights and biases, and log it.

        The optimizer still sees the gradients of what is frozen, so that its state is up to date
        when that learns again.

        Parameters
        ----------
        layer : int
        frozen : bool
        row, column : int, optional
            A single entry, the last row being the bias; the column alone for the weights and the
            bias of one unit; neither for the whole layer.

        Raises
        ------
        SettingError
            If there is no such layer or entry.
        """
        layer, row, column, frozen = plain((layer, row, column, frozen))
        refuse_other_than_bool("frozen", frozen)
        refuse_missing_part(self.network, layer, row, column)
        if column is None:
            if frozen != (layer in self.frozen):
                self._computation.frozen = self.frozen ^ {layer}
                self.events.append(LayerFrozen(self.step, layer, frozen))
        elif frozen != ((part := (layer, row, column)) in self.frozen_parts):
            self._computation.frozen_parts = self.frozen_parts ^ {part}
            self.events.append(PartFrozen(self.step, *part, frozen))

    def silence(self, level: int, unit: int, silenced: bool) -> None:
        """Make the activation of a hidden unit zero whatever reaches it, or no longer; log it.

        No gradient passes through a silenced unit. The weights before it get none.

        Raises
        ------
        SettingError
            If there is no such hidden unit.
        """
        level, unit, silenced = plain((level, unit, silenced))
        refuse_other_than_bool("silenced", silenced)
        refuse_missing_unit(self.network, level, unit)
        if silenced != ((level, unit) in self.silenced):
            self._computation.silenced = self.silenced ^ {(level, unit)}
            self.events.append(UnitSilenced(self.step, level, unit, silenced))

    def can_remember(self, count: int) -> bool:
        """Return whether the fault in force may take so many numbers to the next step."""
        return self._computation.can_remember(count)

    def _leave_out_smaller_batches(self) -> None:
        """Tell the cursors how many samples at the end of an epoch the rules in force leave out."""
        drops = self._computation.rules.drops_smaller_batch
        for cursor in filter(None, (self.cursor, self.viewing)):
            cursor.leave_out(self.settings.batch_size - 1 if drops else 0)

    def view_only(self, only: bool) -> None:
        """View batches without training from here on, or train again from the cursor."""
        self.viewing = self.cursor.copy() if only else None

    def advance(self, size: int, most: int = 1) -> int:
        """Make up to `most` steps on `size` examples each; return the number of steps made.

        It stops at the end of an epoch; the last batch may be smaller. While `viewing`, the
        steps compute everything and leave the weights as they are.
        """
        cursor = self.reading
        block = self.loader.load(cursor, size, most)
        measured = self._places_to_measure(len(block))
        made = 0
        try:
            for place in range(len(block)):
                if place in measured:
                    self._measured(block, self.step + place + 1, partial(self._make, block, place))
                else:
                    self._make(block, place)
                made = place + 1
        finally:  # steps before one that raised are logged as well
            if made:
                examples, accuracies = self._computation.losses_and_accuracies(block, made)
                losses = self._computation.rules.total(examples)
                self._log(cursor, size, block.batch_size, losses, accuracies)
        return len(block)

    def observe(self, size: int) -> StepRecord:
        """Make one step, as `advance` does, and return its record."""
        cursor = self.reading
        block = self.loader.load(cursor, size)

        def make() -> StepRecord:
            return self._recorded(block, cursor.epoch, updating=not self.viewing)

        measured = self._places_to_measure(1)
        record = self._measured(block, self.step + 1, make) if measured else make()
        self._log(cursor, size, block.batch_size, [record.loss], [record.accuracy])
        return record

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
        cursor = self.reading
        if samples is None:
            samples = cursor.peek(self.settings.batch_size)
        else:
            samples = checked_samples(samples, self.data)
        block = self.loader.block(samples[np.newaxis])
        return self._recorded(block, cursor.epoch, updating=False)

    def phases(self, block: Block, place: int = 0, updating: bool = True) -> Iterator[Phase]:
        """Make one step on a batch of a block, yielding after each phase.

        Parameters
        ----------
        block : Block
        place : int
            The index of the batch in the block.
        updating : bool
            Whether to update the weights.
        """
        return self._computation.phases(block, place, updating)

    def _make(self, block: Block, place: int) -> None:
        for _ in self.phases(block, place, updating=not self.viewing):
            pass

    def _places_to_measure(self, count: int) -> range:
        """Return which of the next `count` steps to measure."""
        if self.viewing or not self.measuring:
            return range(0)
        due = self.health.next_step
        return self._meter.places(count, max(due - self.step - 1, 0), self.health.spacing)

    def _measured(self, block: Block, step: int, make: Callable[[], Made]) -> Made:
        """Make a step on a batch of `block`, and keep its health: it only reads."""
        values = self._meter.begin()
        made = make()
        self._meter.complete(values, *self._computation.last_step(block.batch_size))
        self.health.keep(StepHealth(step, values))
        return made

    def _recorded(self, block: Block, epoch: int, updating: bool) -> StepRecord:
        """Make a step on the first batch of `block` and return its record."""
        set_by_hand, loaded = edits_at(self.events, self.step)
        values = self._computation.recorded(block, updating)
        return StepRecord(
            step=self.step + updating,
            epoch=epoch,
            samples=read_only_copy(block.samples[0]),
            contexts=read_only_copy(block.contexts[0]),
            targets=read_only_copy(block.targets[0]),
            set_by_hand=set_by_hand,
            loaded=loaded,
            **values,
        )

    def predict(self, contexts: NDArray) -> NDArray[np.floating]:
        """Return the logits, shape (n, out), for contexts of token ids, shape (n, length).

        Raises
        ------
        SettingError
            If the contexts have another shape, or other values than the ids of tokens.
        """
        return self._predicting.predict(checked_contexts(contexts, self.data))

    def validation_loss(self) -> float:
        """Return the mean loss on the validation windows, NaN if there are none."""
        return self._validating.mean_loss(
            self._computation.rules.validation_loss, self.data.validation_windows
        )

    def mean_loss(self, windows: Windows) -> float:
        """Return the mean loss on windows, given by their numbers, NaN if there are none."""
        return self._predicting.mean_loss(self._computation.rules.validation_loss, windows)

    def batches_left(self) -> int:
        """Return the number of batches left in the epoch, at the present batch size."""
        return self.reading.batches_left(self.settings.batch_size)

    def state(self) -> EngineState:
        """Return a copy of everything that determines the next steps."""
        return EngineState(
            step=self.step,
            epoch=self.cursor.epoch,
            position=self.cursor.position,
            events=len(self.events),
            **self._computation.state(),
        )

    def restore(self, state: EngineState) -> None:
        """Return to a state; its log and history are left to the caller."""
        self._computation.restore(state)
        self.step = state.step
        self.cursor.epoch, self.cursor.position = state.epoch, state.position
        self._leave_out_smaller_batches()
        self.view_only(self.viewing is not None)

    def adopt(self, other: Engine) -> None:
        """Copy the state, history, events, tensors, checkpoints and health of another engine."""
        # First, and another list: replays in other threads then know that the past is replaced.
        self.events = deepcopy(other.events)
        self.restore(other.state())
        self.history.restore(other.history)
        self.tensors = {digest: other.tensors[digest] for digest in digests_in(self.events)}
        self.checkpoints = Checkpoints(list(other.checkpoints.states))
        self.health = HealthLog(other.health.moments)

    def _log(
        self,
        cursor: Cursor,
        size: int,
        batch: int,
        losses: ArrayLike,
        accuracies: ArrayLike,
    ) -> None:
        """Move the cursor past a block of steps within an epoch, and log them.

        `size` is the batch size that was asked for, `batch` that of the block.
        """
        epoch, count = cursor.epoch, len(losses)
        cursor.pass_by(count * batch)
        if cursor is not self.cursor:  # only viewed
            return
        log_steps(self.events, self.step, plain(size), count)
        validation = self.validation_loss() if cursor.epoch > epoch else nan
        self.history.extend(self.step, epoch, losses, accuracies, validation)
        self.step += count
        self._keep_checkpoint()

    def _keep_checkpoint(self) -> None:
        if self.checkpoints.are_due():
            begin = perf_counter()
            self.checkpoints.keep(self.state(), perf_counter() - begin)
