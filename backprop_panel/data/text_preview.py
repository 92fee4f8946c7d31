"""What a dataset of own texts will be, before a run of it is made."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .distinct_rows import ranked, row_keys
from .sequence_dataset import SequenceDataset

MOST_COUNTED = 3_000_000
"""Windows up to which the distinct ones and the optimal loss are computed: seconds."""


@dataclass(frozen=True)
class TextPreview:
    """The numbers of a dataset of own texts.

    Attributes
    ----------
    used, empty : int
        Lines that windows are cut from, and those without a token.
    without_example : str
        How many lines are too short for a window, in words; empty if none is.
    vocabulary : list of (str, int)
        How often each token occurs in the lines that are used, boundary tokens aside.
    classes : list of (str, int)
        How many lines each class has; empty if it is not for classification.
    windows, training, validation, test : int
        Windows, each as often as it occurs, and how many are trained on and held out.
    distinct : int or None
        Distinct windows; None if there are too many windows to count.
    optimal_loss : float or None
        The mean training loss of the best function of the context; None as above.
    inputs, outputs : int
        The network's inputs and outputs.
    """

    used: int
    empty: int
    without_example: str
    vocabulary: list[tuple[str, int]]
    classes: list[tuple[str, int]]
    windows: int
    training: int
    validation: int
    test: int
    distinct: int | None
    optimal_loss: float | None
    inputs: int
    outputs: int


def preview_of(data: SequenceDataset, loss_type: str) -> TextPreview:
    """Return the numbers of a dataset of own texts."""
    is_small = data.n_windows <= MOST_COUNTED
    base = len(data.vocabulary)
    return TextPreview(
        used=len(data.masters),
        empty=data.empty,
        without_example=without_example(data),
        vocabulary=_counted_vocabulary(data),
        classes=_class_counts(data),
        windows=data.n_windows,
        training=len(data),
        validation=len(data.validation_windows),
        test=len(data.test_windows),
        distinct=int(ranked(row_keys(data.windows[:], base))[1][-1]) if is_small else None,
        optimal_loss=data.optimal_loss(loss_type) if is_small else None,
        inputs=data.input_dimension,
        outputs=data.output_dimension,
    )


def without_example(data: SequenceDataset) -> str:
    """Return how many lines are too short for an example; empty if all are long enough."""
    short = data.skipped - data.empty
    if not short:
        return ""
    lines = "lines" if isinstance(data.master_sequences, str) else "master sequences"
    are, give = ("is", "gives") if short == 1 else ("are", "give")
    return (
        f"{short:,} of {len(data.masters) + short:,} {lines} {are} shorter than the sequence "
        f"length {data.sequence_length} and {give} no example."
    )


def _counted_vocabulary(data: SequenceDataset) -> list[tuple[str, int]]:
    counts = np.zeros(len(data.vocabulary), np.int64)
    if data.skipped and data.boundary is None:
        # The ids of the lines that are skipped stand between the others.
        for master in data.masters:
            counts += np.bincount(master, minlength=len(counts))
    else:
        counts += np.bincount(data.masters.ids, minlength=len(counts))
    pairs = zip(data.vocabulary, counts.tolist(), strict=True)
    return [(token, count) for token, count in pairs if token != data.boundary]


def _class_counts(data: SequenceDataset) -> list[tuple[str, int]]:
    if data.task_type != "sequence_classification":
        return []
    lines = np.bincount(data.class_of_masters)
    return list(zip(data.output_labels, lines.tolist(), strict=True))
