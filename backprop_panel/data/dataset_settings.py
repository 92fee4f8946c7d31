"""The settings of a dataset."""

from __future__ import annotations

from typing import Any

from ..plain_values import plain
from ..settings import Choice, Configured, Count, CountOrAll, Plain, Quantity
from .text_tokens import TOKEN_TYPES


class DatasetSettings(Configured):
    """The settings of a dataset, with their defaults and bounds."""

    vocabulary = Plain(
        ["a", "b", "c", "d"],
        constant=True,
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
    master_labels = Plain(
        None,
        constant=True,
        doc="A label for each explicit master, a list: the classes of sequence_classification. "
        "Without it, each master is a class of its own.",
    )
    token_type = Choice(
        default="characters",
        objects=list(TOKEN_TYPES),
        constant=True,
        doc="What a text is divided into.",
    )
    boundary = Plain(
        None,
        constant=True,
        doc="A token put before each explicit master, so often that the master's first token is a "
        "target, and once after it; None for none.",
    )
    unknown = Plain(
        None,
        constant=True,
        doc="The token for everything in explicit masters that is not in the vocabulary; None to "
        "refuse it.",
    )
    num_samples = CountOrAll(
        512,
        bounds=(1, 10_000_000),
        constant=True,
        doc='Training samples in an epoch; "all": every training window.',
    )
    split = Choice(
        default="windows",
        objects=["windows", "lines"],
        constant=True,
        doc="What is held out: distinct windows, or whole masters.",
    )
    validation_fraction = Quantity(
        0.2,
        bounds=(0, 1),
        inclusive_bounds=(True, False),
        constant=True,
        doc="The share that is held out for the validation loss.",
    )
    test_fraction = Quantity(
        0.0,
        bounds=(0, 1),
        inclusive_bounds=(True, False),
        constant=True,
        doc="The share that is held out for the test loss.",
    )
    seed = Count(0, bounds=(0, None), constant=True, doc="Where all randomness begins.")

    @staticmethod
    def with_containers(settings: dict[str, Any]) -> dict[str, Any]:
        """Return settings in the containers that a dataset keeps: JSON has no tuples."""
        containers = {"vocabulary": list, "master_sequence_length": tuple, "master_labels": list}
        given = {name: plain(settings[name]) for name in containers.keys() & settings.keys()}
        return settings | {
            name: containers[name](value)
            for name, value in given.items()
            if isinstance(value, (list, tuple))
        }
