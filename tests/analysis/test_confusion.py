"""The confusion matrix of a batch."""

import numpy as np

from backprop_panel import TrainingRun
from backprop_panel.analysis.confusion import confusion_matrix


def test_the_confusion_matrix_counts_each_example_by_its_target_and_prediction():
    record = TrainingRun("run", {"num_samples": 60, "batch_size": 40}).trainer.run_batch()
    matrix = confusion_matrix(record)
    predictions = record.logits.argmax(axis=1)
    for target, prediction in np.ndindex(matrix.shape):
        both = (record.targets == target) & (predictions == prediction)
        assert matrix[target, prediction] == both.sum()
    assert matrix.sum() == 40
    assert np.isclose(np.trace(matrix) / 40, record.accuracy)
