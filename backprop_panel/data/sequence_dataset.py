"""Sequence data: windows cut from master sequences, and the samples drawn from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..nn.losses import LOSSES
from ..settings import (
    Choice,
    Configured,
    Count,
    Plain,
    Quantity,
    SettingError,
    is_whole,
    one_of,
    plain,
    shown,
)
from . import master_sequences as masters
from .lazy_array import LazyRows
from .one_hot import write_one_hot, write_one_hot_targets
from .optimal_scores import OptimalScores
from .sampling import draw_samples, epoch_order
from .window_index import Indices, WindowIndex


class SequenceDataset(Configured):
    """Windows over master sequences, a training set drawn from them, and a validation set.

    A window of `sequence_length` tokens is, for ``next_token``, that many minus one as input and
    the last as target; for ``sequence_classification`` all of them as input and the index of its
    master as target. Inputs are one-hot, flattened; only token ids are stored.

    Samples are drawn evenly: the numbers of times that two training windows occur differ by one at
    most. The share `validation_fraction` of the distinct windows is held out, by content: no window
    of the validation set occurs in the training set.

    Raises
    ------
    SettingError
        For a setting that is unknown, out of bounds, or does not fit the others.
    """

    vocabulary = Plain(
        ["a", "b", "c", "d"],
        constant=True,
        instantiate=True,  # or all instances would share one list
        doc="The tokens, a list.",
    )
    sequence_length = Count(5, bounds=(1, None), constant=True, doc="Tokens in a window.")
    task_type = Choice(
        default="next_token",
        objects=["next_token", "sequence_classification"],
        constant=True,
        doc="What to learn: the window's last token, or which master it was cut from.",
    )
    num_master_sequences = Count(
        3, bounds=(1, None), constant=True, doc="How many masters to generate."
    )
    master_sequence_length = Plain(
        (8, 12), constant=True, doc="The shortest and the longest length of a generated master."
    )
    master_sequences = Plain(
        None,
        constant=True,
        doc="Explicit masters in place of generated ones: a list of strings or of lists of "
        "tokens, or a text with one master a line and a token a character.",
    )
    num_samples = Count(
        512, bounds=(1, 10_000_000), constant=True, doc="Training samples in an epoch."
    )
    validation_fraction = Quantity(
        0.2,
        bounds=(0, 1),
        inclusive_bounds=(True, False),
        constant=True,
        doc="The share of the distinct windows that is held out.",
    )
    seed = Count(0, bounds=(0, None), constant=True, doc="Where all randomness begins.")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**self.with_containers(settings))
        self._check_vocabulary()
        if self.task_type == "next_token" and self.sequence_length < 2:
            raise SettingError(
                "sequence_length",
                "sequence_length must be at least 2 for next_token (one token in, one to "
                f"predict), got {self.sequence_length}.",
            )
        given = self._given_masters()
        self.masters = given.at_least(self.sequence_length)
        self.skipped = len(given) - len(self.masters)
        if not len(self.masters):
            raise SettingError(
                "sequence_length",
                f"sequence_length is {shown(self.sequence_length)}, but the longest master "
                f"sequence has only {given.lengths.max(initial=0)} tokens.",
            )
        self._token_array = np.array(self.vocabulary, dtype=object)
        self._index = WindowIndex(self.masters, self.sequence_length)
        self.sample_windows, self.validation_windows = draw_samples(
            self._index, self.num_samples, self.validation_fraction, self.seed
        )
        self._sample_starts = self._index.starts(self.sample_windows)

    @classmethod
    def from_text(
        cls, text: str, sequence_length: int = 8, num_samples: int = 10_000, **settings: Any
    ) -> SequenceDataset:
        """Return a dataset from a text: one master a line, one token a character.

        Lines shorter than a window are skipped and counted in `skipped`.

        Raises
        ------
        SettingError
            If `text` is not a str, no line is long enough, or a setting is invalid.
        """
        masters.refuse_no_text(text)
        text = text.replace("\r\n", "\n")
        if not text.strip("\n"):
            raise SettingError("master_sequences", "The text is empty.")
        settings.setdefault("vocabulary", masters.text_vocabulary(text))
        return cls(
            master_sequences=text,
            sequence_length=sequence_length,
            num_samples=num_samples,
            **settings,
        )

    @staticmethod
    def with_containers(settings: dict[str, Any]) -> dict[str, Any]:
        """Return settings in the containers that a dataset keeps: JSON has no tuples."""
        containers = {"vocabulary": list, "master_sequence_length": tuple}
        given = {name: plain(settings[name]) for name in containers.keys() & settings.keys()}
        return settings | {
            name: containers[name](value)
            for name, value in given.items()
            if isinstance(value, (list, tuple))
        }

    @property
    def context_length(self) -> int:
        """Tokens of a window that are input."""
        return self.sequence_length - (self.task_type == "next_token")

    @cached_property
    def input_dimension(self) -> int:
        """Length of a flattened one-hot input."""
        return self.context_length * len(self.vocabulary)

    @cached_property
    def output_dimension(self) -> int:
        """Number of classes: tokens, or masters."""
        return len(self.output_labels)

    @cached_property
    def _token_ids(self) -> Indices:
        return np.arange(len(self.vocabulary), dtype=self.masters.ids.dtype)

    @cached_property
    def _output_ids(self) -> Indices:
        return np.arange(self.output_dimension)

    @cached_property
    def output_labels(self) -> list[str]:
        """The label of each output: its token or its master."""
        if self.task_type == "next_token":
            return list(self.vocabulary)
        return [f"#{number + 1}" for number in range(len(self.masters))]

    @property
    def n_windows(self) -> int:
        """Number of windows, each position once."""
        return self._index.count

    @property
    def windows(self) -> LazyRows:
        """Token ids of every window, each position once, shape (n_windows, sequence_length)."""
        shape = (self.n_windows, self.sequence_length)
        return LazyRows(shape, self.masters.ids.dtype, self._index.token_ids)

    @property
    def origin(self) -> LazyRows:
        """The origin of each window: master and offset, shape (n_windows, 2)."""
        return LazyRows((self.n_windows, 2), np.dtype(np.int64), self._index.origins)

    def tokens(self, ids: Any) -> NDArray[np.object_]:
        """Return the tokens for `ids`, in the same shape."""
        return self._token_array[np.asarray(ids, dtype=np.intp)]

    def __len__(self) -> int:
        return self.num_samples

    def __getitem__(self, sample: int) -> tuple[NDArray, int]:
        """Return one training sample: its context's token ids and its target."""
        contexts, targets = self.__getitems__([sample])
        return contexts[0], int(targets[0])

    def __getitems__(self, samples: Indices | Sequence[int]) -> tuple[NDArray, Indices]:
        """Return training samples: contexts (batch, context_length) and targets (batch,)."""
        windows = self.sample_windows[samples]
        return self._split(windows, self._index.by_start[self._sample_starts[samples]])

    def context_and_target(self, windows: Indices) -> tuple[NDArray, Indices]:
        """Split windows, by number, into contexts (n, context_length) and targets (n,)."""
        return self._split(windows, self._index.token_ids(windows))

    def _split(self, windows: Indices, ids: NDArray) -> tuple[NDArray, Indices]:
        if self.task_type == "next_token":
            return ids[:, :-1], ids[:, -1].astype(np.intp)
        return ids, self._index.masters(windows)

    def one_hot(self, contexts: NDArray, out: NDArray[np.floating]) -> None:
        """Write the flattened one-hot rows of `contexts` into `out`.

        Parameters
        ----------
        contexts : array, shape (..., batch, context_length)
        out : array, shape (..., batch, input_dimension)
        """
        write_one_hot(contexts, self._token_ids, out)

    def one_hot_targets(self, targets: Indices, out: NDArray[np.floating]) -> None:
        """Write a one at each target, (..., batch), into `out`, (..., batch, output_dimension)."""
        write_one_hot_targets(targets, self._output_ids, out)

    def order(self, epoch: int) -> Indices:
        """Return the order of the samples in an epoch, a function of (seed, epoch) alone."""
        return epoch_order(self.num_samples, self.seed, epoch)

    def optimal_loss(self, loss_type: str) -> float:
        """Return the mean training loss of the best function of the context.

        Where different targets follow one context with shares p, the best function of the context
        predicts p. Its cross-entropy is the entropy of p; its squared error is the variance
        Σ p(1 - p), divided by the number of outputs.

        Raises
        ------
        SettingError
            If `loss_type` is neither ``"mse"`` nor ``"cross_entropy"``.
        """
        if not isinstance(loss_type, str) or loss_type not in LOSSES:
            raise SettingError("loss_type", one_of("loss_type", loss_type, LOSSES))
        return self._optimal_scores.loss(loss_type, self.output_dimension)

    @cached_property
    def optimal_accuracy(self) -> float:
        """The accuracy of the best function of the context on the training samples."""
        return self._optimal_scores.accuracy()

    @cached_property
    def _optimal_scores(self) -> OptimalScores:
        return OptimalScores(*self.context_and_target(self.sample_windows))

    def _check_vocabulary(self) -> None:
        if not isinstance(self.vocabulary, list) or not all(
            isinstance(token, str) and token for token in self.vocabulary
        ):
            raise SettingError(
                "vocabulary",
                f"vocabulary must be a list of tokens, each some text, got "
                f"{shown(self.vocabulary)}.",
            )
        if not self.vocabulary:
            raise SettingError("vocabulary", "vocabulary must hold at least one token, got none.")
        token, count = Counter(self.vocabulary).most_common(1)[0]
        if count > 1:
            raise SettingError(
                "vocabulary",
                f"vocabulary holds {shown(token)} {count} times; each token stands once.",
            )

    def _given_masters(self) -> masters.MasterSequences:
        if self.master_sequences is None:
            lengths = self._checked_lengths()
            return masters.generate(
                len(self.vocabulary), self.num_master_sequences, lengths, self.seed
            )
        if isinstance(self.master_sequences, str):
            return masters.encode_text(self.master_sequences, self.vocabulary)
        return masters.encode(self.master_sequences, self.vocabulary)

    def _checked_lengths(self) -> tuple[int, int]:
        lengths = self.master_sequence_length
        is_pair = isinstance(lengths, (list, tuple)) and len(lengths) == 2
        if not is_pair or not all(map(is_whole, lengths)) or not 1 <= lengths[0] <= lengths[1]:
            raise SettingError(
                "master_sequence_length",
                "master_sequence_length must be (shortest, longest), two whole numbers with "
                f"1 <= shortest <= longest, got {shown(lengths)}.",
            )
        if lengths[1] < self.sequence_length:
            raise SettingError(
                "sequence_length",
                f"sequence_length is {shown(self.sequence_length)}, but the longest master "
                f"sequence may have only {shown(lengths[1])} tokens (master_sequence_length is "
                f"{shown(tuple(lengths))}).",
            )
        return lengths[0], lengths[1]
