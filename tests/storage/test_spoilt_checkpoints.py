"""Checkpoints that are not as they were saved: a run is replayed without them, and says why."""

import json
import shutil
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from stores import SMALL, train

from backprop_panel import TrainingRunManager
from backprop_panel.storage.run_check import damaged_parts
from backprop_panel.training import checkpoints

NUMBERS = [None, True, False, -1, 0, 10**30, -(10**30), 1.5, 2.0, 1e999, float("nan"), "2", [2], {}]
PARTS = [None, 1, "ab", [1, "a"], [None], [[1, None]], [[1, "a"], [1, 2]], [[[1]]], [{}], {"a": 1}]
META = {
    **dict.fromkeys(("step", "epoch", "events"), NUMBERS),
    "position": [number for number in NUMBERS if number != 0],  # its own, at the end of an epoch
    "settings": [None, 1, "text", [], {}, {"learning_rate": float("nan")}],
    "frozen": PARTS,
    "frozen_parts": PARTS,
    "silenced": PARTS,
    "rules": [None, 1, "text", [1], {"adam": "2"}, {"adam": None}, {"sgd": 1.5}],
    "another": [1],
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A store with a run that has a checkpoint after each stretch of steps; its losses."""
    path = tmp_path_factory.mktemp("runs") / "runs.sqlite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints, "SPACING_SECONDS", 0)
        patch.setattr(checkpoints, "COPY_SHARE", np.inf)
        with closing(TrainingRunManager(path)) as manager:
            run = manager.create(name="a", **SMALL)
            for rate in (0.1, 0.2, 0.3):
                train(run, 4)
                run.trainer.change(learning_rate=rate)
            return path, run.at(10).weights[0].tolist()


@pytest.fixture
def spoil(stored, tmp_path):
    """Return a copy of the store in which the checkpoint of the tenth step is changed."""

    def spoilt(statement, *values):
        path = tmp_path / "runs.sqlite"
        shutil.copy(stored[0], path)
        with closing(sqlite3.connect(path)) as db, db:
            changed = db.execute(f"UPDATE checkpoints SET {statement} WHERE step = 9", values)
            assert changed.rowcount == 1
        return path

    return spoilt


def assert_replayed_without(path, stored):
    """The run looks back as before, the store says what is damaged, and so does a check."""
    with closing(TrainingRunManager(path)) as manager:
        run = manager.runs[0]
        assert run.at(10).weights[0].tolist() == stored[1]
        assert run.trainer.engine.checkpoints.states == []
        manager.refresh()
        assert "is damaged" in manager.store_problem
        with manager.store.transaction(writing=False) as db:
            (part,) = damaged_parts(db, run.id, run.model.network.depth)
        assert "replays the run from its beginning" in part


@pytest.fixture(scope="module")
def meta(stored):
    with closing(sqlite3.connect(stored[0])) as db:
        (text,) = db.execute("SELECT meta FROM checkpoints WHERE step = 9").fetchone()
    return json.loads(text)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in META for value in META[name]]
)
def test_a_checkpoint_with_a_spoilt_number_is_not_used(spoil, stored, meta, name, value):
    text = json.dumps(meta | {name: value})
    assert_replayed_without(spoil("meta = ?", text), stored)


@pytest.mark.parametrize("more", [-2, -1, 1, 2, 100])
def test_a_checkpoint_that_counts_other_events_is_not_used(spoil, stored, meta, more):
    text = json.dumps(meta | {"events": meta["events"] + more})
    assert_replayed_without(spoil("meta = ?", text), stored)


@pytest.mark.parametrize("step", [-5, 0, 100, 2**60])
def test_a_checkpoint_that_is_stored_as_that_of_another_step_is_not_used(stored, spoil, step):
    path = spoil("step = ?", step)
    with closing(TrainingRunManager(path)) as manager:
        assert manager.runs[0].at(10).weights[0].tolist() == stored[1]


@pytest.mark.parametrize("text", ["", "{", "null", "1", "[]", "{}", "[" * 100_000])
def test_a_checkpoint_of_another_kind_is_not_used(spoil, stored, text):
    assert_replayed_without(spoil("meta = ?", text), stored)
