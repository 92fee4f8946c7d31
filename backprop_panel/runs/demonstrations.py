"""Runs that show one thing each: what goes wrong in training, for a teacher to begin with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..settings import refuse_unlisted
from .manager import TrainingRunManager
from .run import TrainingRun

GOOD: dict[str, Any] = {
    "loss_type": "cross_entropy",
    "optimizer": "adam",
    "learning_rate": 0.005,
    "validation_fraction": 0.0,
}
"""Settings with which the default network learns the default data within some hundred steps."""

LONG_MASTERS: dict[str, Any] = {
    "vocabulary": list("abcdef"),
    "sequence_length": 4,
    "num_master_sequences": 4,
    "master_sequence_length": (60, 80),
}
"""Data with some hundred distinct windows."""


def as_created(run: TrainingRun) -> None:
    """Do nothing to a run before it trains."""


def scaled(factor: float, layers: int | None = None) -> Callable[[TrainingRun], None]:
    """Return what multiplies the weights of the first `layers` layers, or of all."""

    def prepare(run: TrainingRun) -> None:
        """Multiply the weights, as an edit of the run."""
        network = run.model.network
        parameters = network.parameters.copy()
        for layer in network.by_layer(parameters)[:layers]:
            layer *= factor
        run.trainer.engine.edits.load_weights(parameters)

    return prepare


def negative_biases(run: TrainingRun) -> None:
    """Set the biases of all units but one of the first hidden level far below zero."""
    inputs, units = run.model.network.widths[:2]
    for unit in range(units - 1):
        run.trainer.engine.edits.set_weight(0, inputs, unit, -10.0)


def overflowing_sum(run: TrainingRun) -> None:
    """Train for 100 steps, then set two weights whose sum overflows in float32."""
    engine = run.trainer.engine
    while engine.step < 100:
        engine.advance(engine.settings.batch_size, 100 - engine.step)
    for row in (0, run.model.network.widths[0]):
        engine.edits.set_weight(0, row, 0, 3e38)


def silenced_level(run: TrainingRun) -> None:
    """Silence all units of the last hidden level: the outputs see its biases alone."""
    level = len(run.model.network.widths) - 2
    for unit in range(run.model.network.widths[level]):
        run.trainer.engine.edits.silence(level, unit, True)


def first_layer_frozen(run: TrainingRun) -> None:
    """Freeze the first layer."""
    run.trainer.engine.edits.freeze(0, True)


@dataclass(frozen=True)
class Demonstration:
    """A run that shows one thing.

    Attributes
    ----------
    key : str
        The kind of finding that it shows; see `analysis.FINDINGS`.
    label : str
    look_at : str
        What to look at.
    settings : mapping
    steps : int
        The step up to which it trains.
    prepare : callable
        What is done to the run before it trains, as events of its log.
    """

    key: str
    label: str
    look_at: str
    settings: Mapping[str, Any]
    steps: int
    prepare: Callable[[TrainingRun], None] = as_created


_ALL = (
    Demonstration(
        "learning_rate_too_high",
        "Learning rate too high",
        "The loss jumps and never settles. Fork the run with a hundredth of the learning rate.",
        GOOD | {"optimizer": "sgd", "learning_rate": 10.0},
        1000,
    ),
    Demonstration(
        "learning_rate_too_low",
        "Learning rate too low",
        "The loss falls in a straight line, hardly at all. Fork the run with a thousand times the "
        "learning rate.",
        GOOD | {"optimizer": "sgd", "learning_rate": 0.0002},
        1500,
    ),
    Demonstration(
        "vanishing_gradients",
        "Vanishing gradients",
        "Six hidden layers of sigmoid units: the gradients of the map fade from right to left, and "
        "W1 hardly moves.",
        GOOD
        | {"optimizer": "sgd", "learning_rate": 0.2, "hidden_layers": 6}
        | {"activation": "sigmoid"},
        1500,
    ),
    Demonstration(
        "exploding_gradients",
        "Exploding gradients",
        "Weights that are three times too large: the gradients of the first layers are far larger "
        "than those of the last.",
        GOOD | {"hidden_layers": 6, "activation": "relu"},
        600,
        scaled(3.0),
    ),
    Demonstration(
        "dead_units",
        "Dead units",
        "Biases far below zero: all ReLU units of a1 but one are zero for every example, and get "
        "no gradient.",
        GOOD | {"activation": "relu"},
        1000,
        negative_biases,
    ),
    Demonstration(
        "saturated_units",
        "Saturated units",
        "Weights a hundred times too large: the tanh units of a1 and a2 are at ±1, where the slope "
        "is 0.",
        GOOD
        | {"optimizer": "sgd", "learning_rate": 0.2, "activation": "tanh"}
        | {"hidden_dimension": 8},
        1000,
        scaled(100.0, 2),
    ),
    Demonstration(
        "symmetric_units",
        "Symmetric units",
        "All weights begin at zero: the units of a layer are equal and stay so, and only the last "
        "biases learn.",
        GOOD | {"initialization": "zeros"},
        1000,
    ),
    Demonstration(
        "non_finite",
        "A number that overflows",
        "At step 100 two weights are set to 3·10³⁸: their sum is no number of float32. Go to step "
        "101 and follow the infinity.",
        GOOD | {"activation": "relu"},
        130,
        overflowing_sum,
    ),
    Demonstration(
        "overfitting",
        "Overfitting",
        "A hundred examples and 48 units: the validation loss turns upwards while the training "
        "loss falls.",
        GOOD
        | LONG_MASTERS
        | {"num_samples": 100, "validation_fraction": 0.4}
        | {"hidden_dimension": 48},
        1500,
    ),
    Demonstration(
        "stuck_at_prior",
        "Stuck at the frequencies",
        "The last hidden level is silenced: every input gets the same output, and that is how "
        "frequent each target is.",
        GOOD,
        1000,
        silenced_level,
    ),
    Demonstration(
        "too_small",
        "Network too small",
        "One hidden unit is too few for this data: the loss stays far above its floor. A new run "
        "with 8 units reaches it.",
        GOOD
        | {"vocabulary": list("abcdefgh"), "sequence_length": 4, "num_master_sequences": 5}
        | {"hidden_layers": 1, "hidden_dimension": 1, "activation": "tanh"}
        | {"learning_rate": 0.02},
        4000,
    ),
    Demonstration(
        "weight_decay_too_strong",
        "Weight decay too strong",
        "A decay of 0.2 takes from the weights what they learn: they shrink towards zero, and the "
        "loss stays high.",
        GOOD | {"optimizer": "sgd", "learning_rate": 0.2, "weight_decay": 0.2},
        1500,
    ),
    Demonstration(
        "wrong_gradients",
        "Wrong gradients",
        "The derivative of the activation is left out, a mistake of the fault lab: the loss falls "
        "all the same, and only a check of the gradients tells.",
        GOOD | {"fault": "no_activation_derivative", "learning_rate": 0.002},
        600,
    ),
    Demonstration(
        "wrong_update",
        "Wrong update",
        "Adam without its bias correction, a mistake of the fault lab: the gradients are right, "
        "and the first steps three to seven times too large.",
        GOOD | {"fault": "no_bias_correction"},
        300,
    ),
    Demonstration(
        "wrong_loss",
        "Wrong loss",
        "A softmax before the cross-entropy, a mistake of the fault lab: the loss never comes "
        "below 0.74, though 95% of the examples are predicted right.",
        GOOD | {"fault": "double_softmax"},
        1000,
    ),
    Demonstration(
        "unused_data",
        "Unused data",
        "60 examples are drawn from 278 windows, so that most windows are never trained on. Set "
        "Training samples to all.",
        GOOD | LONG_MASTERS | {"num_samples": 60},
        1000,
    ),
    Demonstration(
        "ambiguous_data",
        "Ambiguous data",
        "One token does not tell which comes next: the loss reaches its floor, the dotted line, "
        "and nothing is wrong.",
        GOOD | {"sequence_length": 2},
        3000,
    ),
    Demonstration(
        "frozen",
        "A frozen layer",
        "W1 is frozen, as its snowflake says: it gets gradients and does not move, and the others "
        "learn without it.",
        GOOD,
        600,
        first_layer_frozen,
    ),
    Demonstration(
        "noisy_batches",
        "Noisy batches",
        "One example a step at a high learning rate: the loss jumps about. Change the batch size "
        "to 64, and it falls.",
        GOOD
        | {"optimizer": "sgd", "learning_rate": 0.3, "batch_size": 1, "hidden_layers": 1}
        | {"vocabulary": list("abcdefgh"), "sequence_length": 4, "num_master_sequences": 12}
        | {"master_sequence_length": (30, 40), "num_samples": "all", "activation": "tanh"},
        6000,
    ),
)

DEMONSTRATIONS: dict[str, Demonstration] = {each.key: each for each in _ALL}
"""All demonstrations, by the kinds of findings that they show."""


def demonstrate(manager: TrainingRunManager, key: str) -> TrainingRun:
    """Add the run of a demonstration, ready to be trained, and make it the current one.

    Raises
    ------
    SettingError
        If there is no such demonstration.
    """
    refuse_unlisted("demonstration", key, DEMONSTRATIONS)
    return manager.add(demonstration_run(key))


def demonstration_run(key: str, name: str | None = None) -> TrainingRun:
    """Return the run of a demonstration, with its label or another name."""
    demonstration = DEMONSTRATIONS[key]
    run = TrainingRun(name or demonstration.label, demonstration.settings)
    demonstration.prepare(run)
    return run
