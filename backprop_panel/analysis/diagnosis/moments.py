"""What the doctor measures at some moments of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...data.sampling import Windows
from ...data.sequence_dataset import SequenceDataset
from ...nn.losses import LOSSES, Loss, softmax
from ...nn.network import Network, Workspace
from ...nn.record import StepRecord
from ...training.checkpoints import EngineState
from ...training.health_meter import FLAT, norms
from ..learning_rate_curve import losses_along_update
from ..recomputation import flat

Array = NDArray[np.floating]

MOST_SAMPLES = 4096
"""Training samples that are measured: all, or so many of them, evenly spread."""

MOST_EXAMPLES = 512
"""Different examples among them that are measured, evenly spread as well."""

LATE_MOMENTS = 8
"""At least so many moments are spread evenly over a run, besides the powers of two."""

ALIKE = 1e-4
"""Weights that differ by less than this share of the layer's largest are alike."""


def moments_of(step: int, since: int = 0) -> list[int]:
    """Return the steps to look at in a run of so many: powers of two, and an even grid.

    Powers of two are counted from the beginning, and from `since` as well, after which nothing was
    changed. The grid's spacing is a power of two, so that most steps that are measured in a short
    run are measured in a longer one too. The last three steps are among them.
    """
    spacing = 1 << max((step // LATE_MOMENTS).bit_length() - 1, 0)
    powers = {begin + (1 << power) for begin in (0, since) for power in range(step.bit_length())}
    grid = range(spacing, step + 1, spacing)
    return sorted(
        moment for moment in powers | {*grid, step - 2, step - 1, step} if 0 < moment <= step
    )


@dataclass(frozen=True)
class Scale:
    """Losses that a run is measured by.

    Attributes
    ----------
    floor : float
        The lowest mean loss that any function of the context reaches.
    prior : float
        The loss of predicting how frequent each target is, whatever the context.
    """

    floor: float
    prior: float

    def excess(self, loss: float) -> float:
        """Return the share of the way from the floor to the prior: 0 at best, 1 at the prior."""
        return (loss - self.floor) / max(self.prior - self.floor, 1e-6)


@dataclass(frozen=True)
class Moment:
    """A run right after one of its steps, measured on the same examples each time.

    Attributes
    ----------
    step : int
    loss : float
        Of the measured training examples.
    validation_loss : float
        NaN without validation data.
    excess : float
        The loss on the run's `Scale`.
    contrast : float
        How far the outputs of different examples differ, relative to what the targets ask for.
    gradient_norms : array, shape (layers,)
        Of the mean loss of the measured examples, after the step.
    weight_norms : array, shape (layers,)
        Before the step's update.
    delta_norms : array, shape (layers,)
        Of the step's batch, before its update.
    overshoot, tenth : float
        What the step, and a tenth of it, did to the loss of its own batch.
    flat : tuple of array, shape (units,)
        For each hidden level, the share of the examples for which a unit passes on less than a
        hundredth of its gradient.
    distinct : tuple of int
        The number of units of each hidden level that differ in their weights.
    """

    step: int
    loss: float
    validation_loss: float
    excess: float
    contrast: float
    gradient_norms: Array
    delta_norms: Array
    weight_norms: Array
    overshoot: float
    tenth: float
    flat: tuple[Array, ...]
    distinct: tuple[int, ...]


@dataclass(frozen=True)
class Examples:
    """Different examples, and the share that each has among all.

    Attributes
    ----------
    inputs, targets : array, shape (n, in) and (n, out)
        One-hot rows.
    shares : array, shape (n,)
        They sum to one.
    """

    inputs: Array
    targets: Array
    shares: Array

    def mean(self, loss: Loss, logits: Array) -> float:
        """Return the mean loss of logits, shape (n, out)."""
        return float(self.shares @ loss.examples(logits, self.targets))

    def spread(self, outputs: Array) -> float:
        """Return the sum of the outputs' standard deviations over the examples."""
        distances = outputs - self.shares @ outputs
        return float(np.sqrt(self.shares @ distances**2).sum())


class Probe:
    """Measures networks on the same training and validation examples.

    Parameters
    ----------
    network : Network
        One of the same shape as those to be measured.
    data : SequenceDataset
    """

    def __init__(self, network: Network, data: SequenceDataset) -> None:
        self._network = Network(network.widths, network.activation_names)
        self._gradients = np.zeros(network.size, np.float32)
        self._data = data
        self._training = self._examples(data.sample_windows)
        held_out = data.validation_windows
        self._validation = self._examples(held_out) if len(held_out) else None
        self.examples = len(self._training.shares)
        self._scales: dict[str, Scale] = {}

    def scale(self, loss_type: str) -> Scale:
        """Return the floor and the prior of the training data for a loss function."""
        if loss_type not in self._scales:
            self._scales[loss_type] = self._scale(loss_type)
        return self._scales[loss_type]

    def _scale(self, loss_type: str) -> Scale:
        targets, shares = self._training.targets, self._training.shares
        of_targets = shares @ targets
        is_softmax = loss_type == "cross_entropy"
        logits = np.log(np.maximum(of_targets, 1e-30)) if is_softmax else of_targets
        prior = self._training.mean(LOSSES[loss_type], np.broadcast_to(logits, targets.shape))
        floor = self._data.optimal_loss(loss_type)
        return Scale(floor, max(prior, floor))

    def loss(self, state: EngineState, loss_type: str) -> float:
        """Return the mean loss of the measured training examples in a state."""
        work = self._forward(state, self._training)
        return self._training.mean(LOSSES[loss_type], work.logits)

    def measure(self, state: EngineState, record: StepRecord) -> Moment:
        """Measure the state right after the step of a record."""
        with np.errstate(all="ignore"):
            return self._measured(state, record)

    def _measured(self, state: EngineState, record: StepRecord) -> Moment:
        loss_type = str(state.settings["loss_type"])
        loss_function = LOSSES[loss_type]
        validation = self._validation_loss(state, loss_type)
        examples, work = self._training, self._forward(state, self._training)
        loss = examples.mean(loss_function, work.logits)
        contrast = _contrast(work.logits, examples, loss_type)
        loss_function.derivative(work.logits, examples.targets, work.deltas[-1], work.column)
        work.deltas[-1] *= (examples.shares * len(examples.shares))[:, np.newaxis]
        for _ in self._network.backward(work, self._network.by_layer(self._gradients)):
            pass
        overshoot, tenth = changes_of_own_loss(record)
        return Moment(
            step=record.step,
            loss=loss,
            validation_loss=validation,
            excess=self.scale(loss_type).excess(loss),
            contrast=contrast,
            gradient_norms=norms(self._network.by_layer(self._gradients)),
            delta_norms=norms(record.deltas),
            weight_norms=norms(record.layers),
            overshoot=overshoot,
            tenth=tenth,
            flat=tuple((np.abs(slopes) < FLAT).mean(axis=0) for slopes in work.slopes),
            distinct=tuple(_distinct_units(self._network.layers)),
        )

    def _validation_loss(self, state: EngineState, loss_type: str) -> float:
        if self._validation is None:
            return float("nan")
        work = self._forward(state, self._validation)
        return self._validation.mean(LOSSES[loss_type], work.logits)

    def _forward(self, state: EngineState, examples: Examples) -> Workspace:
        """Make a forward pass on some examples with the weights of a state."""
        self._network.parameters[...] = state.parameters
        self._network.silence(state.silenced)
        work = Workspace(self._network, len(examples.shares))
        np.copyto(work.activations[0], examples.inputs)
        for _ in self._network.forward(work):
            pass
        return work

    def _examples(self, windows: Windows) -> Examples:
        """Return the different ones of some windows."""
        data = self._data
        samples = np.asarray(windows[_spread(len(windows), MOST_SAMPLES)])
        places, counts = np.unique(samples, return_counts=True)
        kept = _spread(len(places), MOST_EXAMPLES)
        contexts, targets = data.context_and_target(places[kept])
        inputs = np.empty((len(kept), data.input_dimension), np.float32)
        wanted = np.empty((len(kept), data.output_dimension), np.float32)
        data.one_hot(contexts, out=inputs)
        data.one_hot_targets(targets, out=wanted)
        return Examples(inputs, wanted, (counts[kept] / counts[kept].sum()).astype(np.float32))


def changes_of_own_loss(record: StepRecord) -> tuple[float, float]:
    """Return what the update of a step, and a tenth of it, change the loss of its batch by."""
    update = flat(record.layer_updates).astype(np.float64)
    before, after, tenth = losses_along_update(record, update)(np.array([0, 1, 0.1]))
    return float(after - before), float(tenth - before)


def _spread(count: int, most: int) -> NDArray[np.integer]:
    """Return at most `most` of so many numbers, evenly spread."""
    kept = min(count, most)
    return np.arange(kept) * count // max(kept, 1)


def _contrast(logits: Array, examples: Examples, loss_type: str) -> float:
    """Return the standard deviation of the outputs over the examples by that of the targets."""
    outputs = softmax(logits) if loss_type == "cross_entropy" else logits
    wanted = examples.spread(examples.targets)
    return examples.spread(outputs) / wanted if wanted else 1.0


def _distinct_units(layers: Sequence[Array]) -> Iterator[int]:
    """Yield the number of units of each hidden level that differ in their weights.

    Units with the same weights before and after them get the same gradients, and so stay the same.
    """
    for before, after in pairwise(layers):
        if np.isfinite(before).all() and np.isfinite(after).all():
            of_units = np.hstack([_rounded(before).T, _rounded(after)[:-1]])
            yield len(np.unique(of_units, axis=0))
        else:
            yield before.shape[1]


def _rounded(layer: Array) -> Array:
    return np.rint(layer / max(np.abs(layer).max() * ALIKE, np.finfo(np.float32).tiny))
