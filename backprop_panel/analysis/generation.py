"""Texts that a next-token network generates, and why each of them ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.sequence_dataset import SequenceDataset
from ..data.text_tokens import split_tokens
from ..nn.losses import softmax
from ..settings import SettingError, is_finite, is_number, is_whole, shown
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
    model: Model,
    dataset: SequenceDataset,
    prompt: str | Sequence[str] = "",
    temperature: float = 1.0,
    samples: int = 10,
    most_tokens: int = 100,
    rng: np.random.Generator | None = None,
) -> list[GeneratedText]:
    """Return texts that a network generates, token by token.

    A text ends at the boundary token. Without one it ends where no line is longer, or, of generated
    master sequences, where none of them goes on: what the network says of a context that cannot
    occur means nothing.

    Parameters
    ----------
    model : Model
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
    refuse_other_network(model, dataset)

    def predict(contexts: NDArray) -> NDArray[np.floating]:
        inputs = np.empty((len(contexts), dataset.input_dimension), np.float32)
        dataset.one_hot(contexts, out=inputs)
        return model.forward(inputs)

    return generate_with(predict, dataset, prompt, temperature, samples, most_tokens, rng)


def generate_with(
    predict: Predict,
    dataset: SequenceDataset,
    prompt: str | Sequence[str] = "",
    temperature: float = 1.0,
    samples: int = 10,
    most_tokens: int = 100,
    rng: np.random.Generator | None = None,
) -> list[GeneratedText]:
    """Return texts as `generate` does, by a function that returns the logits of contexts."""
    _check(dataset, temperature, samples, most_tokens)
    rng = np.random.default_rng() if rng is None else rng
    texts = _beginnings(dataset, prompt, samples, rng)
    prompted = [len(text) for text in texts]
    ends = [""] * samples
    end_before, end_after = _ends_of(dataset, most_tokens)
    length, pad = dataset.context_length, _boundary_id(dataset)
    while live := [row for row in range(samples) if not ends[row]]:
        for row in live:
            ends[row] = end_before(texts[row])
        live = [row for row in live if not ends[row]]
        if not live:
            break
        contexts = [([pad or 0] * length + texts[row])[-length:] for row in live]
        for row, token in zip(
            live, _drawn(predict, dataset, contexts, temperature, rng), strict=True
        ):
            ends[row] = "not finite" if token < 0 else end_after(token)
            if not ends[row]:
                texts[row].append(token)
    return [
        GeneratedText(dataset.tokens(ids).tolist(), given, end)
        for ids, given, end in zip(texts, prompted, ends, strict=True)
    ]


def _ends_of(dataset: SequenceDataset, most_tokens: int) -> tuple[Any, Any]:
    """Return the functions that tell why a text ends: before its next token, and after it."""
    boundary, length = _boundary_id(dataset), dataset.context_length
    seen = None
    if dataset.master_sequences is None:
        windows = dataset.windows[:]
        seen = {bytes(row) for row in np.unique(windows[:, :-1], axis=0).astype(np.uint16)}
    longest = None if boundary is not None else int(dataset.masters.lengths.max())

    def end_before(ids: list[int]) -> str:
        if seen is not None and np.array(ids[-length:], np.uint16).tobytes() not in seen:
            return "unseen"
        if longest is not None and len(ids) >= longest:
            return "longest"
        return "limit" if len(ids) >= most_tokens else ""

    return end_before, partial(_end_after, boundary)


def _end_after(boundary: int | None, token: int) -> str:
    return "boundary" if token == boundary else ""


def _drawn(
    predict: Predict,
    dataset: SequenceDataset,
    contexts: list[list[int]],
    temperature: float,
    rng: np.random.Generator,
) -> list[int]:
    """Return the next token of each context, −1 if the outputs are not finite."""
    logits = predict(np.array(contexts, dataset.masters.ids.dtype)).astype(float)
    if temperature == 0:
        best = logits.argmax(axis=1)
        return [
            int(t) if np.isfinite(row).all() else -1 for t, row in zip(best, logits, strict=True)
        ]
    with np.errstate(all="ignore"):
        probabilities = softmax(logits / temperature)
    return [_draw(row, rng) if np.isfinite(row).all() else -1 for row in probabilities]


def _draw(probabilities: NDArray[np.floating], rng: np.random.Generator) -> int:
    return int(rng.choice(len(probabilities), p=probabilities / probabilities.sum()))


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


def _boundary_id(dataset: SequenceDataset) -> int | None:
    return None if dataset.boundary is None else dataset.vocabulary.index(dataset.boundary)


def refuse_other_network(model: Model, dataset: SequenceDataset) -> None:
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
