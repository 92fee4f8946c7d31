"""Which targets a batch's predictions confuse."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..nn.record import StepRecord


def confusion_matrix(record: StepRecord) -> NDArray[np.float32]:
    """Return how often the batch has each prediction for each target.

    Returns
    -------
    ndarray, (outputs, outputs)
        Counts, by the target in the rows and by the prediction, the largest logit, in the columns.
    """
    outputs = record.logits.shape[1]
    matrix = np.zeros((outputs, outputs), np.float32)
    np.add.at(matrix, (record.targets, record.logits.argmax(axis=1)), 1)
    return matrix
