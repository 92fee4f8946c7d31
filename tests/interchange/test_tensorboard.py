"""A run's history as TensorBoard reads it."""

import sys

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from backprop_panel import TrainingRun
from backprop_panel.interchange import InterchangeError, export_tensorboard
from tests.full_disk import full_disk


@pytest.fixture(scope="module")
def run():
    run = TrainingRun("a/b", {"num_samples": 50, "hidden_dimension": 4, "batch_size": 20})
    for _ in range(3):
        run.trainer.run_epoch()
    return run


@pytest.fixture(scope="module")
def scalars(run, tmp_path_factory):
    folder = export_tensorboard(run, tmp_path_factory.mktemp("logs"))
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    return {name: events.Scalars(name) for name in events.Tags()["scalars"]}


@pytest.mark.parametrize("name", ["loss", "accuracy", "validation_loss"])
def test_each_column_is_read_back_with_its_steps(run, scalars, name):
    there = ~np.isnan(run.history[name])
    assert [scalar.step for scalar in scalars[name]] == run.history["step"][there].tolist()
    assert [scalar.value for scalar in scalars[name]] == run.history[name][there].tolist()


def test_nothing_else_is_written(scalars):
    assert set(scalars) == {"loss", "accuracy", "validation_loss"}


def test_the_runs_folder_stays_within_the_log_folder(run, tmp_path):
    assert export_tensorboard(run, tmp_path) == tmp_path / "a_b"


def test_a_runs_folder_is_not_written_twice(run, tmp_path):
    export_tensorboard(run, tmp_path)
    with pytest.raises(InterchangeError, match="exists"):
        export_tensorboard(run, tmp_path)


def test_on_a_full_disk_nothing_of_the_runs_folder_stays(run, tmp_path):
    with full_disk(100), pytest.raises(InterchangeError, match="cannot be written: File too large"):
        export_tensorboard(run, tmp_path)
    assert not list(tmp_path.iterdir())
    export_tensorboard(run, tmp_path)


def test_a_run_that_is_named_like_a_zip_gets_a_folder_too(tmp_path):
    run = TrainingRun("a.zip", {"num_samples": 50, "hidden_dimension": 4})
    assert export_tensorboard(run, tmp_path).is_dir()


def test_without_tensorboard_the_message_says_what_to_install(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto", None)
    with pytest.raises(InterchangeError, match=r"pip install 'backprop_panel\[tensorboard\]'"):
        export_tensorboard(run, tmp_path)
    assert not list(tmp_path.iterdir())
