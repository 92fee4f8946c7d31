"""A run that is trained in another process, and its checkpoints."""

from contextlib import closing

from stores import SMALL

from backprop_panel import TrainingRun
from backprop_panel.storage.database import Store
from backprop_panel.storage.remote_run import PackedState, RemoteRun
from backprop_panel.storage.run_index import RunIndex


def stored(store, run):
    """Save a run with one update; return the statements that were executed."""
    trained = TrainingRun("run", SMALL)
    trained.trainer.run_batch()
    run.history.restore(trained.history)
    run.take_state(PackedState.of(trained.trainer.engine.state()), [])
    statements = []
    with store.transaction() as db:
        index = RunIndex(db, "")
        db.set_trace_callback(statements.append)
        run.saved(run.save(db, index))
        db.set_trace_callback(None)
    return statements


def test_only_the_newest_of_the_checkpoints_that_wait_for_a_slow_store_is_kept(tmp_path):
    trained = TrainingRun("run", SMALL)
    run = RemoteRun("id", "name", dict(trained.config))
    for _ in range(3):
        trained.trainer.run_batch()
        run.take_state(PackedState.of(trained.trainer.engine.state()), [])
    run.history.restore(trained.history)
    with closing(Store(tmp_path / "runs.sqlite")) as store:
        with store.transaction() as db:
            run.saved(run.save(db, RunIndex(db, "")))
        with store.transaction(writing=False) as db:
            assert db.execute("SELECT step FROM checkpoints").fetchall() == [(3,)]
    assert not run.is_unsaved


def test_a_run_is_added_without_reading_those_that_are_there(tmp_path):
    config = dict(TrainingRun("run", SMALL).config)
    with closing(Store(tmp_path / "runs.sqlite")) as store:
        statements = stored(store, RemoteRun("id", "name", config))
        with store.transaction(writing=False) as db:
            (insert,) = (each for each in statements if each.startswith("INSERT INTO runs"))
            plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {insert}"))
    assert "runs_by_position" in plan
    assert not any(each.startswith("SELECT name FROM runs") for each in statements)
