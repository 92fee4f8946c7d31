"""Each optimizer's update of one entry written out, with the numbers of a record.

Every rule adds −η · scale · (what it keeps of earlier steps + what it takes of g), with
g = dL/dθ + λθ: `UpdateParts` holds these. With decoupled decay g = dL/dθ, and −ηλθ is added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

from ...nn.optimizers import Adam, Momentum, RMSProp
from .explanation import Factor


@dataclass(frozen=True)
class Entry:
    """A weight or bias, with what its update is made of.

    Attributes
    ----------
    gradient, before : Factor
        dL/dθ, and θ before the update.
    decay : float
        λ.
    share_taken : float or None
        If the decay is decoupled, ηλ as float32 rounds it; None if it is part of g.
    moments : dict of str to Factor
        What the optimizer remembered of it.
    rate : float
        η.
    steps : int
        The number of this step, as the optimizer counts.
    """

    gradient: Factor
    before: Factor
    decay: float
    share_taken: float | None
    moments: dict[str, Factor]
    rate: float
    steps: int

    @property
    def decay_in_g(self) -> float:
        """λ if the decay is part of g; 0 if it is decoupled."""
        return self.decay if self.share_taken is None else 0.0

    @property
    def g(self) -> float:
        """The gradient that the optimizer sees."""
        return self.gradient.value + self.decay_in_g * self.before.value


@dataclass(frozen=True)
class UpdateParts:
    """A rule with the numbers of one entry.

    Attributes
    ----------
    kept : tuple of Factor
        The moment and its coefficient; empty for rules that add nothing of earlier steps.
    taken : tuple of Factor
        The coefficients of g.
    scale : tuple of Factor
        What both are multiplied by, besides −η.
    working : tuple of Factor
        Moments after the step and bias corrections.
    line : str
        NumPy, with ``{rate}``, ``{g}`` and the name of each moment.
    """

    kept: tuple[Factor, ...]
    taken: tuple[Factor, ...]
    scale: tuple[Factor, ...]
    working: tuple[Factor, ...]
    line: str


def _sgd(entry: Entry) -> UpdateParts:
    return UpdateParts((), (), (), (), "-{rate} * {g}")


def _momentum(entry: Entry) -> UpdateParts:
    mu, velocity = Momentum.momentum, entry.moments["velocity"]
    after = mu * velocity.value + entry.g
    return UpdateParts(
        kept=(velocity, Factor("μ", mu)),
        taken=(),
        scale=(),
        working=(Factor("v after", after),),
        line=f"-{{rate}} * ({mu} * {{velocity}} + {{g}})",
    )


def _rmsprop(entry: Entry) -> UpdateParts:
    alpha, epsilon = RMSProp.smoothing, RMSProp.epsilon
    after = alpha * entry.moments["mean_square"].value + (1 - alpha) * entry.g**2
    return UpdateParts(
        kept=(),
        taken=(),
        scale=(Factor("1/(√v + ε)", 1 / (sqrt(after) + epsilon)),),
        working=(Factor("v after", after),),
        line=(
            f"-{{rate}} * (g := {{g}}) / (np.sqrt({alpha} * {{mean_square}} "
            f"+ {1 - alpha:.2g} * g**2) + {epsilon})"
        ),
    )


def _adam(entry: Entry) -> UpdateParts:
    b1, b2, epsilon, t = Adam.beta_1, Adam.beta_2, Adam.epsilon, entry.steps
    mean = b1 * entry.moments["mean"].value + (1 - b1) * entry.g
    square = b2 * entry.moments["mean_square"].value + (1 - b2) * entry.g**2
    c1, c2 = 1 - b1**t, 1 - b2**t
    root = sqrt(square / c2) + epsilon
    return UpdateParts(
        kept=(entry.moments["mean"], Factor("β₁", b1)),
        taken=(Factor("1 − β₁", 1 - b1),),
        scale=(Factor("1/(1 − β₁ᵗ)", 1 / c1), Factor("1/(√v̂ + ε)", 1 / root)),
        working=(
            Factor("m after", mean),
            Factor("v after", square),
            Factor("1 − β₁ᵗ", c1),
            Factor("1 − β₂ᵗ", c2),
            Factor("m̂", mean / c1),
            Factor("v̂", square / c2),
        ),
        line=(
            f"-{{rate}} * ({b1} * {{mean}} + {1 - b1:.2g} * (g := {{g}})) / (1 - {b1}**{t}) "
            f"/ (np.sqrt(({b2} * {{mean_square}} + {1 - b2:.2g} * g**2) / (1 - {b2}**{t})) "
            f"+ {epsilon})"
        ),
    )


RULES: dict[str, Callable[[Entry], UpdateParts]] = {
    "sgd": _sgd,
    "momentum": _momentum,
    "rmsprop": _rmsprop,
    "adam": _adam,
    "adamw": _adam,
}
_AVERAGES = (
    r"&\phantom{=}\; \hat m = \tfrac{m_t}{1 - \beta_1^t}, \;"
    r"m_t = \beta_1 m_{t-1} + (1 - \beta_1)\,g \\ "
    r"&\phantom{=}\; \hat v = \tfrac{v_t}{1 - \beta_2^t}, \;"
    r"v_t = \beta_2 v_{t-1} + (1 - \beta_2)\,g^2 \\ "
)
EQUATIONS = {
    "sgd": r"-\eta\,g, \quad g = \frac{\partial L}{\partial \theta} + \lambda\theta",
    "momentum": (
        r"-\eta\,v_t, \quad v_t = \mu\,v_{t-1} + g \\ "
        r"&\phantom{=}\; g = \tfrac{\partial L}{\partial \theta} + \lambda\theta"
    ),
    "rmsprop": (
        r"-\eta\,\frac{g}{\sqrt{v_t} + \epsilon} \\ "
        r"&\phantom{=}\; v_t = \alpha\,v_{t-1} + (1 - \alpha)\,g^2 \\ "
        r"&\phantom{=}\; g = \tfrac{\partial L}{\partial \theta} + \lambda\theta"
    ),
    "adam": (
        rf"-\eta\,\frac{{\hat m}}{{\sqrt{{\hat v}} + \epsilon}} \\ {_AVERAGES}"
        r"&\phantom{=}\; g = \tfrac{\partial L}{\partial \theta} + \lambda\theta"
    ),
    "adamw": (
        rf"-\eta\,\left(\frac{{\hat m}}{{\sqrt{{\hat v}} + \epsilon}} + \lambda\theta\right) \\ "
        rf"{_AVERAGES}&\phantom{{=}}\; g = \tfrac{{\partial L}}{{\partial \theta}}"
    ),
}
