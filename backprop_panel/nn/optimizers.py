"""Optimizers: pure rules that turn gradients into what is added to the parameters.

A rule is immutable and holds only its settings, so a learning rate changes by making another
rule; all that a rule remembers between steps stands in the state handed to it. ``parameters``,
``gradients`` and every array of the state are flat vectors of one length, changed in place.
Each rule equals torch.optim's of the same name.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from .activations import constants

Vector = NDArray[np.floating]


@dataclass
class OptimizerState:
    """What an optimizer carries from step to step.

    Attributes
    ----------
    moments : dict of str to array
        The running averages, one flat vector each, zero at the start.
    update : array
        What the last step added to the parameters.
    scratch : array
        Room to calculate in; carries nothing.
    steps : int
        How many steps this state has seen.
    """

    moments: dict[str, Vector]
    update: Vector
    scratch: Vector
    steps: int = 0

    @classmethod
    def resumed(cls, moments: dict[str, Vector], parameters: Vector, steps: int) -> OptimizerState:
        """Return the state after `steps` steps; its last update, which no step reads, is left out.

        Parameters
        ----------
        moments : dict of str to array
        parameters : array
            Of the length that the state is for.
        steps : int
        """
        return cls(moments, np.zeros_like(parameters), np.zeros_like(parameters), steps)

    def copy(self) -> OptimizerState:
        """Return a state that shares nothing with this one."""
        moments = {name: moment.copy() for name, moment in self.moments.items()}
        return OptimizerState(moments, self.update.copy(), self.scratch.copy(), self.steps)


@dataclass(frozen=True)
class Optimizer:
    """What all rules share: a learning rate η and L2 weight decay λ.

    Parameters
    ----------
    learning_rate : float
        η, the length of a step.
    weight_decay : float
        λ: the gradient that a rule sees is g + λθ, as in torch.optim.
    """

    learning_rate: float
    weight_decay: float = 0.0

    name: ClassVar[str]
    label: ClassVar[str]
    equation: ClassVar[str]
    moment_names: ClassVar[tuple[str, ...]] = ()

    def initial_state(self, size: int, dtype: np.dtype | type = np.float32) -> OptimizerState:
        """Return the state before the first step for `size` parameters."""
        moments = {name: np.zeros(size, dtype) for name in self.moment_names}
        return OptimizerState(moments, np.zeros(size, dtype), np.zeros(size, dtype))

    def step(self, parameters: Vector, gradients: Vector, state: OptimizerState) -> None:
        """Add this step's update to `parameters` and leave it in ``state.update``.

        `gradients` is only read.
        """
        state.steps += 1
        if self.weight_decay:
            np.multiply(parameters, self.weight_decay, out=state.update)
            gradients = np.add(state.update, gradients, out=state.update)
        self._write_update(gradients, state)
        np.add(parameters, state.update, parameters)

    def _write_update(self, gradients: Vector, state: OptimizerState) -> None:
        """Write what is to be added into ``state.update``, where `gradients` may stand already."""
        raise NotImplementedError


@dataclass(frozen=True)
class SGD(Optimizer):
    """Stochastic gradient descent: ``θ ← θ - η g``."""

    name: ClassVar[str] = "sgd"
    label: ClassVar[str] = "SGD"
    equation: ClassVar[str] = "θ ← θ − η·g"

    def _write_update(self, gradients: Vector, state: OptimizerState) -> None:
        (factor,) = constants(gradients.dtype, -self.learning_rate)
        np.multiply(gradients, factor, state.update)


@dataclass(frozen=True)
class Momentum(Optimizer):
    """Gradient descent with momentum: ``v ← μ v + g``, ``θ ← θ - η v`` (Polyak, 1964)."""

    momentum: float = 0.9

    name: ClassVar[str] = "momentum"
    label: ClassVar[str] = "Momentum"
    equation: ClassVar[str] = "v ← μ·v + g,  θ ← θ − η·v"
    moment_names: ClassVar[tuple[str, ...]] = ("velocity",)

    def _write_update(self, gradients: Vector, state: OptimizerState) -> None:
        velocity = state.moments["velocity"]
        velocity *= self.momentum
        velocity += gradients
        np.multiply(velocity, -self.learning_rate, out=state.update)


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """Steps divided by the root of a running mean square of the gradient (Tieleman, 2012).

    ``s ← α s + (1 - α) g²``, ``θ ← θ - η g / (√s + ε)``.
    """

    smoothing: float = 0.99
    epsilon: float = 1e-8

    name: ClassVar[str] = "rmsprop"
    label: ClassVar[str] = "RMSProp"
    equation: ClassVar[str] = "s ← α·s + (1−α)·g²,  θ ← θ − η·g / (√s + ε)"
    moment_names: ClassVar[tuple[str, ...]] = ("mean_square",)

    def _write_update(self, gradients: Vector, state: OptimizerState) -> None:
        mean_square, scratch = state.moments["mean_square"], state.scratch
        _running_mean_square(mean_square, gradients, self.smoothing, scratch)
        np.sqrt(mean_square, out=scratch)
        scratch += self.epsilon
        np.multiply(gradients, -self.learning_rate, out=state.update)
        state.update /= scratch


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adaptive moment estimation (Kingma and Ba, 2014, arXiv:1412.6980).

    ``m ← β₁ m + (1 - β₁) g``, ``v ← β₂ v + (1 - β₂) g²``, then with both freed of their start at
    zero, ``m̂ = m / (1 - β₁ᵗ)`` and ``v̂ = v / (1 - β₂ᵗ)``: ``θ ← θ - η m̂ / (√v̂ + ε)``.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    name: ClassVar[str] = "adam"
    label: ClassVar[str] = "Adam"
    equation: ClassVar[str] = "θ ← θ − η·m̂ / (√v̂ + ε)"
    moment_names: ClassVar[tuple[str, ...]] = ("mean", "mean_square")

    def _write_update(self, gradients: Vector, state: OptimizerState) -> None:
        mean, mean_square, scratch = (
            state.moments["mean"],
            state.moments["mean_square"],
            state.scratch,
        )
        _running_mean_square(mean_square, gradients, self.beta_2, scratch)
        mean *= self.beta_1
        np.multiply(gradients, 1 - self.beta_1, out=state.update)
        mean += state.update
        np.sqrt(mean_square, out=scratch)
        scratch *= 1 / sqrt(1 - self.beta_2**state.steps)
        scratch += self.epsilon
        np.multiply(mean, -self.learning_rate / (1 - self.beta_1**state.steps), out=state.update)
        state.update /= scratch


def _running_mean_square(
    mean_square: Vector, gradients: Vector, smoothing: float, scratch: Vector
) -> None:
    """Move `mean_square` towards the square of `gradients`: s ← α s + (1 - α) g²."""
    mean_square *= smoothing
    np.multiply(gradients, gradients, out=scratch)
    scratch *= 1 - smoothing
    mean_square += scratch


OPTIMIZERS: dict[str, type[Optimizer]] = {
    rule.name: rule for rule in (SGD, Momentum, RMSProp, Adam)
}
