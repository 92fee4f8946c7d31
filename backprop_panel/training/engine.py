"""The engine: the only code that trains, and the code whose values are explained."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from math import ceil, nan
from time import perf_counter
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..data.batch_loader import BatchLoader, Block, Cursor
from ..data.sequence_dataset import SequenceDataset
from ..nn.losses import LOSSES
from ..nn.network import Network, Phase, Workspace
from ..nn.optimizers import OPTIMIZERS, Optimizer, OptimizerState
from ..nn.record import StepRecord, layers_copy, pass_copy, read_only_copy
from ..settings import LARGEST, SettingError, is_finite, is_number, is_whole, plain, shown
from .checkpoints import Checkpoints, EngineState
from .evaluation import Evaluation
from .event_log import (
    Changed,
    Event,
    LayerFrozen,
    Trained,
    WeightSet,
    WeightsLoaded,
    digests_in,
    edits_at,
)
from .history import History
from .weight_tensors import digest_of

LOSS = Phase("loss")
UPDATE = Phase("update")

MOST_WORKSPACES = 4
"""Number of batch sizes with buffers: the usual one, 1, the rest of an epoch, and another."""


@dataclass(frozen=True)
class TrainingSettings:
    """The settings that may change between any two steps."""

    learning_rate: float = 0.001
    batch_size: int = 32
    loss_type: str = "mse"
    optimizer: str = "sgd"
    weight_decay: float = 0.0


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
    settings : TrainingSettings
    optimizer : Optimizer
        The optimizer in use, with its settings.
    loader : BatchLoader
    events : list of Event
        All changes in order; repeating them on a new engine gives the same state.
    tensors : dict of str to array, shape (size,)
        Loaded weights and biases, read-only, by the digests in `events`.
    checkpoints : Checkpoints
        States at some of its steps.
    frozen : frozenset of int
        The layers that do not learn.
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
        self.frozen: frozenset[int] = frozenset()
        self.viewing: Cursor | None = None
        self.loader = BatchLoader(data)
        self._optimizer_states: dict[str, OptimizerState] = {}
        self._last_update: NDArray[np.floating] | None = None
        self._gradients = np.zeros(network.size, network.dtype)
        self._layer_gradients = network.by_layer(self._gradients)
        self._workspaces: dict[int, Workspace] = {}
        # Two, as a page may predict while a worker validates.
        self._predicting, self._validating = Evaluation(network, data), Evaluation(network, data)
        self._use(settings)

    @property
    def reading(self) -> Cursor:
        """The cursor from which steps take their batches: for training, or for viewing."""
        return self.viewing or self.cursor

    @property
    def epoch(self) -> int:
        """Completed passes over the training samples."""
        return self.cursor.epoch

    @property
    def optimizer_state(self) -> OptimizerState:
        """The state of the optimizer in use; an earlier optimizer finds its state again."""
        state = self._optimizer_states.get(self.settings.optimizer)
        # A new state is not stored here: reading it must not change the engine.
        return state or self.optimizer.initial_state(self.network.size, self.network.dtype)

    @property
    def layer_updates(self) -> list[NDArray[np.floating]] | None:
        """What the last step added to each layer, (in + 1, out); None before the first step.

        It is None after `restore` as well: states do not hold it.
        """
        return None if self._last_update is None else self.network.by_layer(self._last_update)

    def change(self, **settings: Any) -> None:
        """Change training settings from the next step on, and log the change."""
        settings = plain(settings)
        changed = replace(self.settings, **settings)
        if changed != self.settings:
            self._use(changed)
            self.events.append(Changed(self.step, settings))

    def set_weight(self, layer: int, row: int, column: int, value: float) -> None:
        """Set one weight of a layer, and log it; the last row is the bias.

        Raises
        ------
        SettingError
            If the weight does not exist, or the value is not finite in float32.
        """
        layer, row, column, value = plain((layer, row, column, value))
        self._refuse_missing_layer(layer)
        rows, columns = self.network.layers[layer].shape
        if not (_is_index(row, rows) and _is_index(column, columns)):
            raise SettingError(
                "weight",
                f"Layer {layer} has the shape {(rows, columns)}; got {shown((row, column))}.",
            )
        if not is_number(value) or not is_finite(value):
            raise SettingError(
                "weight",
                f"A weight must be a finite number, at most {LARGEST:.2g} in magnitude; "
                f"got {shown(value)}.",
            )
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
        """Set all weights and biases from tensors that were loaded before, and log it."""
        self.network.parameters[...] = self.tensors[digest]
        self.events.append(WeightsLoaded(self.step, digest))

    def freeze(self, layer: int, frozen: bool) -> None:
        """Freeze or unfreeze the weights and bias of a layer, and log it.

        The optimizer still sees the gradients of a frozen layer, so that its state is up to date
        when the layer learns again.
        """
        layer, frozen = plain(layer), bool(frozen)
        self._refuse_missing_layer(layer)
        if frozen != (layer in self.frozen):
            self.frozen = self.frozen ^ {layer}
            self.events.append(LayerFrozen(self.step, layer, frozen))

    def _refuse_missing_layer(self, layer: int) -> None:
        depth = self.network.depth
        if not _is_index(layer, depth):
            raise SettingError("layer", f"There are {depth} layers; got number {shown(layer)}.")

    def view_only(self, only: bool) -> None:
        """View batches without training from here on, or train again from the cursor."""
        self.viewing = self.cursor.copy() if only else None

    def advance(self, size: int, most: int = 1) -> int:
        """Make up to `most` steps on `size` examples each; return the number of steps made.

        It stops at the end of an epoch, whose last batch may be smaller. While `viewing`, the
        steps compute everything and leave the weights as they are.
        """
        cursor = self.reading
        block = self.loader.load(cursor, size, most)
        made = 0
        try:
            for place in range(len(block)):
                for _ in self.phases(block, place, updating=not self.viewing):
                    pass
                made = place + 1
        finally:  # steps before one that raised are logged as well
            if made:
                examples, accuracies = self._measures(block, made)
                self._log(cursor, size, block.batch_size, _mean(examples), accuracies)
        return len(block)

    def observe(self, size: int) -> StepRecord:
        """Make one step, as `advance` does, and return its record."""
        cursor = self.reading
        block = self.loader.load(cursor, size)
        record = self._recorded(block, cursor.epoch, updating=not self.viewing)
        self._log(cursor, size, block.batch_size, [record.loss], [record.accuracy])
        return record

    def look(self, samples: NDArray[np.integer] | None = None) -> StepRecord:
        """Return the record of a batch with the present weights; change nothing.

        Parameters
        ----------
        samples : array of int, optional
            Indices of training samples; the next batch by default.
        """
        cursor = self.reading
        if samples is None:
            samples = cursor.peek(self.settings.batch_size)
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
        work = self._workspace(self._workspaces, block.batch_size)
        np.copyto(work.activations[0], block.inputs[place])
        yield from self.network.forward(work)
        block.logits[place] = work.logits
        self._loss.derivative(
            work.logits, block.one_hot_targets[place], work.deltas[-1], work.column
        )
        yield LOSS
        yield from self.network.backward(work, self._layer_gradients)
        if updating:
            self._update()
            yield UPDATE

    def _update(self) -> None:
        network = self.network
        state = self._optimizer_states.setdefault(self.settings.optimizer, self.optimizer_state)
        kept = [(layer, network.layers[layer].copy()) for layer in self.frozen]
        self.optimizer.step(network.parameters, self._gradients, state)
        for layer, weights in kept:
            network.layers[layer][...] = weights
            network.by_layer(state.update)[layer][...] = 0
        self._last_update = state.update

    def _recorded(self, block: Block, epoch: int, updating: bool) -> StepRecord:
        """Make a step on the first batch of `block` and return its record."""
        network = self.network
        set_by_hand, loaded = edits_at(self.events, self.step)
        for phase in self.phases(block, updating=updating):
            if phase.name == "backward" and phase.layer == 0:
                work = self._workspaces[block.batch_size]
                copies = pass_copy(network, work, self._gradients)
                state = self.optimizer_state
                moments = {
                    name: layers_copy(network, moment) for name, moment in state.moments.items()
                }
                steps = state.steps
        update = self.optimizer_state.update if updating else np.zeros_like(self._gradients)
        examples, (accuracy,) = self._measures(block, 1)
        (loss,) = _mean(examples)
        return StepRecord(
            step=self.step + updating,
            epoch=epoch,
            samples=read_only_copy(block.samples[0]),
            contexts=read_only_copy(block.contexts[0]),
            targets=read_only_copy(block.targets[0]),
            loss=float(loss),
            accuracy=float(accuracy),
            example_losses=read_only_copy(examples[0]),
            layer_updates=layers_copy(network, update),
            moments=moments,
            optimizer_steps=steps,
            updated=updating,
            settings=self._settings_of_records,
            activation_names=network.activation_names,
            frozen=self.frozen,
            set_by_hand=set_by_hand,
            loaded=loaded,
            **copies,
        )

    def _measures(self, block: Block, count: int) -> tuple[NDArray, NDArray]:
        """Return the losses (count, B) and accuracies (count,) of the first batches of a block.

        No step needs them, so that they are computed for a whole block at once.
        """
        logits = block.logits[:count]
        right = logits.argmax(axis=-1) == block.targets[:count]
        examples = self._loss.examples(logits, block.one_hot_targets[:count])
        return examples, np.add.reduce(right, axis=-1) / block.batch_size

    def predict(self, contexts: NDArray) -> NDArray[np.floating]:
        """Return the logits, shape (n, out), for contexts of token ids, shape (n, length)."""
        return self._predicting.predict(contexts)

    def validation_loss(self) -> float:
        """Return the mean loss on the validation windows, NaN if there are none."""
        return self._validating.validation_loss(self._loss)

    def batches_left(self) -> int:
        """Return the number of batches left in the epoch, at the present batch size."""
        cursor = self.reading
        return ceil((self.data.num_samples - cursor.position) / self.settings.batch_size)

    def _use(self, settings: TrainingSettings) -> None:
        self.settings = settings
        self._loss = LOSSES[settings.loss_type]
        rule = OPTIMIZERS[settings.optimizer]
        self.optimizer: Optimizer = rule(settings.learning_rate, settings.weight_decay)
        self._settings_of_records = MappingProxyType(asdict(settings))

    def _workspace(self, kept: dict[int, Workspace], batch: int) -> Workspace:
        """Return the buffers for a batch size, allocated once."""
        work = kept.get(batch)
        if work is None:
            if len(kept) == MOST_WORKSPACES:
                kept.pop(next(iter(kept)))
            work = kept[batch] = Workspace(self.network, batch)
        return work

    def state(self) -> EngineState:
        """Return a copy of everything that determines the next steps."""
        return EngineState(
            step=self.step,
            epoch=self.cursor.epoch,
            position=self.cursor.position,
            events=len(self.events),
            settings=asdict(self.settings),
            frozen=self.frozen,
            parameters=read_only_copy(self.network.parameters),
            optimizers={name: state.copy() for name, state in self._optimizer_states.items()},
        )

    def restore(self, state: EngineState) -> None:
        """Return to a state; its log and history are left to the caller."""
        self.network.parameters[...] = state.parameters
        self._use(TrainingSettings(**state.settings))
        self.step = state.step
        self.frozen = state.frozen
        self.cursor.epoch, self.cursor.position = state.epoch, state.position
        self._optimizer_states = {name: each.copy() for name, each in state.optimizers.items()}
        self._last_update = None
        self.view_only(self.viewing is not None)

    def adopt(self, other: Engine) -> None:
        """Copy the state, history, events, loaded tensors and checkpoints of another engine."""
        self.restore(other.state())
        self.history.restore(other.history)
        self.events = deepcopy(other.events)
        self.tensors = {digest: other.tensors[digest] for digest in digests_in(self.events)}
        self.checkpoints = Checkpoints(list(other.checkpoints.states))

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
        self._log_event(size, count)
        validation = self.validation_loss() if cursor.epoch > epoch else nan
        self.history.extend(self.step, epoch, losses, accuracies, validation)
        self.step += count
        self._keep_checkpoint()

    def _keep_checkpoint(self) -> None:
        if self.checkpoints.are_due():
            begin = perf_counter()
            self.checkpoints.keep(self.state(), perf_counter() - begin)

    def _log_event(self, size: int, updates: int) -> None:
        last = self.events[-1] if self.events else None
        if isinstance(last, Trained) and last.size == size:
            last.updates += updates
        else:
            self.events.append(Trained(self.step, plain(size), updates))


def _mean(examples: NDArray) -> NDArray:
    """Return the mean over each batch: ``mean(axis=-1)``, but faster."""
    return np.add.reduce(examples, axis=-1) / examples.shape[-1]


def _is_index(index: int, length: int) -> bool:
    return is_whole(index) and 0 <= index < length
