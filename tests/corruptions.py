"""Records spoilt in named ways, each with the first quantity that no longer follows."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from backprop_panel import Model, SequenceDataset, Trainer
from backprop_panel.nn import reference
from backprop_panel.nn.record import StepRecord

Spoil = Callable[[StepRecord, StepRecord, np.random.Generator], StepRecord]


@dataclass(frozen=True)
class Corruption:
    """A way to spoil a record, given it, the record before it and a generator.

    `quantity` and `layer` are the first discrepancy; `settings` are those of the record's trainer,
    and `prepare` is called with its engine.
    """

    name: str
    quantity: str
    layer: int | None
    spoil: Spoil
    settings: dict = field(default_factory=dict)
    prepare: Callable = lambda engine: None

    def records(self, seed: int) -> tuple[StepRecord, StepRecord]:
        """Return a sound record and the spoilt one."""
        data = SequenceDataset(num_samples=60, seed=seed)
        model = Model(
            input_dimension=data.input_dimension,
            output_dimension=data.output_dimension,
            hidden_dimension=[6, 6],
            activation=["gelu", "tanh"],
            seed=seed,
        )
        settings = {
            "loss_type": "cross_entropy",
            "optimizer": "adam",
            "learning_rate": 0.01,
            "weight_decay": 0.01,
            "batch_size": 8,
        }
        trainer = Trainer(model, data, **settings | self.settings)
        self.prepare(trainer.engine)
        for _ in range(5):
            before = trainer.run_batch()
        sound = trainer.run_batch()
        return sound, self.spoil(sound, before, np.random.default_rng(seed))


def changed(name, layer, change):
    """Spoil one array of a record by ``change(array, random)``."""

    def spoil(record, before, random):
        arrays = list(getattr(record, name))
        arrays[layer] = np.asarray(change(arrays[layer].copy(), random), np.float32)
        return replace(record, **{name: tuple(arrays)})

    return spoil


def taken(name, layer, make):
    """Put ``make(record, before)`` in the place of an array of a record."""

    def spoil(record, before, random):
        arrays = list(getattr(record, name))
        arrays[layer] = np.asarray(make(record, before), np.float32)
        return replace(record, **{name: tuple(arrays)})

    return spoil


def moment(name, layer, change):
    """Spoil one moment."""

    def spoil(record, before, random):
        arrays = list(record.moments[name])
        arrays[layer] = np.asarray(change(arrays[layer].copy(), random), np.float32)
        return replace(record, moments={**record.moments, name: tuple(arrays)})

    return spoil


def one_percent(array, random):
    """One of the larger numbers by 1%."""
    sizes = np.abs(array)
    place = random.choice(np.flatnonzero(sizes >= sizes.mean()))
    array[np.unravel_index(place, array.shape)] *= 1.01
    return array


def rows(part):
    """Change a part of a layer's array, such as its weights or its bias."""
    return lambda change: lambda array, random: _set(array, part, change(array[part], random))


def _set(array, part, values):
    array[part] = values
    return array


of_weights, of_bias = rows(np.s_[:-1]), rows(np.s_[-1])


def sign_of_one(array, random):
    place = np.unravel_index(np.argmax(np.abs(array)), array.shape)
    array[place] *= -1
    return array


def swapped(array, random):
    """Two examples exchanged, those that differ most."""
    distance = np.abs(array - array[0]).reshape(len(array), -1).sum(axis=1)
    return array[[distance.argmax(), *range(1, len(array))]] if distance.any() else array + 1


def with_update(make):
    """Put updates ``make(record, layer)`` in the place of all, in float64."""

    def spoil(record, before, random):
        layers = range(len(record.layers))
        updates = tuple(np.asarray(make(record, layer), np.float32) for layer in layers)
        return replace(record, layer_updates=updates)

    return spoil


def update_of(record, layer, steps=0, optimizer="adam", **changes):
    """The update of a layer by the reference, with other settings."""
    settings = dict(record.settings) | changes
    moments = {name: arrays[layer].astype(float) for name, arrays in record.moments.items()}
    update, _ = reference.update(
        *(optimizer, record.layers[layer].astype(float)),
        *(record.layer_gradients[layer].astype(float), moments, record.optimizer_steps + steps),
        *(settings["learning_rate"], settings["weight_decay"]),
    )
    return update


def uncorrected(record, layer):
    """Adam's update without the corrections: those of a step long after the first."""
    return update_of(record, layer, steps=10**6)


def inverted_correction(record, layer):
    """Adam's update with m(1 − β₁ᵗ) and v(1 − β₂ᵗ)."""
    t = record.optimizer_steps + 1
    return update_of(record, layer, steps=10**6) * (1 - 0.9**t) / np.sqrt(1 - 0.999**t)


def without_derivative(record, before):
    return record.activation_gradients[1]


def double_softmax_delta(record, before):
    one_hot = np.eye(record.logits.shape[1])[record.targets]
    return (reference.softmax(reference.softmax(record.logits)) - one_hot) / len(one_hot)


def per_weight(record, before, random):
    updates = [update.copy() for update in record.layer_updates]
    for update in updates:
        update[-1] *= len(update) - 1
    return replace(record, layer_updates=tuple(updates))


def other_target(record, before, random):
    targets = record.targets.copy()
    targets[0] = (targets[0] + 1) % record.logits.shape[1]
    return replace(record, targets=targets)


def shifted_targets(record, before, random):
    return replace(record, targets=(record.targets + 1) % record.logits.shape[1])


def with_loss(change):
    return lambda record, before, random: replace(record, loss=change(record, before))


def with_examples(change):
    def spoil(record, before, random):
        return replace(record, example_losses=change(record.example_losses.copy(), random))

    return spoil


CORRUPTIONS = [
    Corruption("token of one example", "activations", 0, changed("activations", 0, swapped)),
    Corruption(
        "inputs of the batch before",
        *("activations", 0, taken("activations", 0, lambda r, b: b.inputs)),
    ),
    Corruption(
        "a weight by 1%", "pre_activations", 1, changed("layers", 1, of_weights(one_percent))
    ),
    Corruption("a bias by 1%", "pre_activations", 1, changed("layers", 1, of_bias(one_percent))),
    Corruption("z: a cell by 1%", "pre_activations", 0, changed("pre_activations", 0, one_percent)),
    Corruption("z: a sign", "pre_activations", 1, changed("pre_activations", 1, sign_of_one)),
    Corruption(
        "z: bias missing",
        *("pre_activations", 1),
        taken("pre_activations", 1, lambda r, b: r.activations[1] @ r.weights[1]),
    ),
    Corruption(
        "z: weights transposed",
        *("pre_activations", 1),
        taken("pre_activations", 1, lambda r, b: r.activations[1] @ r.weights[1].T + r.biases[1]),
    ),
    Corruption(
        "z: of the batch before",
        *("pre_activations", 0),
        taken("pre_activations", 0, lambda r, b: b.pre_activations[0]),
    ),
    Corruption(
        "z: two examples swapped", "pre_activations", 0, changed("pre_activations", 0, swapped)
    ),
    Corruption("a: a cell by 1%", "activations", 1, changed("activations", 1, one_percent)),
    Corruption(
        "a: of the batch before",
        *("activations", 2),
        taken("activations", 2, lambda r, b: b.activations[2]),
    ),
    Corruption("a: two examples swapped", "activations", 2, changed("activations", 2, swapped)),
    Corruption(
        "a: of another function",
        *("activations", 1),
        taken("activations", 1, lambda r, b: np.maximum(r.pre_activations[0], 0)),
    ),
    Corruption(
        "a: not activated",
        *("activations", 1),
        taken("activations", 1, lambda r, b: r.pre_activations[0]),
    ),
    Corruption(
        "a: silenced unit speaks",
        *("activations", 1),
        taken(
            "activations",
            1,
            lambda r, b: reference.ACTIVATIONS["gelu"][0](r.pre_activations[0].astype(float)),
        ),
        prepare=lambda engine: engine.edits.silence(1, 2, True),
    ),
    Corruption("logits: a cell by 1%", "activations", 3, changed("activations", 3, one_percent)),
    Corruption(
        "logits: their softmax",
        *("activations", 3),
        taken("activations", 3, lambda r, b: r.probabilities),
    ),
    Corruption(
        "φ′: a cell by 1%", "activation_slopes", 1, changed("activation_slopes", 1, one_percent)
    ),
    Corruption(
        "φ′: taken at a",
        *("activation_slopes", 0),
        taken(
            "activation_slopes",
            0,
            lambda r, b: reference.gelu_slope(r.activations[1].astype(float)),
        ),
    ),
    Corruption(
        "φ′: forgotten",
        *("activation_slopes", 1),
        changed("activation_slopes", 1, lambda array, random: np.ones_like(array)),
    ),
    Corruption("targets: one by another", "loss", None, other_target),
    Corruption("targets: shifted", "loss", None, shifted_targets),
    Corruption("losses: one by 1%", "loss", None, with_examples(one_percent)),
    Corruption("losses: two swapped", "loss", None, with_examples(swapped)),
    Corruption("loss: by 1%", "loss", None, with_loss(lambda r, b: r.loss * 1.01)),
    Corruption("loss: summed", "loss", None, with_loss(lambda r, b: r.loss * len(r.targets))),
    Corruption("loss: of the batch before", "loss", None, with_loss(lambda r, b: b.loss)),
    Corruption(
        "accuracy: one too many",
        *("accuracy", None),
        lambda r, b, random: replace(r, accuracy=r.accuracy + 1 / len(r.targets)),
    ),
    Corruption("last δ: a cell by 1%", "deltas", 2, changed("deltas", 2, one_percent)),
    Corruption("last δ: wrong sign", "deltas", 2, changed("deltas", 2, lambda a, random: -a)),
    Corruption(
        "last δ: p instead of p − y",
        *("deltas", 2, taken("deltas", 2, lambda r, b: r.probabilities / len(r.targets))),
    ),
    Corruption("last δ: softmax twice", "deltas", 2, taken("deltas", 2, double_softmax_delta)),
    Corruption("last δ: of the sum", "deltas", 2, changed("deltas", 2, lambda a, random: 8 * a)),
    Corruption(
        "last δ: MSE without 2",
        *("deltas", 2, changed("deltas", 2, lambda a, random: a / 2)),
        {"loss_type": "mse"},
    ),
    Corruption(
        "dŷ: a cell by 1%",
        *("activation_gradients", 3, changed("activation_gradients", 3, one_percent)),
    ),
    Corruption(
        "dW: a cell by 1%",
        "weight_gradients",
        1,
        changed("layer_gradients", 1, of_weights(one_percent)),
    ),
    Corruption(
        "dW: transposed",
        *("weight_gradients", 1),
        changed("layer_gradients", 1, of_weights(lambda a, random: a.T.copy())),
    ),
    Corruption(
        "dW: added to the one before",
        *("weight_gradients", 2),
        taken("layer_gradients", 2, lambda r, b: r.layer_gradients[2] + b.layer_gradients[2]),
    ),
    Corruption(
        "dW: activations of the batch before",
        *("weight_gradients", 2),
        taken(
            "layer_gradients",
            2,
            lambda r, b: np.vstack([b.activations[2].T @ r.deltas[2], r.bias_gradients[2]]),
        ),
    ),
    Corruption(
        "dW: not a number",
        "weight_gradients",
        0,
        changed("layer_gradients", 0, of_weights(lambda a, random: a * np.nan)),
    ),
    Corruption(
        "db: a cell by 1%", "bias_gradients", 0, changed("layer_gradients", 0, of_bias(one_percent))
    ),
    Corruption(
        "db: missing",
        *("bias_gradients", 2),
        changed("layer_gradients", 2, of_bias(lambda a, random: 0)),
    ),
    Corruption(
        "da: a cell by 1%",
        *("activation_gradients", 1, changed("activation_gradients", 1, one_percent)),
    ),
    Corruption(
        "da: W instead of Wᵀ",
        *("activation_gradients", 1),
        taken("activation_gradients", 1, lambda r, b: r.deltas[1] @ r.weights[1]),
    ),
    Corruption("δ: a cell by 1%", "deltas", 0, changed("deltas", 0, one_percent)),
    Corruption("δ: without φ′", "deltas", 0, taken("deltas", 0, without_derivative)),
    Corruption("δ: two examples swapped", "deltas", 1, changed("deltas", 1, swapped)),
    Corruption(
        "update: a cell by 1%",
        *("weight_updates", 1, changed("layer_updates", 1, of_weights(one_percent))),
    ),
    Corruption(
        "update: wrong sign",
        *("weight_updates", 0, with_update(lambda r, layer: -r.layer_updates[layer])),
    ),
    Corruption("update: no bias correction", "weight_updates", 0, with_update(uncorrected)),
    Corruption(
        "update: inverted correction", "weight_updates", 0, with_update(inverted_correction)
    ),
    Corruption(
        "update: step counted twice",
        *("weight_updates", 0, with_update(lambda r, layer: update_of(r, layer, steps=1))),
    ),
    Corruption(
        "update: no weight decay",
        *("weight_updates", 0, with_update(lambda r, layer: update_of(r, layer, weight_decay=0))),
    ),
    Corruption(
        "update: decay not decoupled",
        *("weight_updates", 0),
        with_update(lambda r, layer: update_of(r, layer, optimizer="adam")),
        {"optimizer": "adamw", "weight_decay": 0.1},
    ),
    Corruption(
        "update: learning rate by 1%",
        *("weight_updates", 0),
        with_update(
            lambda r, layer: update_of(r, layer, learning_rate=1.01 * r.settings["learning_rate"])
        ),
    ),
    Corruption("update: bias stepped once a weight", "bias_updates", 0, per_weight),
    Corruption(
        "update: frozen layer moves",
        *("weight_updates", 1),
        with_update(update_of),
        prepare=lambda engine: engine.edits.freeze(1, True),
    ),
    Corruption(
        "update: weights move in view mode",
        *("weight_updates", 0),
        lambda r, b, random: replace(r, updated=False),
    ),
    Corruption(
        "mean: a cell by 1%", "weight_updates", 1, moment("mean", 1, of_weights(one_percent))
    ),
    Corruption(
        "mean square: a cell by 1%",
        *("weight_updates", 1, moment("mean_square", 1, of_weights(one_percent))),
    ),
    Corruption(
        "mean: of a bias reset", "bias_updates", 1, moment("mean", 1, of_bias(lambda a, random: 0))
    ),
    Corruption(
        "velocity: a cell by 1%",
        *("weight_updates", 2, moment("velocity", 2, of_weights(one_percent))),
        {"optimizer": "momentum"},
    ),
    Corruption(
        "mean square: a cell by 1% (RMSProp)",
        *("weight_updates", 0, moment("mean_square", 0, of_weights(one_percent))),
        {"optimizer": "rmsprop"},
    ),
]
