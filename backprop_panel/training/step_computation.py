"""The computation of a step: forward pass, loss, backward pass and update."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.batch_loader import Block
from ..nn.faults import FAULTS
from ..nn.faulty_rules import RememberingNetwork
from ..nn.losses import LOSSES, Loss
from ..nn.network import Network, Phase, Workspace
from ..nn.optimizers import OPTIMIZERS, Optimizer, OptimizerState
from ..nn.record import FrozenPart, layers_copy, pass_copy, read_only_copy
from ..nn.step_rules import Memory, StepRules
from .checkpoints import EngineState
from .training_settings import TrainingSettings

LOSS = Phase("loss")
UPDATE = Phase("update")

MOST_WORKSPACES = 4
"""Number of batch sizes with buffers: the usual one, 1, the rest of an epoch, and another."""


class StepComputation:
    """Computes the steps of an engine in buffers that are allocated once.

    Attributes
    ----------
    network : Network
    settings : TrainingSettings
    rules : StepRules
        The rules in use; a fault of the settings replaces one.
    loss : Loss
    optimizer : Optimizer
        The optimizer in use, with its settings.
    optimizer_states : dict of str to OptimizerState
        The state of each optimizer that has made a step, by its name.
    frozen : frozenset of int
        The layers that do not learn.
    frozen_parts : frozenset of (int, int or None, int)
        Layer, row and column of each frozen weight or bias; a unit's weights and bias if the row is
        None.
    last_update : array, shape (size,), or None
        What the last step added to the parameters.
    """

    def __init__(self, network: Network, settings: TrainingSettings) -> None:
        self.network = network
        self._memory = Memory()
        self.use(settings)
        self.optimizer_states: dict[str, OptimizerState] = {}
        self.frozen: frozenset[int] = frozenset()
        self.frozen_parts: frozenset[FrozenPart] = frozenset()
        self._silenced: frozenset[tuple[int, int]] = frozenset()
        self.last_update: NDArray[np.floating] | None = None
        self._gradients = np.zeros(network.size, network.dtype)
        self._layer_gradients = network.by_layer(self._gradients)
        self._workspaces: dict[int, Workspace] = {}

    def use(self, settings: TrainingSettings) -> None:
        """Use other settings from the next step on."""
        self.settings = settings
        self._settings_of_records = MappingProxyType(asdict(settings))
        self.rules = self._rules(settings)
        self._passes: Network = self.rules.network
        self.loss: Loss = self.rules.loss
        self.optimizer: Optimizer = self.rules.optimizer

    def _rules(self, settings: TrainingSettings) -> StepRules:
        loss, rule = LOSSES[settings.loss_type], OPTIMIZERS[settings.optimizer]
        optimizer = rule(settings.learning_rate, settings.weight_decay)
        rules = StepRules(self.network, loss, loss, optimizer, memory=self._memory)
        return rules if settings.fault is None else FAULTS[settings.fault].replaces(rules)

    def change_to(self, settings: TrainingSettings) -> None:
        """Change to other settings, and begin their fault if it is another one."""
        before = self.settings.fault
        self.use(settings)
        if settings.fault != before:
            self.begin_fault()

    def begin_fault(self) -> None:
        """Begin a fault that has just been switched on, or the work without one."""
        self._memory.values = None
        if self.rules.begins_at_zero:
            self.network.parameters[...] = 0

    def can_remember(self, count: int) -> bool:
        """Return whether the fault in force may take so many numbers to the next step."""
        passes = self._passes
        return not count or (isinstance(passes, RememberingNetwork) and passes.can_remember(count))

    @property
    def optimizer_state(self) -> OptimizerState:
        """The state of the optimizer in use; an earlier optimizer finds its state again."""
        state = self.optimizer_states.get(self.optimizer.name)
        # A new state is not stored here, as reading a property must change nothing.
        return state or self.optimizer.initial_state(self.network.size, self.network.dtype)

    @property
    def silenced(self) -> frozenset[tuple[int, int]]:
        """Level and number of each unit whose activation is zero whatever reaches it."""
        return self._silenced

    @silenced.setter
    def silenced(self, units: frozenset[tuple[int, int]]) -> None:
        self._silenced = units
        self.network.silence(units)
        self._passes.silence(units)

    def phases(self, block: Block, place: int, updating: bool) -> Iterator[Phase]:
        """Make one step on a batch of a block, yielding after each phase.

        Parameters
        ----------
        block : Block
        place : int
            The index of the batch in the block.
        updating : bool
            Whether to update the weights.
        """
        work = self._workspace(block.batch_size)
        np.copyto(work.activations[0], block.inputs[place])
        yield from self._passes.forward(work)
        block.logits[place] = work.logits
        self.loss.derivative(
            work.logits, block.one_hot_targets[place], work.deltas[-1], work.column
        )
        yield LOSS
        yield from self._passes.backward(work, self._layer_gradients)
        if updating:
            self._update()
            yield UPDATE

    def make(self, block: Block, place: int, updating: bool) -> None:
        """Make one step as `phases` does, without a pause."""
        for _ in self.phases(block, place, updating):
            pass

    def recorded(self, block: Block, updating: bool) -> dict[str, Any]:
        """Make one step on the first batch of a block; return its values as in `StepRecord`."""
        for phase in self.phases(block, 0, updating):
            if phase.name == "backward" and phase.layer == 0:
                values = self._values_before_update(block.batch_size)
        update = self.last_update if updating else np.zeros_like(self._gradients)
        examples, (accuracy,) = self.losses_and_accuracies(block, 1)
        (loss,) = self.rules.total(examples)
        return values | {
            "loss": float(loss),
            "accuracy": float(accuracy),
            "example_losses": read_only_copy(examples[0]),
            "samples": read_only_copy(block.samples[0]),
            "contexts": read_only_copy(block.contexts[0]),
            "targets": read_only_copy(block.targets[0]),
            "layer_updates": layers_copy(self.network, update),
            "updated": updating,
            "settings": self._settings_of_records,
            "activation_names": self.network.activation_names,
            "frozen": self.frozen,
            "frozen_parts": self.frozen_parts,
            "silenced": self.silenced,
        }

    def last_step(self, batch: int) -> tuple[list[NDArray], list[NDArray], list[NDArray]]:
        """Return views on the activations, gradients and update of the last step of a batch size.

        Returns
        -------
        activations : list of array, shape (batch, units)
        gradients, updates : list of array, shape (in + 1, out)
        """
        updates = self.network.by_layer(self.last_update)
        return self._workspaces[batch].activations, self._layer_gradients, updates

    def losses_and_accuracies(self, block: Block, count: int) -> tuple[NDArray, NDArray]:
        """Return the losses (count, B) and accuracies (count,) of the first batches of a block.

        No step needs them, so that they are computed for a whole block at once.
        """
        logits = block.logits[:count]
        right = logits.argmax(axis=-1) == block.targets[:count]
        examples = self.loss.examples(logits, block.one_hot_targets[:count])
        return examples, np.add.reduce(right, axis=-1) / block.batch_size

    def state(self) -> dict[str, Any]:
        """Return copies of the values that determine the next steps, named as in `EngineState`."""
        memory = self._memory.values
        return {
            "settings": asdict(self.settings),
            "frozen": self.frozen,
            "frozen_parts": self.frozen_parts,
            "silenced": self.silenced,
            "parameters": read_only_copy(self.network.parameters),
            "optimizers": {name: each.copy() for name, each in self.optimizer_states.items()},
            "fault_memory": None if memory is None else read_only_copy(memory),
        }

    def restore(self, state: EngineState) -> None:
        """Return to what `state` returned."""
        self.network.parameters[...] = state.parameters
        self._memory.values = state.fault_memory
        self.use(TrainingSettings(**state.settings))
        self.frozen, self.frozen_parts = state.frozen, state.frozen_parts
        self.silenced = state.silenced
        self.optimizer_states = {name: each.copy() for name, each in state.optimizers.items()}
        self.last_update = None

    def _values_before_update(self, batch: int) -> dict[str, Any]:
        """Return copies of the pass and of the optimizer's state, named as in `StepRecord`."""
        network, state = self.network, self.optimizer_state
        moments = {name: layers_copy(network, moment) for name, moment in state.moments.items()}
        return {
            **pass_copy(self._passes, self._workspaces[batch], self._gradients),
            "moments": moments,
            "optimizer_steps": state.steps,
        }

    def _update(self) -> None:
        network = self.network
        state = self.optimizer_states.setdefault(self.optimizer.name, self.optimizer_state)
        kept = [part.copy() for part in self._frozen_in(network.parameters)]
        self.optimizer.step(network.parameters, self._gradients, state)
        if kept:
            for part, values in zip(self._frozen_in(network.parameters), kept, strict=True):
                part[...] = values
            for part in self._frozen_in(state.update):
                part[...] = 0
        self.last_update = state.update

    def _frozen_in(self, vector: NDArray[np.floating]) -> list[NDArray[np.floating]]:
        """Return views on the frozen entries of a vector like the parameters."""
        if not (self.frozen or self.frozen_parts):
            return []
        layers = self.network.by_layer(vector)
        return [layers[layer] for layer in self.frozen] + [
            layers[layer][:, column] if row is None else layers[layer][row : row + 1, column]
            for layer, row, column in self.frozen_parts
        ]

    def _workspace(self, batch: int) -> Workspace:
        """Return the buffers for a batch size; the oldest make room for new ones."""
        work = self._workspaces.get(batch)
        if work is None:
            if len(self._workspaces) == MOST_WORKSPACES:
                self._workspaces.pop(next(iter(self._workspaces)))
            work = self._workspaces[batch] = Workspace(self.network, batch)
        return work
