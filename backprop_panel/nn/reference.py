"""The network in plain NumPy, one line an equation: the specification of the training code.

It has no buffers, no transposes for speed and no pieces. Tests compare the training code with it.

Layer k maps its inputs a of shape (B, in) to z = a W + b of shape (B, out); W is (in, out) and b
(out,). δ is dL/dz of the mean loss L over a batch of B examples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
SQRT_2_OVER_PI = np.sqrt(2 / np.pi)


def sigmoid(z: Array) -> Array:
    """1 / (1 + e⁻ᶻ), as exp(−log(1 + e⁻ᶻ)), which does not overflow."""
    return np.exp(-np.logaddexp(0, -z))


def gelu_gate(z: Array) -> Array:
    """Gate h = ½ (1 + tanh u) = sigmoid(2u) with u = √(2/π) (z + 0.044715 z³)."""
    return sigmoid(2 * SQRT_2_OVER_PI * (z + 0.044715 * z**3))


def gelu_slope(z: Array) -> Array:
    """(z h)' = h + z h' = h + z · 2 h (1 − h) u'."""
    h = gelu_gate(z)
    return h + z * 2 * h * (1 - h) * SQRT_2_OVER_PI * (1 + 3 * 0.044715 * z**2)


ACTIVATIONS = {
    "gelu": (lambda z: z * gelu_gate(z), gelu_slope),
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
    "identity": (lambda z: z, np.ones_like),
}
"""Each activation φ(z) and its derivative φ'(z)."""


def softmax(logits: Array) -> Array:
    """eˡ / Σ eˡ; subtracting the largest logit of each row avoids overflow."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def squared_errors(logits: Array, one_hot: Array) -> Array:
    """Σ (ŷ − y)² / C of each example, shape (B,)."""
    return np.mean((logits - one_hot) ** 2, axis=1)


def log_losses(logits: Array, one_hot: Array) -> Array:
    """−log p_target of each example with p = softmax(logits), shape (B,)."""
    log_p = logits - logits.max(axis=1, keepdims=True)
    log_p = log_p - np.log(np.exp(log_p).sum(axis=1, keepdims=True))
    return -log_p[one_hot == 1]


EXAMPLE_LOSSES = {"mse": squared_errors, "cross_entropy": log_losses}
"""The loss of each example."""


def mean_squared_error(logits: Array, one_hot: Array) -> tuple[float, Array]:
    """L = Σ (ŷ − y)² / (B C) and dL/dŷ = 2 (ŷ − y) / (B C)."""
    return float(squared_errors(logits, one_hot).mean()), 2 * (logits - one_hot) / logits.size


def cross_entropy(logits: Array, one_hot: Array) -> tuple[float, Array]:
    """L = −Σ log p_target / B with p = softmax(logits), and dL/dlogits = (p − y) / B."""
    loss = float(log_losses(logits, one_hot).mean())
    return loss, (softmax(logits) - one_hot) / len(logits)


LOSSES = {"mse": mean_squared_error, "cross_entropy": cross_entropy}


@dataclass(frozen=True)
class Pass:
    """The values of one forward and backward pass, named as in `StepRecord`."""

    pre_activations: list[Array]
    activations: list[Array]
    loss: float
    deltas: list[Array]
    activation_gradients: list[Array]
    weight_gradients: list[Array]
    bias_gradients: list[Array]


def forward_and_backward(
    inputs: Array,
    targets: NDArray[np.integer],
    weights: Sequence[Array],
    biases: Sequence[Array],
    activations: Sequence[str],
    loss_type: str,
) -> Pass:
    """Return all values and all gradients of one batch.

    Parameters
    ----------
    inputs : array, shape (B, in)
    targets : array of int, shape (B,)
    weights, biases : sequence of array, shapes (in, out) and (out,)
    activations : sequence of str
        One name for each hidden layer.
    loss_type : str
    """
    names = [*activations, "identity"]  # the logits are the last layer's z
    a, z = [inputs], []
    for weight, bias, name in zip(weights, biases, names, strict=True):
        z.append(a[-1] @ weight + bias)
        a.append(ACTIVATIONS[name][0](z[-1]))

    one_hot = np.eye(a[-1].shape[1])[targets]
    loss, da = LOSSES[loss_type](a[-1], one_hot)

    da, deltas = [da], []
    for weight, name, z_k in zip(reversed(weights), reversed(names), reversed(z), strict=True):
        deltas.insert(0, da[0] * ACTIVATIONS[name][1](z_k))  # dL/dz = dL/da · φ'(z)
        da.insert(0, deltas[0] @ weight.T)  # dL/da below = dL/dz Wᵀ
    dw = [below.T @ delta for below, delta in zip(a[:-1], deltas, strict=True)]  # dL/dW = aᵀ dL/dz
    db = [delta.sum(axis=0) for delta in deltas]  # dL/db = Σ dL/dz
    return Pass(z, a, loss, deltas, da, dw, db)


Moments = Mapping[str, Array]


def sgd(g: Array, moments: Moments, t: int, rate: float) -> tuple[Array, Moments]:
    """SGD: θ ← θ − η g."""
    return -rate * g, {}


def momentum(g: Array, moments: Moments, t: int, rate: float) -> tuple[Array, Moments]:
    """Momentum: v ← μ v + g, θ ← θ − η v with μ = 0.9."""
    v = 0.9 * moments["velocity"] + g
    return -rate * v, {"velocity": v}


def rmsprop(g: Array, moments: Moments, t: int, rate: float) -> tuple[Array, Moments]:
    """RMSProp: s ← α s + (1 − α) g², θ ← θ − η g / (√s + ε) with α = 0.99."""
    s = 0.99 * moments["mean_square"] + 0.01 * g**2
    return -rate * g / (np.sqrt(s) + 1e-8), {"mean_square": s}


def adam(g: Array, moments: Moments, t: int, rate: float) -> tuple[Array, Moments]:
    """Adam: m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², θ ← θ − η m̂ / (√v̂ + ε)."""
    m = 0.9 * moments["mean"] + 0.1 * g
    v = 0.999 * moments["mean_square"] + 0.001 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.999**t)
    return -rate * m_hat / (np.sqrt(v_hat) + 1e-8), {"mean": m, "mean_square": v}


OPTIMIZERS = {"sgd": sgd, "momentum": momentum, "rmsprop": rmsprop, "adam": adam, "adamw": adam}
"""Each rule without its weight decay; AdamW differs from Adam in that alone."""


def update(
    optimizer: str,
    parameters: Array,
    gradients: Array,
    moments: Moments,
    steps: int,
    learning_rate: float,
    weight_decay: float = 0.0,
) -> tuple[Array, Moments]:
    """Return the update of the parameters, and the optimizer's moments afterwards.

    Parameters
    ----------
    optimizer : str
    parameters, gradients : array
        Of the same shape.
    moments : mapping of str to array
        The running averages before this step.
    steps : int
        Number of steps before this one.
    learning_rate, weight_decay : float
        η and λ: the gradient is g + λθ; AdamW's is g, and its update has − ηλθ besides.
    """
    if optimizer == "adamw":
        step, moments = adam(gradients, moments, steps + 1, learning_rate)
        return step - learning_rate * weight_decay * parameters, moments
    g = gradients + weight_decay * parameters
    return OPTIMIZERS[optimizer](g, moments, steps + 1, learning_rate)
