"""What each fault needs of a run to change anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Setup:
    """The parts of a run that decide whether a fault can act.

    Attributes
    ----------
    widths : sequence of int
        Units of each level, inputs and outputs included.
    activation_names : sequence of str
    loss_type, optimizer : str
    batch_size, samples : int
        Examples in a batch, at most, and in an epoch.
    """

    widths: Sequence[int]
    activation_names: Sequence[str]
    loss_type: str
    optimizer: str
    batch_size: int
    samples: int


def nothing(setup: Setup) -> str:
    """Return nothing: any run can show the fault."""
    return ""


def unusual_slope(setup: Setup) -> str:
    """Require a hidden layer whose slope is not always 1."""
    found = any(name != "identity" for name in setup.activation_names)
    return "" if found else "a hidden layer with an activation other than identity"


def curved_activation(setup: Setup) -> str:
    """Require a hidden layer whose slopes at z and at a differ: ReLU's and identity's do not."""
    found = {"gelu", "tanh", "sigmoid"} & set(setup.activation_names)
    return "" if found else "a hidden layer with gelu, tanh or sigmoid"


def square_layer(setup: Setup) -> str:
    """Require a square layer with another one below it."""
    hidden = setup.widths[1:]
    found = any(below == above > 1 for below, above in zip(hidden, hidden[1:], strict=False))
    return "" if found else "two levels of the same width above the inputs, of more than one unit"


def layer_of_several_inputs(setup: Setup) -> str:
    """Require a layer with more than one input."""
    return "" if max(setup.widths[:-1]) > 1 else "a layer with more than one input"


def batch_of_several(setup: Setup) -> str:
    """Require batches of more than one example."""
    several = min(setup.batch_size, setup.samples) > 1
    return "" if several else "batches of more than one example"


def smaller_last_batch(setup: Setup) -> str:
    """Require an epoch with a last batch that is smaller than the others."""
    batch, samples = setup.batch_size, setup.samples
    if batch < samples and samples % batch:
        return ""
    return f"a batch size that is below the {samples} training samples and does not divide them"


def cross_entropy(setup: Setup) -> str:
    """Require the loss with the softmax."""
    return "" if setup.loss_type == "cross_entropy" else "the loss function cross_entropy"


def bias_correction(setup: Setup) -> str:
    """Require an optimizer whose averages are bias-corrected."""
    return "" if setup.optimizer in ("adam", "adamw") else "the optimizer adam or adamw"
