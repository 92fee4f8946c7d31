"""The engine: the only code that trains, and the only code that there is to explain."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from math import ceil, nan
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .batches import BatchLoader, Block, Cursor
from .dataset import SequenceDataset
from .history import History
from .nn.losses import LOSSES
from .nn.network import Network, Phase, Workspace
from .nn.optimizers import OPTIMIZERS, Optimizer, OptimizerState
from .nn.record import StepRecord, frozen, layers_copy, pass_copy

LOSS = Phase("loss")
UPDATE = Phase("update")

MOST_WORKSPACES = 4
"""Batch sizes whose buffers are kept: the usual one, one example, an epoch's rest, evaluation."""

EVALUATED_AT_ONCE = 1024
"""How many windows go through the network at a time when it is only evaluated."""


@dataclass(frozen=True)
class TrainingSettings:
    """What may change between any two steps."""

    learning_rate: float = 0.001
    batch_size: int = 32
    loss_type: str = "mse"
    optimizer: str = "sgd"
    weight_decay: float = 0.0


@dataclass
class Trained:
    """An event: `updates` steps were made with batches of at most `size` examples."""

    step: int
    size: int
    updates: int


@dataclass(frozen=True)
class Changed:
    """An event: settings were changed after `step` updates."""

    step: int
    settings: dict[str, Any]


Event = Trained | Changed


class Engine:
    """A network, its data and its optimizer, advanced step by step.

    It is plain Python and NumPy, so that a worker thread can own it.

    Attributes
    ----------
    step : int
        Updates made.
    cursor : Cursor
        The next training sample.
    viewing : Cursor or None
        The next sample to look at without training, or None to train.
    history : History
    settings : TrainingSettings
    optimizer : Optimizer
        The present rule with its present settings.
    loader : BatchLoader
    events : list of Event
        What was done to the engine, in order; replaying it on a fresh one gives this one.
    """

    def __init__(self, network: Network, data: SequenceDataset, settings: TrainingSettings) -> None:
        self.network = network
        self.data = data
        self.step = 0
        self.cursor = Cursor(data)
        self.history = History()
        self.events: list[Event] = []
        self.viewing: Cursor | None = None
        self.loader = BatchLoader(data)
        self._messages: deque[Callable[[], None]] = deque()
        self._messages_lock = Lock()
        self._worked_on = False
        self._optimizer_states: dict[str, OptimizerState] = {}
        self._gradients = np.zeros(network.size, network.dtype)
        self._layer_gradients = network.by_layer(self._gradients)
        self._workspaces: dict[int, Workspace] = {}
        # Its own, so that a prediction never writes into a step that is under way.
        self._evaluation_workspaces: dict[int, Workspace] = {}
        self._use(settings)

    @property
    def reading(self) -> Cursor:
        """Where steps take their batches: the training's own cursor, or the one for viewing."""
        return self.viewing or self.cursor

    @property
    def epoch(self) -> int:
        """Passes over the training samples completed."""
        return self.cursor.epoch

    @property
    def optimizer_state(self) -> OptimizerState:
        """What the present rule remembers; a rule that was left finds its state again."""
        name = self.settings.optimizer
        if name not in self._optimizer_states:
            state = self.optimizer.initial_state(self.network.size, self.network.dtype)
            self._optimizer_states[name] = state
        return self._optimizer_states[name]

    def change(self, **settings: Any) -> None:
        """Change training settings from the next step on, and log it."""
        changed = replace(self.settings, **settings)
        if changed != self.settings:
            self._use(changed)
            self.events.append(Changed(self.step, settings))

    def view_only(self, only: bool) -> None:
        """Look at batches without training from here on, or train again from the cursor."""
        self.viewing = self.cursor.copy() if only else None

    def advance(self, size: int, most: int = 1) -> int:
        """Make up to `most` steps on `size` examples each; return how many were made.

        It stops at the end of an epoch, whose last batch may be smaller. While `viewing`, the
        steps compute everything and move nothing.
        """
        cursor = self.reading
        block = self.loader.load(cursor, size, most)
        with self._logging(cursor, block, size) as finished:
            for place in range(len(block)):
                for _ in self.phases(block, place, updating=not self.viewing):
                    pass
                finished.append(place)
        return len(block)

    def observe(self, size: int) -> StepRecord:
        """Make one step as `advance` does, and return its record."""
        cursor = self.reading
        block = self.loader.load(cursor, size)
        with self._logging(cursor, block, size) as finished:
            record = self._recorded(block, cursor.epoch, updating=not self.viewing)
            finished.append(0)
        return record

    def look(self) -> StepRecord:
        """Return the record of the next batch with the weights as they are; move nothing."""
        cursor = self.reading
        block = self.loader.load(cursor, self.settings.batch_size)
        return self._recorded(block, cursor.epoch, updating=False)

    def between_steps(self, action: Callable[[], None]) -> None:
        """Run `action` now, or, while a worker has the engine, before its next step."""
        with self._messages_lock:
            if self._worked_on:
                self._messages.append(action)
                return
        action()

    def take_messages(self) -> None:
        """Run the actions that are waiting; the worker calls this between steps."""
        while self._messages:
            self._messages.popleft()()

    def hand_over(self, to_worker: bool) -> None:
        """Say whether a worker has the engine; what is still waiting when it leaves is run."""
        with self._messages_lock:
            self._worked_on = to_worker
            self.take_messages()

    def phases(self, block: Block, place: int = 0, updating: bool = True) -> Iterator[Phase]:
        """Make one step on a batch of a block, yielding after each phase.

        Parameters
        ----------
        block : Block
        place : int
            Which of its batches.
        updating : bool
            Whether the weights move.
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
            self.optimizer.step(self.network.parameters, self._gradients, self.optimizer_state)
            yield UPDATE

    def _recorded(self, block: Block, epoch: int, updating: bool) -> StepRecord:
        """Make a step on the first batch of `block` and return its record."""
        network = self.network
        for phase in self.phases(block, updating=updating):
            if phase.name == "backward" and phase.layer == 0:
                work = self._workspaces[block.batch_size]
                copies = pass_copy(network, work, self._gradients)
        update = self.optimizer_state.update if updating else np.zeros_like(self._gradients)
        (loss,), (accuracy,) = self._measures(block, 1)
        return StepRecord(
            step=self.step + updating,
            epoch=epoch,
            samples=frozen(block.samples[0]),
            contexts=frozen(block.contexts[0]),
            targets=frozen(block.targets[0]),
            loss=float(loss),
            accuracy=float(accuracy),
            layer_updates=layers_copy(network, update),
            updated=updating,
            settings=asdict(self.settings),
            **copies,
        )

    def _measures(self, block: Block, count: int) -> tuple[NDArray, NDArray]:
        """Return the loss and the accuracy of each of the first `count` batches."""
        logits = block.logits[:count]
        accuracies = (logits.argmax(axis=-1) == block.targets[:count]).mean(axis=-1)
        return self._loss.value(logits, block.one_hot_targets[:count]), accuracies

    def predict(self, contexts: np.ndarray) -> np.ndarray:
        """Return the logits, shape (n, out), for contexts of token ids, shape (n, length)."""
        return np.concatenate([work.logits.copy() for work, _ in self._evaluate(contexts)])

    def validation_loss(self) -> float:
        """Return the mean loss on the validation windows, NaN if none are held out."""
        windows = self.data.validation_windows
        if not len(windows):
            return nan
        contexts, targets = self.data.context_and_target(windows)
        total = 0.0
        for work, piece in self._evaluate(contexts):
            one_hot = np.empty_like(work.logits)
            self.data.one_hot_targets(targets[piece], out=one_hot)
            total += float(self._loss.value(work.logits, one_hot)) * len(one_hot)
        return total / len(windows)

    def _evaluate(self, contexts: np.ndarray) -> Iterator[tuple[Workspace, slice]]:
        """Carry contexts forward piece by piece, yielding the buffers and the piece."""
        for start in range(0, len(contexts), EVALUATED_AT_ONCE):
            piece = slice(start, start + EVALUATED_AT_ONCE)
            work = self._workspace(self._evaluation_workspaces, len(contexts[piece]))
            self.data.one_hot(contexts[piece], out=work.activations[0])
            for _ in self.network.forward(work):
                pass
            yield work, piece

    def batches_left(self) -> int:
        """Return how many batches are left of the epoch, at the present batch size."""
        cursor = self.reading
        return ceil((self.data.num_samples - cursor.position) / self.settings.batch_size)

    def _use(self, settings: TrainingSettings) -> None:
        self.settings = settings
        self._loss = LOSSES[settings.loss_type]
        rule = OPTIMIZERS[settings.optimizer]
        self.optimizer: Optimizer = rule(settings.learning_rate, settings.weight_decay)

    def _workspace(self, kept: dict[int, Workspace], batch: int) -> Workspace:
        """Return the buffers for a batch size, made once."""
        work = kept.get(batch)
        if work is None:
            if len(kept) == MOST_WORKSPACES:
                kept.pop(next(iter(kept)))
            work = kept[batch] = Workspace(self.network, batch)
        return work

    def adopt(self, other: Engine) -> None:
        """Take over the whole state of `other`, in place; it is not to be used again."""
        self.network.parameters[...] = other.network.parameters
        self._use(other.settings)
        self.step = other.step
        self.cursor.move_to(other.cursor)
        self.history.restore(other.history)
        self.events = list(other.events)
        self._optimizer_states = {
            name: state.copy() for name, state in other._optimizer_states.items()
        }
        self.view_only(self.viewing is not None)

    @contextmanager
    def _logging(self, cursor: Cursor, block: Block, size: int) -> Iterator[list[int]]:
        """Log the batches of `block` that were put into the list, even if one raised.

        What is done once for a block, and not for each of its steps, is done here.
        """
        finished: list[int] = []
        epoch = cursor.epoch
        try:
            yield finished
        finally:
            count = len(finished)
            cursor.pass_by(count * block.batch_size)
            if count and cursor is self.cursor:
                self._log_event(size, count)
                validation = self.validation_loss() if cursor.epoch > epoch else nan
                self.history.extend(self.step, epoch, *self._measures(block, count), validation)
                self.step += count

    def _log_event(self, size: int, updates: int) -> None:
        last = self.events[-1] if self.events else None
        if isinstance(last, Trained) and last.size == size:
            last.updates += updates
        else:
            self.events.append(Trained(self.step, size, updates))
