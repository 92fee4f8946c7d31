"""Optimizers: rules that turn gradients into updates of the parameters.

A rule is immutable and holds its settings only: another learning rate is another rule. Everything
that changes from step to step is in the state passed to it. ``parameters``, ``gradients`` and all
arrays of the state are flat vectors of the same length; ``step`` changes parameters and state in
place. Each rule equals the one of the same name in torch.optim.
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
    """The state of an optimizer between two steps.

    Attributes
    ----------
    moments : dict of str to array
        The running averages, one flat vector each, zero at the start.
    update : array
        The change of the parameters in the last step.
    scratch : array
        A temporary buffer.
    steps : int
        The number of steps made.
    """

    moments: dict[str, Vector]
    update: Vector
    scratch: Vector
    steps: int = 0

    @classmethod
    def resumed(cls, moments: dict[str, Vector], parameters: Vector, steps: int) -> OptimizerState:
        """Return the state after `steps` steps; its last update, which no step reads, is zero.

        Parameters
        ----------
        moments : dict of str to array
        parameters : array
            A vector of the state's length.
        steps : int
        """
        return cls(moments, np.zeros_like(parameters), np.zeros_like(parameters), steps)

    def copy(self) -> OptimizerState:
        """Return a copy that shares no array with this state."""
        moments = {name: moment.copy() for name, moment in self.moments.items()}
        return OptimizerState(moments, self.update.copy(), self.scratch.copy(), self.steps)


@dataclass(frozen=True)
class Optimizer:
    """Base class of all rules: a learning rate η and a weight decay λ.

    Parameters
    ----------
    learning_rate : float
        The step size η.
    weight_decay : float
        The coefficient λ, as in torch.optim: a rule gets the gradient g + λθ (L2). If its decay is
        `decoupled`, it gets g, and ηλθ is taken from the parameters besides.
    """

    learning_rate: float
    weight_decay: float = 0.0

    name: ClassVar[str]
    label: ClassVar[str]
    equation: ClassVar[str]
    moment_names: ClassVar[tuple[str, ...]] = ()
    decoupled: ClassVar[bool] = False

    def initial_state(self, size: int, dtype: np.dtype | type = np.float32) -> OptimizerState:
        """Return the state before the first step for `size` parameters."""
        moments = {name: np.zeros(size, dtype) for name in self.moment_names}
        return OptimizerState(moments, np.zeros(size, dtype), np.zeros(size, dtype))

    def step(self, parameters: Vector, gradients: Vector, state: OptimizerState) -> None:
        """Add the update to `parameters` and store it in ``state.update``.

        `gradients` stays unchanged.
        """
        state.steps += 1
        if self.weight_decay and not self.decoupled:
            np.multiply(parameters, self.weight_decay, out=state.update)
            gradients = np.add(state.update, gradients, out=state.update)
        self._write_update(gradients, state)
        if self.weight_decay and self.decoupled:
            np.multiply(parameters, self.share_taken(parameters.dtype), state.scratch)
            state.update -= state.scratch
        np.add(parameters, state.update, parameters)

    def share_taken(self, dtype: np.dtype | type = np.float32) -> np.floating:
        """Return ηλ, the share of each parameter that decoupled decay takes.

        It is rounded as in torch.optim, which multiplies the parameters by 1 - ηλ.
        """
        kind = np.dtype(dtype).type
        return kind(1) - kind(1 - self.learning_rate * self.weight_decay)

    def _write_update(self, gradients: Vector, state: OptimizerState) -> None:
        """Write the update into ``state.update``, which may be the same array as `gradients`."""
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
    """Adaptive moment estimation (Kingma and Ba, 2014, arXiv:1412.6980), with L2 weight decay.

    ``m ← β₁ m + (1 - β₁) g``, ``v ← β₂ v + (1 - β₂) g²``; bias-corrected, ``m̂ = m / (1 - β₁ᵗ)``
    and ``v̂ = v / (1 - β₂ᵗ)``; then ``θ ← θ - η m̂ / (√v̂ + ε)``.
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    name: ClassVar[str] = "adam"
    label: ClassVar[str] = "Adam"
    equation: ClassVar[str] = "θ ← θ − η·m̂ / (√v̂ + ε)"
    moment_names: ClassVar[tuple[str, ...]] = ("mean", "mean_square")

    def corrections(self, steps: int) -> tuple[float, float]:
        """Return 1 - β₁ᵗ and 1 - β₂ᵗ, which m and v are divided by, in step t."""
        return 1 - self.beta_1**steps, 1 - self.beta_2**steps

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
        of_mean, of_mean_square = self.corrections(state.steps)
        np.sqrt(mean_square, out=scratch)
        scratch *= 1 / sqrt(of_mean_square)
        scratch += self.epsilon
        np.multiply(mean, -self.learning_rate / of_mean, out=state.update)
        state.update /= scratch


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2017, arXiv:1711.05101).

    ``θ ← θ - η m̂ / (√v̂ + ε) - η λ θ``: the averages are those of g alone.
    """

    name: ClassVar[str] = "adamw"
    label: ClassVar[str] = "AdamW"
    equation: ClassVar[str] = "θ ← θ − η·(m̂ / (√v̂ + ε) + λ·θ)"
    decoupled: ClassVar[bool] = True


def _running_mean_square(
    mean_square: Vector, gradients: Vector, smoothing: float, scratch: Vector
) -> None:
    """Move `mean_square` towards the square of `gradients`: s ← α s + (1 - α) g²."""
    mean_square *= smoothing
    np.multiply(gradients, gradients, out=scratch)
    scratch *= 1 - smoothing
    mean_square += scratch


OPTIMIZERS: dict[str, type[Optimizer]] = {
    rule.name: rule for rule in (SGD, Momentum, RMSProp, Adam, AdamW)
}
