"""Settings of any kind at all are taken or refused with a message, in Python as in a link."""

import pathlib
from fractions import Fraction

import numpy as np
import pytest

from backprop_panel import Model, SequenceDataset, SettingError, Trainer, TrainingRun
from backprop_panel.interchange import from_query


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


ODD = {
    "none": None,
    "true": True,
    "nested": [[1]],
    "deep": nested(900),
    "deeper": nested(100_000),
    "empty list": [],
    "nulls": [None, None],
    "dict": {"a": 1},
    "set": {1, 2},
    "bytes": b"\x03\x04",
    "generator": (number for number in (1, 2)),
    "array": np.array([1, 2]),
    "text": "?",
    "lone surrogate": "\ud800",
    "nan": float("nan"),
    "infinity": float("inf"),
    "negative": -1,
    "many digits": 10**400,
    "too many digits": 10**5000,
    "pair of many digits": (1, 10**5000),
    "large pair": (5, 10**30),
    "duration": np.timedelta64(5, "ns"),
    "durations": np.array([9, 11], "timedelta64[ns]"),
    "too small": Fraction(1, 10**400),
    "object": object(),
    "class": int,
}

of_every_class = pytest.mark.parametrize(
    ("owner", "setting"),
    [
        *((SequenceDataset, name) for name in SequenceDataset.setting_names()),
        *((Model, name) for name in Model.setting_names()),
        *((Trainer, name) for name in Trainer.setting_names() if name not in ("model", "dataset")),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)


def make(owner, **settings):
    if owner is Trainer:
        data = SequenceDataset(num_samples=8)
        settings |= {"dataset": data, "model": Model(hidden_dimension=2)}
    return owner(**settings)


@of_every_class
def test_a_setting_of_any_kind_is_taken_or_refused_with_a_message(owner, setting):
    for kind, value in ODD.items():
        try:
            make(owner, **{setting: value})
        except SettingError as error:
            assert 10 < len(str(error)) < 1500, kind
        else:
            assert not kind.startswith("duration")


@pytest.mark.parametrize(
    ("owner", "settings", "message"),
    [
        (Model, {"activation": [[1]]}, r"activation must be one of .*; got \[1\]"),
        (Model, {"activation": {"gelu": 1}}, "activation must be one of"),
        (Model, {"hidden_dimension": b"\x03\x04"}, r"a list of them, got b'\\x03\\x04'"),
        (Model, {"hidden_dimension": 10**400}, "must be a whole number of at least 1"),
        (Model, {"hidden_dimension": 10**30}, "would take .* PiB"),
        (
            SequenceDataset,
            {"master_sequence_length": b"\x08\x0c"},
            r"must be \(shortest, longest\)",
        ),
        (SequenceDataset, {"master_sequence_length": (5, 10**30)}, "master sequences of up to"),
        (SequenceDataset, {"num_master_sequences": 10**12}, "master sequences of up to"),
        (SequenceDataset, {"master_sequences": b"ab"}, "a list of strings .* got b'ab'"),
        (SequenceDataset, {"master_sequences": 7}, "a list of strings .* got 7"),
        (SequenceDataset, {"master_sequences": [b"ab"]}, r"master_sequences\[0\] must be a string"),
        (Trainer, {"learning_rate": 10**5000}, "got a very large int"),
        (Trainer, {"optimizer": ["sgd"]}, r"optimizer must be one of .*; got \['sgd'\]"),
    ],
)
def test_a_wrong_kind_is_refused_by_the_class_that_owns_the_setting(owner, settings, message):
    with pytest.raises(SettingError, match=message):
        make(owner, **settings)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?activation=[[1]]", "activation must be one of"),
        ("?hidden_dimension=[[1]]", "hidden_dimension must be made of whole numbers"),
        ("?vocabulary=[[1]]", "vocabulary must be a list of tokens"),
        ("?master_sequences=[[[1]]]", "which is not in the vocabulary"),
        ("?master_sequence_length=[[1],[2]]", "must be made of whole numbers"),
        ({"seed": [b"1", b"2"]}, "'seed' stands more than once"),
        ({"optimizer": {"a": 1}}, "optimizer must be one of"),
    ],
    ids=str,
)
def test_json_of_a_wrong_kind_in_a_link_gets_a_message(query, message):
    with pytest.raises(SettingError, match=message):
        TrainingRun("linked", from_query(query))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "The text must be a str, got None"),
        (b"a line", r"got b'a line'. Decode it first: text.decode\(\)"),
        (7, "got 7"),
        (pathlib.Path("alice.txt"), r"Read the file first: path.read_text\(\)"),
        (["abc", "abd"], "from_lines takes a list"),
    ],
)
def test_from_text_says_how_to_give_it_text(text, message):
    with pytest.raises(SettingError, match=message):
        SequenceDataset.from_text(text)
