"""Runs of own texts: stores, zips, links, forks and scripts keep the text and its settings."""

import runpy
from contextlib import closing

import numpy as np
import pytest

from backprop_panel import SequenceDataset, TrainingRun, TrainingRunManager
from backprop_panel.interchange import (
    export_run,
    export_script,
    from_query,
    import_run,
    to_query,
)
from tests.texts import NAMES

NETWORK = {"hidden_dimension": 6, "batch_size": 16, "loss_type": "cross_entropy"}

KINDS = {
    "names": SequenceDataset.from_text(NAMES, 4, boundary="."),
    "words": SequenceDataset.from_text(
        "To be, or not to be.\nThat is the question!",
        3,
        tokens="words",
        boundary="[",
        max_vocabulary=6,
        split="windows",
    ),
    "classes": SequenceDataset.from_lines(
        ["anna\nida\nella", "leo\nbo, \u202e"], labels=["a,b", ""], sequence_length=3, boundary='"'
    ),
    "lists": SequenceDataset.from_lines([["the", "cat", "sat"], ["a", "cat"]], sequence_length=2),
}
of_every_kind = pytest.mark.parametrize("data", KINDS.values(), ids=KINDS)


def config_of(data):
    return {**data.settings(), **NETWORK}


def trained(manager, data):
    run = manager.create(**config_of(data))
    run.trainer.run_epoch()
    run.trainer.run_batch()
    return run


def expect_same(run, again):
    assert again.config == run.config
    assert again.dataset.settings() == run.dataset.settings()
    for part in ("sample_windows", "validation_windows", "test_windows"):
        ours, theirs = (np.asarray(getattr(one.dataset, part)) for one in (run, again))
        assert ours.tolist() == theirs.tolist()
    for ours, theirs in zip(run.model.weights, again.model.weights, strict=True):
        assert np.array_equal(ours, theirs)
    for column, values in run.history.items():
        assert np.array_equal(values, again.history[column], equal_nan=True)


@of_every_kind
def test_a_store_keeps_a_run_of_own_text(data, tmp_path):
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        run = trained(manager, data)
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        expect_same(run, manager.runs[0])


@of_every_kind
def test_a_zip_keeps_a_run_of_own_text(data, tmp_path):
    run = trained(TrainingRunManager(), data)
    export_run(run, tmp_path / "run.zip")
    expect_same(run, import_run(tmp_path / "run.zip"))


@of_every_kind
def test_a_link_keeps_the_settings_of_own_text(data):
    run = TrainingRun("a run", config_of(data))
    again = TrainingRun("linked", from_query(to_query(run.config)))
    expect_same(run, again)


@of_every_kind
def test_a_fork_keeps_own_text(data):
    manager = TrainingRunManager()
    run = trained(manager, data)
    expect_same(run, manager.fork(run.id))


@of_every_kind
def test_the_script_of_own_text_has_the_same_losses_in_pytorch(data, tmp_path):
    pytest.importorskip("torch")
    run = trained(TrainingRunManager(), data)
    export_script(run, tmp_path / "script")
    losses = runpy.run_path(str(tmp_path / "script" / "train.py"))["losses"]
    assert losses == pytest.approx(run.history["loss"].tolist(), abs=1e-5)


@pytest.mark.parametrize(
    ("query", "setting"),
    [
        ("?num_samples=al", "num_samples"),
        ("?split=rows", "split"),
        ("?validation_fraction=0.6&test_fraction=0.5", "test_fraction"),
        ("?test_fraction=-1", "test_fraction"),
        ("?master_labels=[1]&task_type=sequence_classification", "master_labels"),
        ("?token_type=letters", "token_type"),
    ],
)
def test_a_link_with_a_setting_of_a_text_that_is_none_is_refused(query, setting):
    with pytest.raises(ValueError) as caught:
        TrainingRun("linked", from_query(query))
    assert caught.value.setting == setting


def test_the_boundary_tokens_of_many_short_lines_count_against_the_limit():
    lines = "a\n" * 20_000
    config = {
        "master_sequences": lines,
        "boundary": ".",
        "vocabulary": [".", "a"],
        "sequence_length": 1000,
    }
    with pytest.raises(ValueError, match="Tokens of all master sequences"):
        from_query(config)


def test_the_held_out_losses_are_the_means_over_every_held_out_window():
    run = trained(TrainingRunManager(), KINDS["names"])
    data, engine = run.dataset, run.trainer.engine
    for windows, loss in (
        (data.validation_windows, engine.validation_loss()),
        (data.test_windows, engine.mean_loss(data.test_windows)),
    ):
        contexts, targets = data.context_and_target(np.asarray(windows))
        logits = engine.predict(contexts).astype(float)
        log_sums = np.log(np.exp(logits).sum(axis=1))
        expected = (log_sums - logits[np.arange(len(targets)), targets]).mean()
        assert loss == pytest.approx(expected, rel=1e-5)
