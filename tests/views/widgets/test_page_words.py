"""Refusals in the words of the page."""

import numpy as np
import pytest
from safetensors.numpy import save

from backprop_panel import SettingError, TrainingRunManager
from backprop_panel.interchange import import_run
from backprop_panel.views.widgets.page_words import in_page_words


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"validation_fraction": 0.6, "test_fraction": 0.6},
            "Validation fraction and test fraction must be below 1 together",
        ),
        ({"sequence_length": 30}, "only 12 tokens (master length is (8, 12))"),
        ({"sequence_length": 1}, "Sequence length must be at least 2 for Next token"),
        (
            {"hidden_dimension": [3], "hidden_layers": 2},
            "Hidden dimension lists 1 value(s) [3], but hidden layers is 2",
        ),
        (
            {"activation": ["gelu"], "hidden_layers": 2},
            "Activation lists 1 value(s) ['GELU'], but hidden layers is 2",
        ),
        (
            {
                "master_sequences": "abc\nabcd",
                "task_type": "sequence_classification",
                "split": "lines",
                "sequence_length": 3,
            },
            "Held out is 'Whole lines', but without labels every line",
        ),
        ({"fault": "double_softmax", "loss_type": "mse"}, "needs the loss function Cross-Entropy"),
    ],
)
def test_a_refusal_names_the_fields_of_the_page(settings, said):
    with pytest.raises(SettingError) as refused:
        TrainingRunManager().create(**settings)
    assert said in in_page_words(str(refused.value))


@pytest.mark.parametrize(
    "message", ["The seed of it.", "'batch_size' is no number.", 'got "learning_rate".', "a2: ok"]
)
def test_what_was_typed_and_words_stay_as_they_are(message):
    assert in_page_words(message) == message


def test_a_file_of_another_kind_is_refused_with_the_button_that_takes_it():
    with pytest.raises(SettingError) as refused:
        import_run(save({"0.weight": np.zeros((2, 2), np.float32)}))
    assert "“Import weights” gives them to a model" in in_page_words(str(refused.value))
