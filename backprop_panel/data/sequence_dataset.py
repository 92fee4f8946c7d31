"""Sequence data: windows cut from master sequences, and the samples drawn from them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..nn.losses import LOSSES
from ..settings import checked_whole, fixed, refuse_unlisted
from .dataset_checks import checked_ids, checked_windows, refuse_inconsistent
from .dataset_settings import DatasetSettings
from .lazy_array import LazyRows
from .one_hot import write_one_hot, write_one_hot_targets
from .optimal_scores import OptimalScores
from .prepared_masters import prepare_masters
from .sampling import Samples, epoch_order, split_lines, split_windows
from .text_settings import lines_settings, text_settings
from .window_index import Indices, WindowIndex


class SequenceDataset(DatasetSettings):
    """Windows over master sequences, a training set drawn from them, and a validation set.

    A window of `sequence_length` tokens is, for ``next_token``, that many minus one as input and
    the last as target; for ``sequence_classification`` all of them as input and the index of its
    master as target. Inputs are one-hot, flattened; only token ids are stored.

    The shares `validation_fraction` and `test_fraction` are held out: of the distinct windows, by
    content, so that no window that is held out occurs in the training set; or of the masters, whole
    and equal ones together. A number of samples is drawn evenly: the numbers of times that two
    training windows occur differ by one at most. With ``"all"`` each stands as often as it occurs.

    Attributes
    ----------
    masters : MasterSequences
        Those long enough for a window, with their boundary tokens.
    skipped, empty : int
        The number of those that are not, and how many of these have no token at all.
    sample_windows, validation_windows, test_windows : array-like of int, shape (n,)
        The numbers of the windows that are trained on and held out. A window that is held out
        stands as often as it occurs, but once if a number of samples is drawn of distinct windows.

    Raises
    ------
    SettingError
        For a setting that is unknown, out of bounds, or does not fit the others.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**self.with_containers(settings))
        refuse_inconsistent(self)
        prepared = prepare_masters(self)
        self.masters = prepared.masters
        self.skipped, self.empty = prepared.skipped, prepared.empty
        self._classes, self._class_of = prepared.classes, prepared.class_of
        self._token_array = np.array(self.vocabulary, dtype=object)
        self._index = WindowIndex(self.masters, self.sequence_length)
        samples = self._draw_samples()
        self.sample_windows = samples.training
        self.validation_windows, self.test_windows = samples.validation, samples.test
        self._sample_starts = (
            self._index.starts(samples.training)
            if isinstance(samples.training, np.ndarray)
            else None  # too many to be computed in advance
        )

    @classmethod
    def from_text(
        cls, text: str, sequence_length: int = 8, tokens: str = "characters", **settings: Any
    ) -> SequenceDataset:
        """Return a dataset from a text: one master a line.

        Lines shorter than a window are skipped and counted in `skipped`, unless there is a
        `boundary`. Unless set otherwise, an epoch takes every training window, and whole lines are
        held out, a tenth each for validation and test.

        Parameters
        ----------
        text : str
        sequence_length : int
        tokens : str
            ``"characters"`` or ``"words"``: those of the text are the vocabulary.
        **settings
            Other settings, and `max_vocabulary`: the most tokens of the vocabulary, the most
            frequent ones; the token ``<unknown>`` stands for the others.

        Raises
        ------
        SettingError
            If `text` is not a str, no line is long enough, or a setting is invalid.
        """
        given = {"sequence_length": sequence_length, "token_type": tokens, **settings}
        return cls(**text_settings(text, **given))

    @classmethod
    def from_lines(
        cls,
        texts: Sequence[str] | Sequence[Sequence[str]],
        labels: Sequence[str] | None = None,
        sequence_length: int = 8,
        tokens: str = "characters",
        **settings: Any,
    ) -> SequenceDataset:
        """Return a dataset from texts or lists of tokens, for classification if they have labels.

        Parameters
        ----------
        texts : sequence of str or of sequences of str
            Texts of one or more lines, each line a master; or masters as lists of tokens.
        labels : sequence of str, optional
            The class of each text, thus of all its lines; several may have the same.
        sequence_length, tokens, **settings
            As in `from_text`.

        Raises
        ------
        SettingError
            If `texts` or `labels` are of another kind, or a setting is invalid.
        """
        given = {"sequence_length": sequence_length, "token_type": tokens, **settings}
        return cls(**lines_settings(texts, labels, **given))

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
        """Number of classes: tokens, labels, or masters."""
        return len(self.output_labels)

    @cached_property
    def _token_ids(self) -> Indices:
        return np.arange(len(self.vocabulary), dtype=self.masters.ids.dtype)

    @cached_property
    def _output_ids(self) -> Indices:
        return np.arange(self.output_dimension)

    @cached_property
    def output_labels(self) -> list[str]:
        """The label of each output: its token, its class or its master."""
        if self.task_type == "next_token":
            return self.vocabulary
        if self.master_labels is not None:
            return fixed(self._classes)
        return fixed([f"#{number + 1}" for number in range(len(self.masters))])

    @property
    def class_of_masters(self) -> Indices:
        """The class of each master in a classification, shape (masters,)."""
        return np.arange(len(self.masters)) if self._class_of is None else self._class_of

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

    @cached_property
    def contexts(self) -> frozenset[bytes]:
        """The contexts that occur, each as the bytes of its token ids."""
        ids = np.ascontiguousarray(self.windows[:][:, : self.context_length])
        return frozenset(ids.view(f"V{ids.itemsize * self.context_length}").ravel().tolist())

    def tokens(self, ids: Any) -> NDArray[np.object_]:
        """Return the tokens for `ids`, in the same shape.

        Raises
        ------
        SettingError
            If an id is none of the vocabulary's.
        """
        return self._token_array[checked_ids(ids, len(self.vocabulary))]

    def __len__(self) -> int:
        """Return the number of training samples in an epoch."""
        return len(self.sample_windows)

    def __getitem__(self, sample: int) -> tuple[NDArray, int]:
        """Return one training sample: its context's token ids and its target."""
        contexts, targets = self.__getitems__([sample])
        return contexts[0], int(targets[0])

    def __getitems__(self, samples: Indices | Sequence[int]) -> tuple[NDArray, Indices]:
        """Return training samples: contexts (batch, context_length) and targets (batch,)."""
        windows = self.sample_windows[samples]
        if self._sample_starts is None:
            return self._split(windows, self._index.token_ids(windows))
        return self._split(windows, self._index.by_start[self._sample_starts[samples]])

    def context_and_target(self, windows: Indices) -> tuple[NDArray, Indices]:
        """Split windows, by number, into contexts (n, context_length) and targets (n,).

        Raises
        ------
        SettingError
            If they are no list of whole numbers from 0 to the last window.
        """
        windows = checked_windows(windows, self.n_windows)
        return self._split(windows, self._index.token_ids(windows))

    def _split(self, windows: Indices, ids: NDArray) -> tuple[NDArray, Indices]:
        if self.task_type == "next_token":
            return ids[:, :-1], ids[:, -1].astype(np.intp)
        masters = self._index.masters(windows)
        return ids, masters if self._class_of is None else self._class_of[masters]

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

    def order(self, epoch: int) -> NDArray[np.uint32]:
        """Return the order of the samples in an epoch, a function of (seed, epoch) alone.

        Raises
        ------
        SettingError
            If there is no such epoch: they count from 0.
        """
        return epoch_order(len(self), self.seed, checked_whole("epoch", epoch, least=0))

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
        refuse_unlisted("loss_type", loss_type, LOSSES)
        return self._optimal_scores.loss(loss_type, self.output_dimension)

    @cached_property
    def optimal_accuracy(self) -> float:
        """The accuracy of the best function of the context on the training samples."""
        return self._optimal_scores.accuracy()

    @property
    def ambiguous_share(self) -> float:
        """The share of the training samples whose context is followed by different targets."""
        return self._optimal_scores.ambiguous_share()

    @cached_property
    def _optimal_scores(self) -> OptimalScores:
        samples = self.context_and_target(np.asarray(self.sample_windows))
        return OptimalScores(*samples, len(self.vocabulary))

    def _draw_samples(self) -> Samples:
        fractions = (self.validation_fraction, self.test_fraction)
        if self.split == "lines":
            return split_lines(self.masters, self._index, self.num_samples, fractions, self.seed)
        size = len(self.vocabulary)
        return split_windows(self._index, size, self.num_samples, fractions, self.seed)
