"""A sweep that is loaded from its store, against the one that trained."""

from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from stores import SMALL, wait_until

from backprop_panel.sweeps import Sweep
from backprop_panel.sweeps.cluster import local_client
from backprop_panel.sweeps.plan import OBJECTIVES
from backprop_panel.sweeps.results import Measure, importances, losses_over
from backprop_panel.sweeps.trial import FAILED, FINISHED, RUNNING, STOPPED, WAITING
from backprop_panel.views.panels.sweep_table import trials_table

BASE = {**SMALL, "num_samples": 256, "batch_size": 16, "loss_type": "mse"}


@pytest.fixture(scope="module")
def client():
    pytest.importorskip("distributed")
    with local_client(2) as client:
        yield client


def compared(sweep):
    """What a sweep tells, curves aside."""
    trials = [
        {field.name: getattr(trial, field.name) for field in fields(trial) if field.init}
        for trial in sweep.begun
    ]
    for trial in trials:
        for name in ("run", "read_curve", "_curve", "restarts"):
            del trial[name]
    names = ("plan", "id", "counts", "progress", "finished", "running", "notices")
    return trials, {name: getattr(sweep, name) for name in names}, repr(sweep), repr(sweep.best())


def assert_same_after_loading(sweep, store):
    loaded = Sweep.load(store=store)
    assert str(compared(loaded)) == str(compared(sweep))
    for before, after in zip(sweep.begun, loaded.begun, strict=True):
        assert (before.curve is None) == (after.curve is None)
        if before.curve is not None:
            np.testing.assert_array_equal(after.curve.steps, before.curve.steps)
            np.testing.assert_array_equal(after.curve.losses, before.curve.losses)
    varied = sweep.plan.varied
    tables = [trials_table(each.begun, varied, {}) for each in (sweep, loaded)]
    pd.testing.assert_frame_equal(*tables)
    for measure in (Measure(o, low) for o in OBJECTIVES for low in (False, True)):
        before, after = (importances(each.begun, varied, measure) for each in (sweep, loaded))
        assert [(i.name, i.share) for i in before] == [(i.name, i.share) for i in after]
        before, after = (losses_over(s.begun, *varied[:2], measure) for s in (sweep, loaded))
        assert before[:2] == after[:2]
        np.testing.assert_array_equal(before[2], after[2])
    return loaded


def test_a_finished_sweep_with_failed_runs_is_loaded_as_it_was(client, tmp_path):
    store = tmp_path / "runs.sqlite"
    grid = {"learning_rate": [0.01, 1e30], "hidden_dimension": [5, (6, 7), 10**7]}
    sweep = Sweep(BASE, grid=grid, seeds=2, budget={"epochs": 3}, store=store).run(client)
    assert sweep.counts[FINISHED] == 4 and sweep.counts[FAILED] == 8
    assert np.isfinite(sweep.trials[0].score.lowest_validation_loss)
    assert_same_after_loading(sweep, store)


def test_runs_stopped_by_halving_are_loaded_as_they_were(client, tmp_path):
    store = tmp_path / "runs.sqlite"
    ranges = {"learning_rate": (1e-3, 1.0), "activation": ["relu", "tanh"]}
    plan = {"budget": {"epochs": 9}, "halving": 3, "objective": "validation_loss"}
    sweep = Sweep(BASE, ranges=ranges, samples=9, **plan, store=store).run(client)
    assert sweep.counts[STOPPED] >= 5
    loaded = assert_same_after_loading(sweep, store)
    for each in (sweep, loaded):
        each.resume(client, stopped=True)
    assert loaded.counts == sweep.counts


def test_a_paused_sweep_is_loaded_as_it_was(client, tmp_path):
    store = tmp_path / "runs.sqlite"
    sweep = Sweep(
        BASE,
        grid={"learning_rate": [0.01, 0.1], "batch_size": [8, 16]},
        budget={"steps": 10**7},
        store=store,
    )
    sweep.start(client)
    wait_until(lambda: sweep.counts[RUNNING] == 2 and all(t.step for t in sweep.begun[:2]))
    sweep.pause()
    assert sweep.counts[WAITING] == 4
    loaded = assert_same_after_loading(sweep, store)
    assert [trial.step > 0 for trial in loaded.begun[:2]] == [True, True]


def test_a_sweep_stored_before_scores_were_is_loaded_with_them(client, tmp_path):
    store = tmp_path / "runs.sqlite"
    sweep = Sweep(BASE, budget={"steps": 60}, store=store).run(client)
    with sweep.manager.store.transaction() as db:
        db.execute("UPDATE trials SET score = NULL")
    assert Sweep.load(store=store).trials[0].score == sweep.trials[0].score


def test_a_closed_sweep_still_tells_how_it_went(client, tmp_path):
    sweep = Sweep(BASE, budget={"steps": 60}, store=tmp_path / "runs.sqlite").run(client)
    sweep.close()
    assert sweep.notices == [] and sweep.counts[FINISHED] == 1


def test_what_another_process_has_done_meanwhile_is_not_done_again(client, tmp_path):
    store = tmp_path / "runs.sqlite"
    grid = {"learning_rate": [0.01, 0.02, 0.03]}
    sweep = Sweep(BASE, grid=grid, budget={"epochs": 3000}, store=store)
    sweep.start(client)
    wait_until(lambda: any(trial.step for trial in sweep.begun))
    sweep.pause()
    other = Sweep.load(store=store)
    other.start(client)
    wait_until(lambda: len(other.trials) == 3 and all(trial.step for trial in other.begun))
    other.pause()
    steps = {trial.number: trial.step for trial in other.begun}
    sweep.start(client)
    assert all(trial.step >= steps[trial.number] for trial in sweep.begun)
    sweep.pause()
    assert not sweep.counts[FAILED]


def test_a_finished_sweep_that_is_begun_again_is_left_to_others(client, tmp_path):
    store = tmp_path / "runs.sqlite"
    sweep = Sweep(BASE, grid={"learning_rate": [0.01]}, budget={"epochs": 1}, store=store)
    sweep.run(client)
    sweep.run(client)
    assert Sweep.load(store=store).notices == []
