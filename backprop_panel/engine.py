"""The engine: the only code that trains, and the only code that there is to explain."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from math import ceil, nan
from threading import Lock
from typing import Any

import numpy as np

from .batches import BatchLoader, Cursor
from .dataset import SequenceDataset
from .history import History
from .nn.losses import LOSSES
from .nn.network import Network, Workspace
from .nn.optimizers import OPTIMIZERS, Optimizer, OptimizerState
from .nn.record import PassCopy, StepRecord, frozen

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


@dataclass(frozen=True)
class Phase:
    """Where a step stands: ``forward``, ``loss``, ``backward`` or ``update``, and which layer."""

    name: str
    layer: int | None = None


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
    events : list of Event
        What was done to the engine, in order; replaying it on a fresh one gives this one.
    """

    def __init__(self, network: Network, data: SequenceDataset, settings: TrainingSettings) -> None:
        self.network = network
        self.data = data
        self.settings = settings
        self.step = 0
        self.cursor = Cursor(data)
        self.history = History()
        self.events: list[Event] = []
        self.viewing: Cursor | None = None
        self._loader = BatchLoader(data)
        self._messages: deque[Callable[[], None]] = deque()
        self._messages_lock = Lock()
        self._worked_on = False
        self._optimizer_states: dict[str, OptimizerState] = {}
        self._gradients = np.zeros(network.size, network.dtype)
        self._layer_gradients = network.by_layer(self._gradients)
        self._workspaces: dict[int, Workspace] = {}
        # Its own, so that a prediction never writes into a step that is under way.
        self._evaluation_workspaces: dict[int, Workspace] = {}

    @property
    def epoch(self) -> int:
        """Passes over the training samples completed."""
        return self.cursor.epoch

    @property
    def optimizer(self) -> Optimizer:
        """The present rule with its present settings."""
        rule = OPTIMIZERS[self.settings.optimizer]
        return rule(self.settings.learning_rate, self.settings.weight_decay)

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
            self.settings = changed
            self.events.append(Changed(self.step, settings))

    def view_only(self, only: bool) -> None:
        """Look at batches without training from here on, or train again from the cursor."""
        self.viewing = self.cursor.copy() if only else None

    def advance(self, size: int, recording: bool = False) -> StepRecord | None:
        """Make one step on at most `size` examples; return its record if `recording`.

        While `viewing`, the step computes everything and moves nothing.
        """
        cursor = self.viewing or self.cursor
        *_, result = self.phases(cursor, size, updating=not self.viewing, recording=recording)
        return result if recording else None

    def look(self) -> StepRecord:
        """Return the record of the next batch with the weights as they are; move nothing."""
        cursor = (self.viewing or self.cursor).copy()
        size = self.settings.batch_size
        *_, record = self.phases(cursor, size, updating=False, recording=True)
        return record

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

    def phases(
        self, cursor: Cursor, size: int, updating: bool = True, recording: bool = False
    ) -> Iterator[Phase | StepRecord]:
        """Make one step, yielding after each phase; last its record, if `recording`.

        Parameters
        ----------
        cursor : Cursor
            Where the batch is taken; it goes on by as many samples.
        size : int
            The most examples to take; an epoch's last batch may be smaller.
        updating : bool
            Whether the weights move. A step that does not is neither counted nor logged.
        recording : bool
            Whether to copy every intermediate value.
        """
        network, loss = self.network, LOSSES[self.settings.loss_type]
        epoch = cursor.epoch
        samples = cursor.peek(size)
        contexts, targets = self._loader.fetch(samples)
        cursor.pass_by(len(samples))
        work = self._workspace(self._workspaces, len(samples))
        self.data.one_hot(contexts, out=work.activations[0])
        for layer in network.forward(work):
            yield Phase("forward", layer)
        loss_value = loss.value(work.logits, targets, work.rows, work.kept[-1])
        accuracy = float((work.logits.argmax(axis=1) == targets).mean())
        yield Phase("loss")
        loss.derivative(targets, work.rows, work.kept[-1], out=work.deltas[-1])
        for layer in network.backward(work, self._layer_gradients):
            yield Phase("backward", layer)
        copies = PassCopy(network, work, self._gradients) if recording else None
        if updating:
            self.optimizer.step(network.parameters, self._gradients, self.optimizer_state)
            self._log_update(size, epoch, loss_value, accuracy)
            yield Phase("update")
        if copies:
            update = self.optimizer_state.update if updating else np.zeros_like(self._gradients)
            yield StepRecord(
                step=self.step,
                epoch=epoch,
                samples=frozen(samples),
                contexts=frozen(contexts),
                targets=frozen(targets),
                loss=loss_value,
                accuracy=accuracy,
                pre_activations=copies.pre_activations,
                activations=copies.activations,
                deltas=copies.deltas,
                activation_gradients=copies.activation_gradients,
                layers=copies.layers,
                layer_gradients=copies.layer_gradients,
                layer_updates=copies.by_layer(update),
                updated=updating,
                settings=asdict(self.settings),
            )

    def predict(self, contexts: np.ndarray) -> np.ndarray:
        """Return the logits, shape (n, out), for contexts of token ids, shape (n, length)."""
        return np.concatenate([work.logits.copy() for work, _ in self._evaluate(contexts)])

    def validation_loss(self) -> float:
        """Return the mean loss on the validation windows, NaN if none are held out."""
        windows = self.data.validation_windows
        if not len(windows):
            return nan
        contexts, targets = self.data.context_and_target(windows)
        loss = LOSSES[self.settings.loss_type]
        total = 0.0
        for work, piece in self._evaluate(contexts):
            mean = loss.value(work.logits, targets[piece], work.rows, work.kept[-1])
            total += mean * len(work.rows)
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
        cursor = self.viewing or self.cursor
        return ceil((self.data.num_samples - cursor.position) / self.settings.batch_size)

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
        self.settings = other.settings
        self.step = other.step
        self.cursor.move_to(other.cursor)
        self.history.restore(other.history)
        self.events = list(other.events)
        self._optimizer_states = {
            name: state.copy() for name, state in other._optimizer_states.items()
        }
        self.view_only(self.viewing is not None)

    def _log_update(self, size: int, epoch: int, loss: float, accuracy: float) -> None:
        self.step += 1
        last = self.events[-1] if self.events else None
        if isinstance(last, Trained) and last.size == size:
            last.updates += 1
        else:
            self.events.append(Trained(self.step - 1, size, 1))
        validation = self.validation_loss() if self.cursor.epoch > epoch else nan
        self.history.append(self.step, epoch, loss, accuracy, validation)
