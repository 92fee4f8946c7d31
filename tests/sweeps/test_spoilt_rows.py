"""Rows of sweeps that are not as they were written: each sweep that has one is named, no other."""

import json
import shutil
import sqlite3
from contextlib import closing

import pytest
from stores import SMALL

from backprop_panel.storage.database import Store, StoreError
from backprop_panel.sweeps import Sweep
from backprop_panel.sweeps.cluster import local_client
from backprop_panel.sweeps.stored_sweeps import unreadable_sweeps

PLAN = {"budget": {"steps": 4}, "halving": 2}
GRID = {"grid": {"learning_rate": [0.01, 0.1], "activation": ["relu", "tanh"]}}
RANGES = {
    "ranges": {"learning_rate": (0.01, 0.1), "batch_size": (4, 9), "optimizer": ["sgd", "adam"]},
    "samples": 4,
}
LOSSES = ("loss", "lowest_loss", "validation_loss", "lowest_validation_loss")

NO_JSON = ["", "{", "[" * 100_000, "9" * 5000, b"\xff\xfe\xfd"]
NO_MAPPING = [
    "null",
    "true",
    "0",
    "NaN",
    "1e999",
    '"text"',
    "[]",
    "[1]",
    "{}",
    '{"scores": 1, "a": 2}',
]
JSON = [*NO_JSON, *NO_MAPPING]

TRIALS = {
    "number": [-1, 4, 10**12, -(10**12)],
    "run": ["", "another", b"\xff"],
    "settings": [
        *JSON,
        *(
            json.dumps({"learning_rate": 0.01, "activation": "relu", "seed": 0} | change)
            for change in (
                {"learning_rate": 0.5}, {"learning_rate": "0.01"}, {"learning_rate": None},
                {"learning_rate": [0.01]}, {"activation": {}}, {"activation": "swish"},
                {"seed": 7}, {"seed": False}, {"seed": 0.0}, {"another": 1},
            )
        ),
        '{"learning_rate": 0.01, "activation": "relu"}',
        '{"learning_rate": 0.01, "seed": 0}',
        '{"learning_rate": NaN, "activation": "relu", "seed": 0}',
    ],
    "status": ["", "unknown", "Finished", "0", b"\xff"],
    "reason": [b"\xff"],
    "rungs": [
        *JSON,
        *(
            f'{{"scores": {scores}}}'
            for scores in (
                "true", "null", "1", '"1"', "{}", "[true]", "[null]", '["1"]', "[[1]]",
                "[1, 1, 1, 1]", f"[{10**400}]",
            )
        ),
    ],
    "score": [
        *(each for each in JSON if each != "null"),
        *(
            json.dumps(dict.fromkeys(LOSSES, 1.0) | {"loss": loss})
            for loss in (True, None, "1", [1], {}, 10**400)
        ),
        json.dumps(dict.fromkeys(LOSSES[1:], 1.0)),
        json.dumps(dict.fromkeys([*LOSSES, "another"], 1.0)),
    ],
}  # fmt: skip

ANY = [None, True, 0, -1, 10**30, 1.5, float("nan"), "text", [], [1], {}, {"a": 1}, [[0.1, 0.2]]]


def spoilt_plans(plan):
    """Plans with one field of another kind, without it, or with another one."""
    for field in plan:
        for value in ANY:
            yield plan | {field: value}
        yield {name: value for name, value in plan.items() if name != field}
    yield plan | {"another": 1}


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Stores with a finished sweep named sw after another one: of a grid, and of ranges."""
    pytest.importorskip("distributed")
    folder = tmp_path_factory.mktemp("sweeps")
    with local_client(2) as client:
        for name, varied in (("grid", GRID), ("ranges", RANGES)):
            owner = {"store": folder / f"{name}.sqlite"}
            for sweep in (
                Sweep(SMALL, name="other", **owner),
                Sweep(SMALL, **varied, **PLAN, name="sw", **owner),
            ):
                sweep.run(client).close()
    return {name: folder / f"{name}.sqlite" for name in ("grid", "ranges")}


@pytest.fixture
def spoil(paths, tmp_path):
    """Return a copy of a store in which a value of a table is another one."""

    def spoilt(table, column, value, store="grid"):
        path = tmp_path / f"{store}.sqlite"
        shutil.copy(paths[store], path)
        put = "CAST(? AS TEXT)" if isinstance(value, (str, bytes)) else "?"
        where = "number = 0" if table == "trials" else "name = 'sw'"
        with closing(sqlite3.connect(path)) as db, db:
            id_ = db.execute("SELECT id FROM sweeps WHERE name = 'sw'").fetchone()[0]
            owner = "sweep" if table == "trials" else "id"
            db.execute(
                f"UPDATE {table} SET {column} = {put} WHERE {where} AND {owner} = ?", (value, id_)
            )
        return path

    return spoilt


def problems(path):
    """What a check of a store says of its sweeps."""
    with closing(Store(path)) as store:
        return unreadable_sweeps(store)


def is_read_or_named(path):
    """Read the sweep, or have it named with the reason; tell whether it is read."""
    try:
        with closing(Sweep.load("sw", store=path)) as sweep:
            assert sum(sweep.counts.values()) == sweep.plan.runs
            assert "'sw'" in repr(sweep)
            repr(sweep.best())
            assert all(trial.curve is not None for trial in sweep.begun if trial.step)
    except StoreError as error:
        assert str(error).startswith("The sweep 'sw' cannot be read: ")
        assert problems(path) == [str(error)]
        return False
    assert problems(path) == []
    return True


def test_sound_sweeps_are_read(paths):
    assert all(map(is_read_or_named, paths.values()))


@pytest.mark.parametrize(
    ("column", "value"), [(column, value) for column in TRIALS for value in TRIALS[column]]
)
def test_a_spoilt_row_of_a_run_names_the_sweep_and_the_column(spoil, column, value):
    path = spoil("trials", column, value)
    assert not is_read_or_named(path)
    (problem,) = problems(path)
    assert column in problem or column == "number"
    with closing(Sweep.load("other", store=path)) as other:
        assert other.finished


def test_a_row_with_the_run_of_another_names_the_sweep(spoil, paths):
    with closing(sqlite3.connect(paths["grid"])) as db:
        runs = [run for (run,) in db.execute("SELECT run FROM trials")]
    assert sum(is_read_or_named(spoil("trials", "run", run)) for run in runs) == 1  # its own


@pytest.mark.parametrize("name", ["another", "", b"\xff", "other"])
def test_a_sweep_with_the_name_of_another_plan_cannot_be_read(spoil, name):
    (problem,) = problems(spoil("sweeps", "name", name))
    assert "its plan is that of another name, 'sw'" in problem


@pytest.mark.parametrize("value", JSON)
def test_a_plan_that_is_none_names_the_sweep(spoil, value):
    path = spoil("sweeps", "plan", value)
    assert not is_read_or_named(path)
    with closing(Sweep.load("other", store=path)) as other:
        assert other.finished


@pytest.mark.parametrize("store", ["grid", "ranges"])
def test_a_spoilt_field_of_a_plan_is_read_as_a_plan_or_named(spoil, paths, store):
    with closing(sqlite3.connect(paths[store])) as db:
        (plan,) = db.execute("SELECT plan FROM sweeps WHERE name = 'sw'").fetchone()
    read = [
        is_read_or_named(spoil("sweeps", "plan", json.dumps(spoilt), store))
        for spoilt in spoilt_plans(json.loads(plan))
    ]
    assert read.count(False) > 0.7 * len(read)
