"""The model as a Param class: the settings of its network, and the weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import param
from numpy.typing import ArrayLike, NDArray

from ..memory import in_words, physical_memory
from ..nn.activations import ACTIVATIONS
from ..nn.initializers import INITIALIZATIONS
from ..nn.network import Network, Workspace, memory_needed
from ..plain_values import is_whole, plain
from ..rng import random_stream
from ..settings import Choice, Configured, Count, Plain, SettingError, refuse_unlisted, shown

LARGEST_SHARE_OF_MEMORY = 0.5
"""Largest share of the machine's memory that one network may take."""

MOST_UNITS = 10**18
"""Upper bound for widths in messages: no machine has memory for as many units."""


class ModelSettings(Configured):
    """The settings of a network, with their defaults and bounds; it allocates nothing.

    Raises
    ------
    SettingError
        For a setting that is unknown, out of bounds, or contradicts another.
    """

    input_dimension = Count(16, bounds=(1, None), constant=True, doc="Length of an input.")
    output_dimension = Count(4, bounds=(1, None), constant=True, doc="Number of outputs.")
    hidden_dimension = Plain(
        32, constant=True, doc="Units of every hidden layer, or a list with one for each."
    )
    hidden_layers = Count(
        2, bounds=(0, 100), constant=True, doc="Number of hidden layers; 0 makes it linear."
    )
    activation = Plain(
        "gelu",
        constant=True,
        doc="The activation of every hidden layer, or a list with one for each: "
        + ", ".join(ACTIVATIONS)
        + ".",
    )
    initialization = Choice(
        default="xavier_uniform",
        objects=list(INITIALIZATIONS),
        constant=True,
        doc="Distribution of the initial weights; biases start at zero.",
    )
    seed = Count(0, bounds=(0, None), constant=True, doc="Seed of the initial weights.")

    def __init__(self, **settings: Any) -> None:
        _follow_lists(settings)
        super().__init__(**settings)
        self._hidden = self._one_per_layer("hidden_dimension")
        self._activations = self._one_per_layer("activation")
        self._check(self._hidden, self._activations)

    def _one_per_layer(self, setting: str) -> list[Any]:
        value = getattr(self, setting)
        if not isinstance(value, (list, tuple)):
            return [value] * self.hidden_layers
        if len(value) != self.hidden_layers:
            raise SettingError(
                setting,
                f"{setting} lists {len(value)} value(s) {shown(value)}, but hidden_layers is "
                f"{self.hidden_layers}.",
            )
        return list(value)

    def _check(self, hidden: list[Any], activations: list[Any]) -> None:
        for units in hidden or _as_list(self.hidden_dimension):
            if not is_whole(units) or units < 1:
                raise SettingError(
                    "hidden_dimension",
                    f"hidden_dimension must be a whole number of at least 1, or a list of them, "
                    f"got {shown(self.hidden_dimension)}.",
                )
        for name in activations or _as_list(self.activation):
            refuse_unlisted("activation", name, ACTIVATIONS)


class Model(ModelSettings):
    """A fully connected network with hand-written forward and backward passes.

    Raises
    ------
    SettingError
        As `ModelSettings`, and for a network that does not fit into memory, before anything is
        allocated.

    Attributes
    ----------
    run : TrainingRun or None
        The run of the model, if any: then only the run's events change its weights.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.run: param.Parameterized | None = None
        widths = (self.input_dimension, *self._hidden, self.output_dimension)
        self._widths = [int(width) for width in widths]
        refuse_too_large(self._widths, batch=1)
        self.network = self.initial_network()

    def initial_network(self) -> Network:
        """Return a new network with the initial weights of the model."""
        network = Network(self._widths, self._activations)
        network.initialize(
            INITIALIZATIONS[self.initialization], random_stream("weights", self.seed)
        )
        return network

    @property
    def weights(self) -> list[NDArray[np.float32]]:
        """The weights of each layer, shape (in, out): ``x @ W + b``; a run's are read-only."""
        return self._protected(self.network.weights)

    @property
    def biases(self) -> list[NDArray[np.float32]]:
        """The bias of each layer, shape (out,); a run's are read-only."""
        return self._protected(self.network.biases)

    def _protected(self, arrays: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """Return read-only views if the model belongs to a run, which logs every change."""
        if self.run is None:
            return arrays
        views = [array.view() for array in arrays]
        for view in views:
            view.flags.writeable = False
        return views

    def forward(self, x: ArrayLike) -> NDArray[np.float32]:
        """Return the logits, shape (batch, out), for inputs of shape (batch, in).

        Raises
        ------
        ValueError
            If `x` is not of that shape.
        """
        x = np.asarray(x)
        if x.ndim != 2 or x.shape[1] != self.input_dimension:
            raise ValueError(
                f"x must have the shape (batch, {self.input_dimension}), got {x.shape}."
            )
        work = Workspace(self.network, len(x))
        work.activations[0][...] = x
        for _ in self.network.forward(work):
            pass
        return np.ascontiguousarray(work.logits)


def refuse_too_large(widths: Sequence[int], batch: int) -> None:
    """Raise `SettingError` if a network would not fit into memory at a batch size."""
    # The bytes for a width of a thousand digits would be too long to print.
    widths = [min(width, MOST_UNITS) for width in widths]
    needed = memory_needed(widths, batch)
    limit = int(LARGEST_SHARE_OF_MEMORY * physical_memory())
    if needed > limit:
        setting = "hidden_dimension" if memory_needed(widths, 1) > limit else "batch_size"
        raise SettingError(
            setting,
            f"A network of {'-'.join(map(_counted, widths))} units would take "
            f"{in_words(needed)} to train with batches of {batch}; at most {in_words(limit)} are "
            "allowed here.",
        )


def _counted(units: int) -> str:
    return str(units) if units < MOST_UNITS else "10^18 or more"


def _follow_lists(settings: dict[str, Any]) -> None:
    """Set `hidden_layers` to the length of a list of widths or activations."""
    for setting in ("hidden_dimension", "activation"):
        value = plain(settings.get(setting))
        if isinstance(value, (list, tuple)):
            settings.setdefault("hidden_layers", len(value))


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]
