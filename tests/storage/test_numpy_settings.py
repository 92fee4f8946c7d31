"""NumPy's numbers, texts and arrays as settings: kept as plain Python, in memory and in files."""

import json
import shutil
from copy import deepcopy
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from bundles import exported, unzipped
from stores import SMALL, everything

from backprop_panel import SequenceDataset, SettingError, TrainingRunManager
from backprop_panel.interchange import import_run, to_query
from backprop_panel.plain_values import plain

STORED_WITH_NUMPY_SETTINGS = Path(__file__).parent / "stores" / "numpy_settings.sqlite"
"""A store of format 1, in which digests were made of the `repr` of NumPy's numbers."""


class Rule(StrEnum):
    """A subclass of str."""

    ADAM = "adam"


SETTINGS = [
    {"learning_rate": np.float64(0.05)},
    {"learning_rate": np.float32(0.05)},
    {"learning_rate": np.longdouble(0.05)},
    {"learning_rate": np.array(0.05)},
    {"learning_rate": Fraction(1, 20)},
    {"weight_decay": np.float16(0.5)},
    {"batch_size": np.int64(7)},
    {"batch_size": np.uint8(7)},
    {"num_samples": np.int32(60), "sequence_length": np.int64(4), "seed": np.uint64(2**63)},
    {"optimizer": np.str_("momentum")},
    {"optimizer": Rule.ADAM},
    {"hidden_dimension": np.int64(5)},
    {"hidden_dimension": np.array([5, 4]), "activation": np.array(["gelu", "tanh"])},
    {"hidden_dimension": [np.int64(5), np.int32(4)]},
    {"vocabulary": np.array(["a", "b"]), "master_sequences": [np.array(list("abbaabbbab"))]},
    {"master_sequence_length": np.array([9, 11])},
    {"validation_fraction": np.float32(0.25)},
    {"learning_rate": torch.logspace(-3, -1, 3)[1]},
    {"batch_size": torch.tensor(7), "hidden_dimension": torch.tensor([5, 4])},
    {"vocabulary": pd.Series(["a", "b"]), "master_sequences": [pd.Series(list("abbaabbbab"))]},
]


def kinds_in(value):
    """The types of all values in a setting."""
    if isinstance(value, dict):
        return kinds_in(list(value.values()))
    if isinstance(value, (list, tuple)):
        return {type(value)}.union(*map(kinds_in, value))
    return {type(value)}


def trained(manager, **config):
    """A run changed in every way with NumPy's numbers."""
    run = manager.create(**{**SMALL, **config})
    engine = run.trainer.engine
    run.trainer.run_batch()
    row, column = np.unravel_index(
        engine.network.layers[0].argmax(), engine.network.layers[0].shape
    )
    engine.edits.set_weight(np.int64(0), row, column, np.float64(0.25))
    engine.edits.freeze(np.int64(0), np.True_)
    run.trainer.run_batch()
    run.trainer.learning_rate = np.float64(0.1)
    run.trainer.param.update(batch_size=np.int64(9))
    run.trainer.run_epoch()
    return run


@pytest.mark.parametrize("config", SETTINGS, ids=repr)
def test_a_run_keeps_plain_values_of_all_that_it_is_given(config):
    run = trained(TrainingRunManager(), **config)
    events = [vars(event) for event in run.trainer.engine.events]
    python = {int, float, str, bool, type(None), list, tuple}
    assert kinds_in([deepcopy(run.config), run.settings]) <= python
    assert kinds_in(events) <= python
    assert kinds_in(sorted(run.trainer.engine.frozen)) <= python
    json.dumps([run.config, events])


@pytest.mark.parametrize("config", SETTINGS, ids=repr)
def test_a_store_gives_back_a_run_made_of_numpy_settings(tmp_path, config):
    manager = TrainingRunManager(tmp_path / "runs.sqlite")
    run = trained(manager, **config)
    manager.fork(run.id, step=np.int64(1), name=np.str_("fork"))
    before = [everything(each) for each in manager.runs]
    manager.close()
    manager = TrainingRunManager(tmp_path / "runs.sqlite")
    assert [everything(each) for each in manager.runs] == before
    assert manager.store_problem == ""
    manager.close()


@pytest.mark.parametrize("config", SETTINGS, ids=repr)
def test_a_zip_gives_back_a_run_made_of_numpy_settings(config):
    run = trained(TrainingRunManager(), **config)
    again = import_run(exported(run))
    assert again.config == run.config
    assert again.trainer.engine.state().digest() == run.trainer.engine.state().digest()
    assert to_query(again.config) == to_query(run.config)


def test_step_numbers_may_be_numpy_numbers():
    run = trained(TrainingRunManager())
    assert run.at(np.int64(2)).step == 2
    assert run.step_again(np.int32(1)).record.step == 1
    for step in (2.0, "2", True, None, np.float64(2), 10**5000):
        with pytest.raises(SettingError, match="whole number from 0 to"):
            run.at(step)


@pytest.mark.parametrize(
    "place", [(0, 0), (0.0, 0, 0), ("a", 0, 0), (0, None, 0), (9, 0, 0), (0, -1, 0), (True, 0, 0)]
)
def test_an_index_outside_of_the_network_is_refused(place):
    engine = TrainingRunManager().create(**SMALL).trainer.engine
    before = engine.state().digest()
    with pytest.raises((SettingError, TypeError)):
        engine.edits.set_weight(*place, 1.0)
    with pytest.raises(SettingError):
        engine.edits.freeze(place[0] if place[0] else "a", True)
    assert engine.state().digest() == before
    assert engine.events == []


def test_columns_of_a_table_are_texts_with_labels():
    table = pd.DataFrame({"text": ["abab abab", "cdcd cdcd"], "label": ["first", "second"]})
    data = SequenceDataset.from_lines(table.text, labels=table.label, sequence_length=4)
    lists = table.text.tolist(), table.label.tolist()
    same = SequenceDataset.from_lines(lists[0], labels=lists[1], sequence_length=4)
    assert list(map(list, data.masters)) == list(map(list, same.masters))
    assert data.output_labels == same.output_labels == ["first", "second"]


@pytest.mark.parametrize("value", [torch.tensor(0.1, requires_grad=True), torch.tensor([0.1])])
def test_a_tensor_that_is_no_plain_number_is_refused(value):
    with pytest.raises(SettingError, match="learning_rate must be a finite number above 0"):
        TrainingRunManager().create(learning_rate=value)


def test_plain_values_are_copies_of_containers():
    widths = [5, 4]
    run = TrainingRunManager().create(**{**SMALL, "hidden_dimension": widths})
    widths.append(3)
    assert run.config["hidden_dimension"] == [5, 4]
    given = {"learning_rate": 0.1}
    assert plain(given) == given and plain(given) is not given


def test_a_store_written_with_numpy_settings_keeps_every_run(tmp_path):
    path = Path(shutil.copy(STORED_WITH_NUMPY_SETTINGS, tmp_path))
    manager = TrainingRunManager(path)
    assert [run.name for run in manager.runs] == [
        *("rate 0", "rate 1", "rate 2", "plain", "float32 rate", "int64 sizes", "str_ choice"),
        *("int64 width", "Fraction rate", "frozen", "unravelled", "changed", "numpy vocabulary"),
    ]
    assert manager.store_problem == ""
    assert [run.config["learning_rate"] for run in manager.runs[:3]] == [0.001, 0.01, 0.1]
    for run in manager.runs:
        last = run.at(run.trainer.step)
        assert [each.tolist() for each in last.weights] == [
            each.tolist() for each in run.model.weights
        ]
        run.trainer.run_batch()
    before = [everything(run) for run in manager.runs]
    manager.close()
    manager = TrainingRunManager(path)
    assert [everything(run) for run in manager.runs] == before
    manager.close()


def test_a_zip_holds_json_of_plain_values():
    run = trained(TrainingRunManager(), learning_rate=Fraction(1, 20))
    entries = json.loads(unzipped(exported(run))["run.json"])
    assert entries["config"]["learning_rate"] == 0.05
