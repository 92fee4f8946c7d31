"""Rules with a mistake in them, each beside the right one that it replaces.

They are written to be read; only the right ones are written for speed. With L layers, index k as
in `network`, δ = dL/dz, B examples, y the one-hot targets and p the softmax of the logits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .activations import Activation, Kept
from .losses import Loss, SoftmaxCrossEntropy, softmax
from .network import Network, Phase, Workspace
from .optimizers import Optimizer, OptimizerState
from .step_rules import Memory, StepRules

Array = NDArray[np.floating]


class FaultyActivation:
    """An activation with its own value and a wrong derivative."""

    def __init__(self, activation: Activation) -> None:
        self.right = activation

    def value(self, z: Array, out: Array, kept: Kept) -> None:
        """Write the right value into `out`."""
        self.right.value(z, out, kept)


class ForgottenDerivative(FaultyActivation):
    """φ' is left out: δ = dL/da instead of dL/da ⊙ φ'(z)."""

    def derivative(self, z: Array, a: Array, kept: Kept, out: Array, scratch: Array) -> None:
        """Write 1 into `out`."""
        out.fill(1)


class DerivativeAtActivation(FaultyActivation):
    """φ' is taken at the activation: φ'(a) instead of φ'(z)."""

    def derivative(self, z: Array, a: Array, kept: Kept, out: Array, scratch: Array) -> None:
        """Write φ'(a) into `out`."""
        value, own = np.empty_like(a), (np.empty_like(a), np.empty_like(a))
        self.right.value(a, value, own)
        self.right.derivative(a, value, own, out, scratch)


class FaultyNetwork(Network):
    """A network that shares its parameters with another; a subclass differs in one rule."""

    def __init__(self, network: Network, memory: Memory) -> None:
        vars(self).update(vars(network))  # its arrays are views on the same parameters
        self.memory = memory


class UntransposedWeights(FaultyNetwork):
    """``dL/da = δ W`` instead of ``δ Wᵀ``, wherever W is square."""

    def activation_gradient(self, work: Workspace, layer: int) -> None:
        """Write dLoss/d activations[`layer`]."""
        weights = self.weights[layer]
        if weights.shape[0] != weights.shape[1]:
            super().activation_gradient(work, layer)
        else:
            np.dot(weights.T, work.deltas_t[layer], work.activation_gradients_t[layer])


class NoBiasGradient(FaultyNetwork):
    """``dL/db = 0`` instead of Σ δ."""

    def backward(self, work: Workspace, gradients: Sequence[Array]) -> Iterator[Phase]:
        """Propagate the last delta back, yielding after each layer."""
        for phase in super().backward(work, gradients):
            gradients[phase.layer][-1] = 0
            yield phase


class RememberingNetwork(FaultyNetwork):
    """A network whose backward pass uses numbers of the update before."""

    def remember(self, gradients: Array) -> None:
        """Leave numbers of an update for the next step."""
        raise NotImplementedError

    def can_remember(self, count: int) -> bool:
        """Return whether it may leave so many numbers."""
        raise NotImplementedError


class AccumulatedGradients(RememberingNetwork):
    """The gradients of all steps so far are in the buffer to which a step adds its own."""

    def backward(self, work: Workspace, gradients: Sequence[Array]) -> Iterator[Phase]:
        """Propagate the last delta back, yielding after each layer."""
        earlier = self.memory.values
        for phase in super().backward(work, gradients):
            if earlier is not None:
                gradients[phase.layer] += self.by_layer(earlier)[phase.layer]
            yield phase

    def remember(self, gradients: Array) -> None:
        """Leave the gradients of an update for the next step."""
        self.memory.values = gradients.copy()

    def can_remember(self, count: int) -> bool:
        """Return whether these are as many as the gradients."""
        return count == self.size


class StaleActivations(RememberingNetwork):
    """``dL/dW = aᵀ δ`` with the activations of the batch before; its own if the sizes differ."""

    def backward(self, work: Workspace, gradients: Sequence[Array]) -> Iterator[Phase]:
        """Propagate the last delta back, yielding after each layer."""
        before, own = self.memory.values, self._inputs_of_layers(work)
        fits = before is not None and before.size == own.size
        self._own, start = own, own.size
        for phase in super().backward(work, gradients):
            inputs_t = work.activations_t[phase.layer]
            start -= inputs_t.size
            if fits:
                stale_t = before[start : start + inputs_t.size].reshape(inputs_t.shape)
                np.dot(stale_t, work.deltas[phase.layer], gradients[phase.layer][:-1])
            yield phase

    def remember(self, gradients: Array) -> None:
        """Leave the activations of an update for the next step."""
        self.memory.values = self._own

    def can_remember(self, count: int) -> bool:
        """Return whether these may be the activations of a batch."""
        return count % sum(self.widths[:-1]) == 0

    def _inputs_of_layers(self, work: Workspace) -> Array:
        """Return the activations that the layers multiply, (units, batch) each, as one vector."""
        return np.concatenate([level.ravel() for level in work.activations_t[:-1]])


class FaultyLoss:
    """A loss that differs from another in its derivative, in its value, or in both."""

    def __init__(self, loss: Loss) -> None:
        self.right = loss

    def __getattr__(self, name: str) -> Any:
        """Return its name, its equation and so on."""
        return getattr(self.right, name)

    def examples(self, logits: Array, one_hot: Array) -> Array:
        """Return the loss of each example."""
        return self.right.examples(logits, one_hot)

    def derivative(self, logits: Array, one_hot: Array, out: Array, column: Array) -> None:
        """Write dLoss/dlogits into `out`."""
        self.right.derivative(logits, one_hot, out, column)


class SummedDerivative(FaultyLoss):
    """dL/dlogits is that of the sum over the batch: B times that of the mean."""

    def derivative(self, logits: Array, one_hot: Array, out: Array, column: Array) -> None:
        """Write B dLoss/dlogits into `out`."""
        self.right.derivative(logits, one_hot, out, column)
        out *= len(out)


class ShiftedTargets(FaultyLoss):
    """Each example is compared with the target of the example before it in the batch."""

    def examples(self, logits: Array, one_hot: Array) -> Array:
        """Return the loss of each example."""
        return self.right.examples(logits, np.roll(one_hot, 1, axis=-2))

    def derivative(self, logits: Array, one_hot: Array, out: Array, column: Array) -> None:
        """Write dLoss/dlogits into `out`."""
        self.right.derivative(logits, np.roll(one_hot, 1, axis=-2), out, column)


class NoSoftmaxDerivative(SoftmaxCrossEntropy):
    """``dL/dlogits = p / B`` instead of ``(p - y) / B``."""

    def derivative(self, logits: Array, one_hot: Array, out: Array, column: Array) -> None:
        """Write p / B into `out`."""
        np.divide(softmax(logits), len(out), out)


class DoubleSoftmax(SoftmaxCrossEntropy):
    """The cross-entropy of p, as if p were logits.

    With q = softmax(p)::

        L          = 1/B Σ -log q_target
        dL/dp      = (q - y) / B
        dL/dlogits = p ⊙ (dL/dp - Σ p ⊙ dL/dp)
    """

    def examples(self, logits: Array, one_hot: Array) -> Array:
        """Return -log q_target of each example."""
        return super().examples(softmax(logits), one_hot)

    def derivative(self, logits: Array, one_hot: Array, out: Array, column: Array) -> None:
        """Write the derivative of that loss, which is right for it, into `out`."""
        p = softmax(logits)
        super().derivative(p, one_hot, out, column)
        out -= (p * out).sum(axis=-1, keepdims=True)
        out *= p


class WrongSign(Optimizer):
    """``θ ← θ + η g`` instead of ``θ - η g``; a decoupled weight decay keeps its sign."""

    def _write_update(self, gradients: Array, state: OptimizerState) -> None:
        super()._write_update(gradients, state)
        np.negative(state.update, state.update)


class BiasPerWeight(Optimizer):
    """The update of a bias is applied once for each weight that leads to its unit.

    Attributes
    ----------
    network : Network
    """

    network: Network

    def step(self, parameters: Array, gradients: Array, state: OptimizerState) -> None:
        """Make a step; ``state.update`` holds what was added in all."""
        before = parameters.copy()
        super().step(parameters, gradients, state)
        for update in self.network.by_layer(state.update):
            update[-1] *= len(update) - 1
        np.add(before, state.update, parameters)


class NoBiasCorrection(Optimizer):
    """m and v are used as they are, instead of m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ)."""

    def corrections(self, steps: int) -> tuple[float, float]:
        """Return what m and v are divided by."""
        return 1.0, 1.0


class InvertedBiasCorrection(Optimizer):
    """m and v are multiplied by 1 - β₁ᵗ and 1 - β₂ᵗ, instead of divided."""

    def corrections(self, steps: int) -> tuple[float, float]:
        """Return what m and v are divided by."""
        first, second = super().corrections(steps)
        return 1 / first, 1 / second


class Remembering(Optimizer):
    """A rule after whose steps a network remembers what it takes to the next."""

    network: RememberingNetwork

    def step(self, parameters: Array, gradients: Array, state: OptimizerState) -> None:
        """Make a step."""
        super().step(parameters, gradients, state)
        self.network.remember(gradients)


def with_activation(rules: StepRules, fault: type[FaultyActivation]) -> StepRules:
    """Return rules with a wrong derivative of every hidden activation."""
    network = FaultyNetwork(rules.network, rules.memory)
    network.activations = [fault(each) for each in network.activations]
    return replace(rules, network=network)


def with_network(rules: StepRules, fault: type[FaultyNetwork]) -> StepRules:
    """Return rules with another backward pass, and an optimizer that ends the step for it."""
    network = fault(rules.network, rules.memory)
    rules = replace(rules, network=network)
    remembers = isinstance(network, RememberingNetwork)
    return with_optimizer(rules, Remembering) if remembers else rules


def with_optimizer(rules: StepRules, fault: type[Optimizer]) -> StepRules:
    """Return rules with an optimizer that differs from theirs in the methods of `fault`."""
    rule = type(rules.optimizer)
    faulty = type(fault.__name__, (fault, rule), {"network": rules.network})
    optimizer = faulty(rules.optimizer.learning_rate, rules.optimizer.weight_decay)
    return replace(rules, optimizer=optimizer)


def with_sums(rules: StepRules) -> StepRules:
    """Return rules with the loss of a batch, and its derivative, summed over the batch."""
    return replace(rules, loss=SummedDerivative(rules.loss), total=lambda each: each.sum(axis=-1))
