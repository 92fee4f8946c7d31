"""Runs with a planted cause, and healthy ones, of varied data, depth, width and optimizer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backprop_panel import TrainingRunManager
from backprop_panel.nn.faults import FAULTS
from backprop_panel.runs.run import TrainingRun

GOOD_RATES = {"sgd": 0.2, "momentum": 0.03, "rmsprop": 0.003, "adam": 0.005, "adamw": 0.005}
HIGH_RATES = {"sgd": 60.0, "momentum": 20.0, "rmsprop": 2.0, "adam": 3.0, "adamw": 3.0}

Edit = Callable[[TrainingRun, np.random.Generator], None]


@dataclass(frozen=True)
class Case:
    """A run to be made.

    Attributes
    ----------
    kind : str or None
        The finding that is right; None for a healthy run.
    name : str
    settings : dict
    steps : int
    edit : callable
        What is done to the run before it trains.
    allowed : tuple of str
        Kinds that are right besides.
    """

    kind: str | None
    name: str
    settings: dict[str, Any]
    steps: int = 1500
    edit: Edit | None = None
    allowed: tuple[str, ...] = field(default=())

    def begun(self, manager: TrainingRunManager, seed: int) -> TrainingRun:
        """Make the run up to what is planted in it."""
        run = manager.create(name=f"{self.name} {seed}", **self.settings)
        if self.edit:
            self.edit(run, np.random.default_rng(seed))
        return run

    def run(self, manager: TrainingRunManager, seed: int) -> TrainingRun:
        """Make the run and train it."""
        run = self.begun(manager, seed)
        train_to(run, self.steps)
        return run

    def onset(self, seed: int) -> int:
        """Return the step at which the cause is planted."""
        return self.begun(TrainingRunManager(), seed).trainer.step


def train_to(run: TrainingRun, steps: int) -> None:
    """Train up to a step."""
    engine = run.trainer.engine
    with np.errstate(all="ignore"):
        while engine.step < steps:
            engine.advance(engine.settings.batch_size, steps - engine.step)


def varied(seed: int, **given: Any) -> dict[str, Any]:
    """Return settings of a run that learns its data well, varied by a seed."""
    random = np.random.default_rng([7, seed])
    optimizer = str(random.choice(list(GOOD_RATES)))
    length = int(random.integers(3, 7))
    settings = {
        "vocabulary": list("abcdefghij"[: random.integers(3, 9)]),
        "sequence_length": length,
        "task_type": str(random.choice(["next_token", "next_token", "sequence_classification"])),
        "num_master_sequences": int(random.integers(2, 6)),
        "master_sequence_length": (length + 4, length + int(random.integers(6, 25))),
        "num_samples": int(random.integers(200, 900)),
        "validation_fraction": 0.0,
        "hidden_layers": int(random.integers(1, 4)),
        "hidden_dimension": int(random.integers(12, 49)),
        "activation": str(random.choice(["gelu", "relu", "tanh"])),
        "loss_type": str(random.choice(["cross_entropy", "cross_entropy", "mse"])),
        "batch_size": int(random.choice([16, 32, 64])),
        "seed": seed,
    }
    optimizer = given.get("optimizer", optimizer)
    return settings | {"optimizer": optimizer, "learning_rate": GOOD_RATES[optimizer]} | given


def healthy(seed: int) -> Iterator[Case]:
    """Yield ten healthy runs."""
    for number in range(4):
        yield Case(None, "plain", varied(100 * number + seed))
    yield Case(
        None,
        "small batches",
        varied(400 + seed, batch_size=4, optimizer="adam", learning_rate=0.001),
    )
    yield Case(
        None,
        "single examples",
        varied(500 + seed, batch_size=1, optimizer="adam", learning_rate=0.001),
        steps=4000,
    )
    yield Case(
        None,
        "at its floor",
        varied(600 + seed, sequence_length=2, optimizer="adam", task_type="next_token"),
        steps=3000,
    )
    yield Case(None, "a layer frozen", varied(700 + seed, hidden_layers=2), edit=freeze)
    yield Case(None, "momentum", varied(800 + seed, optimizer="momentum"))
    yield Case(
        None,
        "deep",
        varied(
            900 + seed,
            hidden_layers=5,
            optimizer="adam",
            activation=["gelu", "tanh"][seed % 2],
            learning_rate=0.002,
        ),
    )


def freeze(run: TrainingRun, random: np.random.Generator) -> None:
    run.trainer.engine.edits.freeze(0, True)


def load(run: TrainingRun, layers: list[np.ndarray]) -> None:
    engine = run.trainer.engine
    engine.edits.load_weights(
        np.concatenate([layer.ravel() for layer in layers]).astype(np.float32)
    )


def scaled(factor: float, which: slice = slice(None)) -> Edit:
    """Return what multiplies the weights of some layers."""

    def edit(run: TrainingRun, random: np.random.Generator) -> None:
        layers = [layer.copy() for layer in run.model.network.layers]
        for layer in layers[which]:
            layer *= factor
        load(run, layers)

    return edit


def kill(run: TrainingRun, random: np.random.Generator) -> None:
    """Give most units of the first layer a bias far below zero."""
    layers = [layer.copy() for layer in run.model.network.layers]
    layers[0][-1, : int(random.uniform(0.6, 1) * layers[0].shape[1]) + 1] = -random.uniform(5, 20)
    load(run, layers)


def make_alike(run: TrainingRun, random: np.random.Generator) -> None:
    """Give all units of each layer the same weights."""
    load(
        run, [np.full_like(layer, random.uniform(0.01, 0.3)) for layer in run.model.network.layers]
    )


def overflow(run: TrainingRun, random: np.random.Generator) -> None:
    """Train for a while, and set two weights that meet in a sum which overflows."""
    train_to(run, int(random.integers(5, 300)))
    layers = run.model.network.layers
    for row in (0, len(layers[0]) - 1):
        run.trainer.engine.edits.set_weight(0, row, 0, 3e38)


def silence_layer(run: TrainingRun, random: np.random.Generator) -> None:
    """Silence all units of the last hidden level, so that only the last bias learns."""
    level = len(run.model.network.widths) - 2
    for unit in range(run.model.network.widths[level]):
        run.trainer.engine.edits.silence(level, unit, True)


def sick(seed: int) -> Iterator[Case]:
    """Yield a run of each kind of finding, without the mistakes of the fault lab."""
    optimizer = list(GOOD_RATES)[seed % len(GOOD_RATES)]
    high = {"optimizer": optimizer, "learning_rate": HIGH_RATES[optimizer] * (1 + seed)}
    yield Case("learning_rate_too_high", "high rate", varied(seed, **high))
    low = {"optimizer": optimizer, "learning_rate": GOOD_RATES[optimizer] * 10.0 ** -(3 + seed % 2)}
    yield Case("learning_rate_too_low", "low rate", varied(10 + seed, **low))
    yield Case(
        "vanishing_gradients",
        "deep sigmoid",
        varied(20 + seed, hidden_layers=5 + seed % 3, activation="sigmoid", optimizer="sgd"),
    )
    yield Case(
        "exploding_gradients",
        "large weights",
        varied(
            30 + seed,
            hidden_layers=5 + seed % 3,
            activation=["gelu", "relu", "identity"][seed % 3],
            hidden_dimension=24 + seed,
        ),
        edit=scaled(3.0 + seed / 5),
    )
    yield Case(
        "dead_units",
        "negative biases",
        varied(40 + seed, activation="relu", hidden_layers=1 + seed % 3),
        edit=kill,
    )
    yield Case(
        "saturated_units",
        "steep units",
        varied(
            50 + seed,
            activation=["tanh", "sigmoid"][seed % 2],
            hidden_layers=2 + seed % 2,
            optimizer="sgd",
        ),
        edit=scaled(100.0, slice(0, 2)),
    )
    zeros = {"initialization": "zeros"} if seed % 2 else {}
    yield Case(
        "symmetric_units",
        "equal weights",
        varied(60 + seed, **zeros),
        edit=None if zeros else make_alike,
    )
    yield Case(
        "non_finite",
        "overflow",
        varied(
            70 + seed,
            vocabulary=list("abc"),
            sequence_length=3,
            activation=["gelu", "relu"][seed % 2],
        ),
        steps=400,
        edit=overflow,
    )
    yield Case(
        "overfitting",
        "few samples",
        varied(
            80 + seed,
            vocabulary=list("abcdef"),
            sequence_length=4,
            task_type="next_token",
            num_master_sequences=4,
            master_sequence_length=(60, 80),
            num_samples=100,
            validation_fraction=0.4,
            hidden_dimension=48,
            optimizer="adam",
        ),
        allowed=("unused_data",),
    )
    yield Case("stuck_at_prior", "silenced layer", varied(90 + seed), edit=silence_layer)
    yield Case(
        "too_small",
        "one unit",
        varied(
            100 + seed,
            hidden_dimension=1,
            hidden_layers=1 + seed % 2,
            activation="tanh",
            vocabulary=list("abcdefgh"),
            sequence_length=4,
            num_master_sequences=5,
            task_type="next_token",
            optimizer="adam",
            learning_rate=0.02,
        ),
        steps=4000,
    )
    decay = {"weight_decay": [0.1, 0.2, 0.5][seed % 3], "optimizer": ["sgd", "adam"][seed % 2]}
    yield Case(
        "weight_decay_too_strong",
        "strong decay",
        varied(110 + seed, loss_type="cross_entropy", **decay),
    )
    yield Case(
        "unused_data",
        "few of the windows",
        varied(
            120 + seed,
            num_samples=60,
            num_master_sequences=4,
            master_sequence_length=(60, 80),
            optimizer="adam",
        ),
    )
    yield Case(
        "ambiguous_data",
        "short contexts",
        varied(130 + seed, sequence_length=2, task_type="next_token", optimizer="adam"),
        steps=3000,
    )
    yield Case("frozen", "frozen layer", varied(140 + seed, hidden_layers=2), edit=freeze)
    yield Case(
        "noisy_batches",
        "single examples at a high rate",
        varied(
            150 + seed,
            batch_size=1,
            optimizer=["sgd", "momentum"][seed % 2],
            learning_rate=[0.4, 0.04][seed % 2],
            sequence_length=4,
            task_type="next_token",
            vocabulary=list("abcdefgh"),
            loss_type="cross_entropy",
            num_master_sequences=12,
            master_sequence_length=(30, 40),
            num_samples="all",
            activation="tanh",
            hidden_layers=1,
            hidden_dimension=32,
        ),
        steps=6000,
    )


FAULT_KINDS = dict.fromkeys(FAULTS, "wrong_gradients") | {
    "double_softmax": "wrong_loss",
    "summed_loss": "wrong_loss",
    "shifted_targets": "wrong_loss",
    "bias_per_weight": "wrong_update",
    "no_bias_correction": "wrong_update",
    "inverted_bias_correction": "wrong_update",
    "wrong_sign": "wrong_update",
    "zero_weights": "symmetric_units",
    "dropped_last_batch": "unused_data",
}
"""The finding that is right for each mistake of the fault lab."""


def faulty(seed: int) -> Iterator[Case]:
    """Yield a run with each mistake of the fault lab."""
    for place, (fault, kind) in enumerate(FAULT_KINDS.items()):
        settings = varied(
            1000 + 20 * seed + place,
            hidden_layers=2 + seed % 3,
            activation=["gelu", "tanh"][seed % 2],
            batch_size=[15, 30, 60][seed % 3],
            num_samples=400 + seed,
            fault=fault,
        )
        if "softmax" in fault:
            settings["loss_type"] = "cross_entropy"
        if "correction" in fault:
            settings |= {"optimizer": "adam", "learning_rate": 0.005}
        yield Case(kind, fault, settings)
