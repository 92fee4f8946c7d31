"""Texts that a next-token network generates, and why each of them ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.sequence_dataset import SequenceDataset
from ..data.text_tokens import split_tokens
from ..nn.losses import softmax
from ..plain_values import is_finite, is_number, is_whole
from ..settings import SettingError, refuse_other, shown
from ..training.model import Model

Predict = Callable[[NDArray], NDArray[np.floating]]
"""Returns the logits, shape (n, out), of contexts of token ids, shape (n, length)."""

ENDS = {
    "boundary": "the boundary token",
    "unseen": "no master sequence goes on from here",
    "longest": "no line is longer",
    "limit": "as long as asked for",
    "not finite": "the network's outputs are not finite",
}
"""Why a text ends."""


@dataclass(frozen=True)
class GeneratedText:
    """A text that a network generated.

    Attributes
    ----------
    tokens : list of str
        The prompt and what follows it, without boundary tokens.
    prompted : int
        How many of them were given.
    end : str
        Why it ends, a key of `ENDS`.
    """

    tokens: list[str]
    prompted: int
    end: str


def generate(
    network: Model | Predict,
    dataset: SequenceDataset,
    prompt: str | Sequence[str] = "",
    temperature: float = 1.0,
    samples: int = 10,
    most_tokens: int = 100,
    rng: np.random.Generator | None = None,
) -> list[GeneratedText]:
    """Return texts that a network generates, token by token.

    A text ends at the boundary token. Without one it ends where no line is longer, or, of generated
    master sequences, where none of them goes on. The network's output has no meaning for a context
    that cannot occur.

    Parameters
    ----------
    network : Model or function
        A function returns the logits of contexts.
    dataset : SequenceDataset
    prompt : str or sequence of str
        The beginning. Without a boundary token it must be empty, for the beginning of a random
        master, or as long as the network's context.
    temperature : float
        What the logits are divided by; at 0 the most probable token is taken.
    samples : int
    most_tokens : int
        The most tokens of a text, the prompt included.
    rng : numpy.random.Generator, optional
        By default one that is different each time.

    Raises
    ------
    SettingError
        If the dataset or the network generates nothing, or an argument is invalid.
    """
    _check(dataset, temperature, samples, most_tokens)
    predict = _predict_of(network, dataset) if isinstance(network, Model) else network
    if not callable(predict):
        raise SettingError(
            "network", f"network must be a Model, or a function of contexts; got {shown(network)}."
        )
    rng = np.random.default_rng() if rng is None else rng
    refuse_other("rng", rng, np.random.Generator)
    texts = _beginnings(dataset, prompt, samples, rng)
    prompted = [len(text) for text in texts]
    endings = _Endings(dataset, most_tokens)
    ends = [endings.before_next(text) for text in texts]
    while live := [row for row, end in enumerate(ends) if not end]:
        contexts = np.stack([endings.context(texts[row]) for row in live])
        drawn = _drawn(predict, contexts, temperature, rng)
        for row, token in zip(live, drawn, strict=True):
            ends[row] = endings.at(token)
            if not ends[row]:
                texts[row].append(token)
                ends[row] = endings.before_next(texts[row])
    return [
        GeneratedText(dataset.tokens(ids).tolist(), given, end)
        for ids, given, end in zip(texts, prompted, ends, strict=True)
    ]


def _predict_of(model: Model, dataset: SequenceDataset) -> Predict:
    """Return the function that returns a model's logits of contexts."""
    _refuse_other_network(model, dataset)

    def predict(contexts: NDArray) -> NDArray[np.floating]:
        """Return the logits of token ids: (contexts, tokens) to (contexts, outputs)."""
        inputs = np.empty((len(contexts), dataset.input_dimension), np.float32)
        dataset.one_hot(contexts, out=inputs)
        return model.forward(inputs)

    return predict


class _Endings:
    """Tells why a text ends, by a key of `ENDS`; empty if it goes on."""

    def __init__(self, dataset: SequenceDataset, most_tokens: int) -> None:
        self._length, self._most_tokens = dataset.context_length, most_tokens
        self._boundary = self._longest = None
        if dataset.boundary is None:
            self._longest = int(dataset.masters.lengths.max())
        else:
            self._boundary = dataset.vocabulary.index(dataset.boundary)
        self._seen = dataset.contexts if dataset.master_sequences is None else None
        self._id_type = dataset.masters.ids.dtype

    def context(self, ids: list[int]) -> NDArray:
        """Return what the network is given for the next token: boundaries where a text is short."""
        missing = self._length - len(ids)
        return np.array([self._boundary] * missing + ids[-self._length :], self._id_type)

    def before_next(self, ids: list[int]) -> str:
        """Tell why a text ends before its next token."""
        if self._seen is not None and self.context(ids).tobytes() not in self._seen:
            return "unseen"
        if self._longest is not None and len(ids) >= self._longest:
            return "longest"
        return "limit" if len(ids) >= self._most_tokens else ""

    def at(self, token: int) -> str:
        """Tell why a text ends at a token, −1 for none."""
        if token < 0:
            return "not finite"
        return "boundary" if token == self._boundary else ""


def _drawn(
    predict: Predict, contexts: NDArray, temperature: float, rng: np.random.Generator
) -> list[int]:
    """Return the next token of each context, −1 if the outputs are not finite."""
    return [
        _draw(row, float(temperature), rng) if np.isfinite(row).all() else -1
        for row in predict(contexts).astype(float)
    ]


def _draw(logits: NDArray[np.floating], temperature: float, rng: np.random.Generator) -> int:
    if temperature == 0:
        return int(logits.argmax())
    with np.errstate(over="ignore"):  # at a very low temperature all but the best are −∞
        (probabilities,) = softmax((logits - logits.max())[np.newaxis] / temperature)
    return int(rng.choice(len(logits), p=probabilities / probabilities.sum()))


def _beginnings(
    dataset: SequenceDataset, prompt: Any, samples: int, rng: np.random.Generator
) -> list[list[int]]:
    """Return the ids that each text begins with."""
    given = _prompt_ids(dataset, prompt)
    length = dataset.context_length
    if dataset.boundary is not None or len(given) >= length:
        return [list(given) for _ in range(samples)]
    if given:
        raise SettingError(
            "prompt",
            f"Without a boundary token the network needs {length} tokens to begin with, got "
            f"{len(given)}.",
        )
    masters = rng.integers(len(dataset.masters), size=samples)
    return [dataset.masters[master][:length].tolist() for master in masters]


def _prompt_ids(dataset: SequenceDataset, prompt: Any) -> list[int]:
    tokens = split_tokens(prompt, dataset.token_type) if isinstance(prompt, str) else prompt
    if not isinstance(tokens, (list, tuple)):
        raise SettingError("prompt", f"prompt must be a text or a list, got {shown(prompt)}.")
    number_of = {token: number for number, token in enumerate(dataset.vocabulary)}
    ids = []
    for token in tokens:
        number = number_of.get(token) if isinstance(token, str) else None
        if number is None and dataset.unknown is not None:
            number = number_of[dataset.unknown]
        if number is None:
            raise SettingError(
                "prompt", f"prompt holds {shown(token)}, which is not in the vocabulary."
            )
        if token == dataset.boundary:
            raise SettingError(
                "prompt", f"prompt holds the boundary token {shown(token)}, where texts end."
            )
        ids.append(number)
    return ids


def _refuse_other_network(model: Model, dataset: SequenceDataset) -> None:
    """Raise `SettingError` if a network does not fit a dataset."""
    if (model.input_dimension, model.output_dimension) != (
        dataset.input_dimension,
        dataset.output_dimension,
    ):
        raise SettingError(
            "dataset",
            f"The network takes {model.input_dimension} inputs to {model.output_dimension} "
            f"outputs, the dataset has {dataset.input_dimension} and {dataset.output_dimension}.",
        )


def _check(dataset: SequenceDataset, temperature: Any, samples: Any, most_tokens: Any) -> None:
    refuse_other("dataset", dataset, SequenceDataset)
    if dataset.task_type != "next_token":
        raise SettingError("dataset", "Only a next-token network generates.")
    if not is_number(temperature) or not is_finite(temperature) or temperature < 0:
        raise SettingError(
            "temperature", f"temperature must be a number of at least 0, got {shown(temperature)}."
        )
    for name, value in (("samples", samples), ("most_tokens", most_tokens)):
        if not is_whole(value) or not 1 <= value <= 10_000:
            raise SettingError(
                name, f"{name} must be a whole number from 1 to 10000, got {shown(value)}."
            )
