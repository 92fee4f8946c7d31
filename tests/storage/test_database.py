"""A run is bit for bit the same after a restart, and trains on as without one.

A restart is another manager on the same file; tests/storage/test_processes.py ends processes.
"""

import sqlite3
import threading
import time
from contextlib import closing
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from stores import SMALL, everything, train, undisturbed, wait_until

from backprop_panel import SettingError, Store, TrainingRunManager
from backprop_panel.nn.optimizers import OPTIMIZERS
from backprop_panel.storage import autosave as autosaving
from backprop_panel.storage import leases, run_delta, run_rows
from backprop_panel.storage.leases import LEASE_SECONDS
from backprop_panel.storage.saving_thread import SAVE_SECONDS
from backprop_panel.training import checkpoints
from backprop_panel.training.events import KINDS
from backprop_panel.training.worker import StopWhen
from tests.bundles import weights_file, with_loaded_weights
from tests.training.test_checkpoints import do, histories, one_of_each_kind

quick = settings(derandomize=True, deadline=None, max_examples=25, database=None)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


@pytest.fixture
def open_manager(path):
    """Return a function that opens managers on one file; they are closed at the end."""
    managers = []

    def open_manager(user=""):
        managers.append(TrainingRunManager(path, user))
        return managers[-1]

    yield open_manager
    for manager in managers:
        manager.close()


def restarted(manager, path):
    manager.close()
    return TrainingRunManager(path)


def refusal(action):
    with pytest.raises(SettingError) as caught:
        action()
    return str(caught.value)


@quick
@given(first=histories, then=histories)
def test_a_run_is_the_same_after_a_restart(tmp_path_factory, first, then):
    path = tmp_path_factory.mktemp("store") / "runs.sqlite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints, "SPACING_SECONDS", 0)
        patch.setattr(checkpoints, "COPY_SHARE", np.inf)
        patch.setattr(run_rows, "CHUNK_ROWS", 16)
        manager = TrainingRunManager(path)
        run = manager.create(**SMALL)
        for deeds in (first, then):
            do(run, deeds)
            before = everything(run)
            manager = restarted(manager, path)
            run = manager.current
            assert everything(run) == before
        manager.close()


def test_every_kind_of_event_comes_back(open_manager):
    manager = open_manager()
    run = manager.create(**SMALL)
    do(run, one_of_each_kind)
    before = everything(run)
    assert {type(event) for event in before["events"]} == set(KINDS.values())
    manager.close()
    assert everything(open_manager().current) == before


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("steps", [0, 1, 40, 95])
def test_losses_after_a_restart_equal_those_without_one(optimizer, steps, open_manager):
    manager = open_manager()
    losses = train(manager.create(**SMALL, optimizer=optimizer), steps)
    manager.close()
    losses += train(open_manager().current, 100 - steps)
    assert losses == undisturbed(100, optimizer=optimizer)


@pytest.mark.parametrize(
    "config",
    [
        {"hidden_dimension": [6, 4], "activation": ["tanh", "relu"]},
        {"vocabulary": ["<b>", "ü", "🙂"], "sequence_length": 3},
        {"master_sequences": "abcabd\nddcc\nabba\n", "sequence_length": 3},
        {"hidden_dimension": np.int64(6), "seed": np.int32(3)},
        {"task_type": "sequence_classification", "optimizer": "rmsprop", "mode": "visualize"},
    ],
)
def test_a_configuration_comes_back_and_makes_the_same_run(config, open_manager):
    manager = open_manager()
    run = manager.create(**{**SMALL, **config})
    before = everything(run)
    manager.close()
    again = open_manager().current
    assert everything(again) == before
    again.trainer.mode = "train"
    manager.close()
    assert train(again, 20) == undisturbed(20, **{**config, "mode": "train"})


def test_a_run_comes_back_paused_with_its_last_settings(open_manager):
    manager = open_manager()
    run = manager.create(**SMALL)
    run.trainer.learning_rate = 0.3
    run.worker.start(StopWhen())
    wait_until(lambda: run.trainer.step > 100)
    manager.close()
    again = open_manager().current
    assert again.trainer.learning_rate == 0.3
    assert again.trainer.step == run.trainer.step
    assert not again.worker.running


def test_names_order_the_run_used_last_and_parents_come_back(open_manager):
    manager = open_manager()
    first = manager.create(name="größer 🙂", **SMALL)
    train(first, 10)
    fork = manager.fork(first.id, step=4)
    manager.create(name="c", **SMALL)
    manager.rename(fork.id, "b")
    manager.switch(fork.id)
    manager.close()
    again = open_manager()
    assert [run.name for run in again.runs] == ["größer 🙂", "b", "c"]
    assert [run.parent for run in again.runs] == [None, (first.id, 4), None]
    assert again.current.id == fork.id
    again.delete(first.id)
    again.close()
    assert [run.parent for run in open_manager().runs] == [(first.id, 4), None]


def test_a_fork_brings_its_past_with_it(open_manager, monkeypatch):
    monkeypatch.setattr(checkpoints, "SPACING_SECONDS", 0)
    manager = open_manager()
    run = manager.create(**SMALL)
    train(run, 100)
    fork = manager.fork(run.id, step=60)
    before = everything(fork)
    assert before["checkpoints"]
    manager.close()
    again = open_manager()
    assert everything(again.run(fork.id)) == before
    assert again.run(fork.id).at(30).step == 30


def test_a_reset_and_later_training_are_saved(open_manager):
    manager = open_manager()
    run = manager.create(**SMALL)
    train(run, 50)
    manager._link.autosave.save()
    manager.reset(run.id)
    train(run, 50)  # as many as before: only the past is another
    run.trainer.learning_rate = 0.2
    before = everything(run)
    manager.close()
    assert everything(open_manager().current) == before


def test_closing_saves_what_came_after_a_save_that_did_not_wait(open_manager, monkeypatch):
    monkeypatch.setattr(autosaving, "DELTA_SECONDS", 0)
    manager = open_manager()
    run = manager.create(**SMALL)
    train(run, 3)
    with run.trainer.stepping():
        manager._link.autosave.save()  # it asks for the changes, which come after this block
    manager.reset(run.id)
    manager.close()
    assert open_manager().current.trainer.step == 0


def test_closing_within_a_step_warns_of_what_is_not_saved(open_manager):
    manager = open_manager()
    run = manager.create(**SMALL)
    with run.trainer.stepping():
        run.trainer.engine.advance(4)
        with pytest.warns(UserWarning, match="changes of 'run 1' are not saved: a thread is"):
            manager.close()


def test_stored_checkpoints_equal_those_in_memory(open_manager, monkeypatch, path):
    monkeypatch.setattr(checkpoints, "SPACING_SECONDS", 0)
    monkeypatch.setattr(checkpoints, "COPY_SHARE", np.inf)
    manager = open_manager()
    run = manager.create(**SMALL)
    most = 12 * run.trainer.engine.state().nbytes
    monkeypatch.setattr(checkpoints, "MOST_BYTES", most)
    for _ in range(10):
        do(run, [("single", 7)])
        manager._link.autosave.save()
        with manager.store.transaction(writing=False) as db:
            steps = [step for (step,) in db.execute("SELECT step FROM checkpoints ORDER BY step")]
        assert steps == [state.step for state in run.trainer.engine.checkpoints.states]
        assert len(steps) <= 12


def test_changes_are_in_the_file_within_a_second(open_manager, path):
    manager = open_manager()
    run = manager.create(**SMALL)
    worst = 0
    for pace in (None, 3.0, 0.2):
        run.worker.start(StopWhen(), pace)
        time.sleep(0.7)
        step, begin = run.trainer.step, time.monotonic()
        while stored_step(path) < step:
            time.sleep(0.01)
        worst = max(worst, time.monotonic() - begin)
        run.worker.stop()
    print(f"at most {worst:.2f} s")
    assert 2 * SAVE_SECONDS <= 1
    assert worst < 10  # a busy machine lets the thread that saves wait


def stored_step(path):
    db = sqlite3.connect(path)
    (step,) = db.execute("SELECT json_extract(meta, '$.step') FROM states").fetchone()
    db.close()
    return step


def test_states_saved_while_training_are_consistent(open_manager, path):
    """Each state in the file equals the replay to its step."""
    manager = open_manager()
    run = manager.create(**SMALL, optimizer="adam")
    run.worker.start(StopWhen(epoch=400))
    looks = 0
    while run.worker.running:
        manager._link.autosave.save()
        other = open_manager().current
        assert other.replay(other.trainer.step).engine.state().digest() == (
            other.trainer.engine.state().digest()
        )
        engine = run.trainer.engine
        step = other.trainer.step
        assert engine.history["loss"][:step].tolist() == other.history["loss"].tolist()
        looks += 1
    assert looks > 2


def test_steps_of_a_script_are_saved_during_training(open_manager, path):
    run = open_manager().create(**{**SMALL, "num_samples": 50_000, "batch_size": 1})
    epoch = threading.Thread(target=run.trainer.run_epoch)
    epoch.start()
    wait_until(lambda: stored_step(path) > 0)
    assert epoch.is_alive()
    epoch.join()


def test_users_cannot_see_or_change_runs_of_other_users(open_manager):
    ada, bob = open_manager("ada"), open_manager("bob")
    run = ada.create(name="run", **SMALL)
    train(run, 5)
    ada._link.autosave.save()
    assert bob.refresh() == [] and bob.runs == []
    bob.create(name="run", **SMALL)  # a name is one person's
    bob.create(**SMALL)
    actions = (
        bob.run,
        bob.switch,
        bob.delete,
        bob.reset,
        bob.fork,
        lambda other: bob.rename(other, "x"),
    )
    for action in actions:
        of_another = refusal(lambda action=action: action(run.id))
        of_nobody = refusal(lambda action=action: action("nobody"))
        assert of_another.replace(run.id, "nobody") == of_nobody
    bob.close()
    assert [other.name for other in open_manager("bob").runs] == ["run", "run 1"]
    assert [other.id for other in open_manager("ada").runs] == [run.id]
    assert open_manager("eve").runs == []


def test_a_second_window_watches_and_cannot_train(open_manager):
    one, other = open_manager(), None
    run = one.create(**SMALL)
    other = open_manager()
    seen = other.current
    run.worker.start(StopWhen())
    wait_until(lambda: other.refresh() == [seen] and seen.trainer.step > 50)
    step = seen.trainer.step
    message = "'run 1' is being trained in another window or process."
    for action in (
        seen.trainer.run_step,
        seen.trainer.run_epoch,
        lambda: seen.worker.start(StopWhen()),
        lambda: seen.trainer.param.update(learning_rate=0.4),
        lambda: seen.load_weights(weights_file(seen.model.network)),
        lambda: other.reset(seen.id),
        lambda: other.delete(seen.id),
    ):
        assert refusal(action) in (message, "'run 1' is the only run; there must be one.")
    assert (seen.trainer.step, seen.trainer.learning_rate) == (step, 0.05)
    seen.trainer.mode = "visualize"  # to look is allowed
    assert seen.at(step // 2).step == step // 2
    assert seen.trainer.engine.tensors == {}
    wait_until(lambda: other.refresh() == [seen])
    run.worker.stop()
    wait_until(lambda: other.refresh() == [] and seen.trainer.step == run.trainer.step)
    assert everything(seen)["history"] == everything(run)["history"]


def test_another_manager_can_train_a_paused_run_after_a_moment(open_manager):
    one = open_manager()
    run = one.create(**SMALL)
    other = open_manager()
    seen = other.current
    losses = train(run, 30)
    wait_until(lambda: tried(seen.trainer.run_batch))
    assert seen.trainer.step == 31
    losses += seen.history["loss"][30:].tolist() + train(seen, 9)
    wait_until(lambda: tried(run.trainer.run_batch))
    losses += run.history["loss"][40:].tolist()
    assert losses == undisturbed(41)


def tried(action):
    try:
        action()
    except SettingError:
        return False
    return True


def test_the_lease_of_an_ended_owner_is_free_after_its_time(open_manager, monkeypatch):
    now = time.time()
    monkeypatch.setattr(leases, "time", SimpleNamespace(time=lambda: now))
    manager = open_manager()
    run = manager.create(**SMALL)
    with manager.store.transaction() as db:
        db.execute("INSERT INTO leases VALUES (?, 'dead', ?)", (run.id, now))
    now += LEASE_SECONDS - 0.1
    assert "being trained" in refusal(run.trainer.run_batch)
    now += 0.2
    run.trainer.run_batch()
    assert run.trainer.step == 1


def test_a_run_that_lost_its_lease_stops_and_catches_up(open_manager):
    """Like a machine after standby."""
    one = open_manager()
    run = one.create(**SMALL)
    run.worker.start(StopWhen(), steps_per_second=200)
    wait_until(lambda: stored_step(one.store.path) > 10)
    other = open_manager()
    with one.store.transaction() as db:
        db.execute("UPDATE leases SET heartbeat = 0, owner = 'nobody'")
    taken = other.current
    assert tried(taken.trainer.run_batch)
    wait_until(lambda: not run.worker.running)
    assert "is being trained in another window or process" in str(run.worker.error)
    wait_until(lambda: one.refresh() == [run])
    other._link.autosave.save()
    wait_until(lambda: one.refresh() == [] and run.trainer.step == taken.trainer.step)
    assert everything(run)["history"] == everything(taken)["history"]


def test_refresh_shows_runs_created_renamed_and_deleted_elsewhere(open_manager):
    one, other = open_manager(), open_manager()
    told = []
    other.param.watch(lambda event: told.append([run.name for run in other.runs]), "runs")
    a, b = one.create(name="a", **SMALL), one.create(name="b", **SMALL)
    assert other.refresh() == []
    assert [run.id for run in other.runs] == [a.id, b.id]
    other.switch(b.id)
    one.rename(b.id, "c")
    other.refresh()
    assert told[-1] == ["a", "c"]
    one.delete(b.id)
    other.refresh()
    assert [run.name for run in other.runs] == ["a"] and other.current.id == a.id


def test_names_are_unique_across_managers_and_free_ones_are_found(open_manager):
    one, other = open_manager(), open_manager()
    one.create(name="a", **SMALL)
    one.create(**SMALL)
    assert "'a' already" in refusal(lambda: other.create(name="a", **SMALL))
    assert other.create(**SMALL).name == "run 2"
    assert "'run 2' already" in refusal(lambda: one.rename(one.current.id, "run 2"))
    assert one.current.name == "run 1"


def test_two_managers_cannot_delete_the_last_run(open_manager):
    one = open_manager()
    one.create(name="a", **SMALL)
    one.create(name="b", **SMALL)
    other = open_manager()
    a, b = other.runs
    other.delete(a.id)
    assert "only run" in refusal(lambda: one.delete(b.id))


def test_a_name_that_cannot_be_stored_is_refused(open_manager):
    manager = open_manager()
    assert "is not a text that can be stored" in refusal(
        lambda: manager.create(name="\ud800", **SMALL)
    )
    assert manager.runs == []


def test_managers_share_a_store_that_one_leaves_open(path):
    store = Store(path)
    one, other = TrainingRunManager(store, "ada"), TrainingRunManager(store, "bob")
    one.create(**SMALL)
    one.close()
    other.create(**SMALL)
    other.close()
    with store.transaction(writing=False) as db:
        assert db.execute("SELECT count(*) FROM runs").fetchone() == (2,)
    store.close()


def test_opening_waits_for_another_process_creating_the_file(path):
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    soon = threading.Timer(0.1, lambda: other.execute("COMMIT"))
    soon.start()
    Store(path).close()
    soon.join()
    other.close()


def test_after_closing_a_run_trains_on_in_memory(open_manager):
    manager = open_manager()
    run = manager.create(**SMALL)
    manager.close()
    with pytest.warns(UserWarning, match="'run 1' goes on in memory only: its manager is closed"):
        assert train(run, 5) == undisturbed(5)
    train(run, 5)  # said once


def test_fifty_runs_are_there_quickly(open_manager):
    manager = open_manager()
    for _ in range(50):
        train(manager.create(**SMALL), 60)
    manager.close()
    begin = time.process_time()  # the time of other processes on a busy machine is not counted
    again = open_manager()
    seconds = time.process_time() - begin
    print(f"50 runs: {seconds * 1e3:.0f} ms")
    assert len(again.runs) == 50
    assert all(run.trainer.engine.checkpoints.unread for run in again.runs)
    assert seconds < 5


def test_a_setting_changes_after_catching_up_with_another_manager(open_manager):
    one = open_manager()
    run = one.create(**SMALL)
    other = open_manager()
    seen = other.current
    train(run, 30)
    run.trainer.batch_size = 9
    wait_until(lambda: tried(lambda: setattr(seen.trainer, "learning_rate", 0.4)))
    assert (seen.trainer.step, seen.trainer.batch_size, seen.trainer.learning_rate) == (30, 9, 0.4)
    assert seen.trainer.engine.settings.learning_rate == 0.4


def test_a_delta_that_fails_is_reported_and_retried(open_manager, monkeypatch):
    manager = open_manager()
    run = manager.create(**SMALL)
    take = run_delta.RunDelta.take
    monkeypatch.setattr(run_delta.RunDelta, "take", lambda *details: [].nothing)
    run.worker.start(StopWhen())
    wait_until(lambda: manager.refresh() == [] and "'run 1' is not saved" in manager.store_problem)
    monkeypatch.setattr(run_delta.RunDelta, "take", take)
    wait_until(lambda: manager.refresh() == [] and not manager.store_problem)
    run.worker.stop()
    assert run.worker.error is None


def stored_digests(path):
    with closing(sqlite3.connect(path)) as db:
        return {digest for (digest,) in db.execute("SELECT digest FROM tensors")}


def test_loaded_weights_come_back_and_every_step_with_them(open_manager):
    manager = open_manager()
    run = with_loaded_weights(manager)
    digests = [run.replay(step).engine.state().digest() for step in range(21)]
    manager.close()
    back = open_manager().current
    again = [back.replay(step) for step in range(21)]
    assert [engine.state().digest() for engine, _ in again] == digests
    assert not any(deviation for _, deviation in again)


def test_a_second_window_sees_weights_that_are_loaded_meanwhile(open_manager):
    manager, other = open_manager(), open_manager()
    run = with_loaded_weights(manager)
    wait_until(lambda: other.refresh() == [] and other.runs != [])
    (seen,) = other.runs
    with_loaded_weights(manager, seed=1)
    wait_until(lambda: other.refresh() == [] and seen.trainer.step == run.trainer.step)
    for step in (10, 11, 30, 31):
        assert seen.replay(step).engine.state().digest() == run.replay(step).engine.state().digest()
    assert seen.trainer.engine.tensors.keys() == run.trainer.engine.tensors.keys()


def test_a_fork_keeps_the_loaded_weights_when_its_parent_is_deleted(open_manager):
    manager = open_manager()
    run = with_loaded_weights(manager)
    fork = manager.fork(run.id, step=15)
    manager.delete(run.id)
    before = fork.replay(12).engine.state().digest()
    manager.close()
    assert open_manager().current.replay(12).engine.state().digest() == before


def test_a_reset_drops_the_loaded_weights_from_the_file(open_manager, path):
    manager = open_manager()
    run = with_loaded_weights(manager)
    wait_until(lambda: stored_digests(path))
    manager.reset(run.id)
    manager.close()
    assert stored_digests(path) == set()
    assert open_manager().current.trainer.engine.tensors == {}


def test_a_deleted_runs_loaded_weights_are_deleted(open_manager, path):
    manager = open_manager()
    run = with_loaded_weights(manager)
    manager.create(**SMALL)
    manager.delete(run.id)
    manager.close()
    assert stored_digests(path) == set()


def test_a_second_window_drops_the_loaded_weights_when_the_run_is_reset(open_manager):
    manager, other = open_manager(), open_manager()
    with_loaded_weights(manager)
    wait_until(lambda: other.refresh() == [] and other.runs)
    (seen,) = other.runs
    wait_until(lambda: other.refresh() == [] and seen.trainer.step == 20)
    assert len(seen.trainer.engine.tensors) == 1
    manager.reset(manager.current.id)
    wait_until(lambda: other.refresh() == [] and seen.trainer.step == 0)
    assert seen.trainer.engine.tensors == {}


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM tensors",
        "UPDATE tensors SET data = zeroblob(length(data))",
        "UPDATE tensors SET data = (SELECT data FROM tensors AS t WHERE t.digest > tensors.digest) "
        "WHERE digest = (SELECT min(digest) FROM tensors)",
    ],
    ids=["missing", "unreadable", "another's"],
)
def test_damaged_loaded_weights_are_reported(damage, open_manager, path):
    manager = open_manager()
    for seed in (0, 1):
        with_loaded_weights(manager, seed)
    manager.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(damage)
    (unreadable, *_) = open_manager().unreadable
    assert "loaded weights" in unreadable.reason
