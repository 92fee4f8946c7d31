"""Drafts: runs of a page that are stored only after their first change."""

import sqlite3

import pytest
from stores import SMALL, everything, train, wait_until

from backprop_panel import SettingError, TrainingRunManager
from backprop_panel.storage import saving_thread
from backprop_panel.training.worker import StopWhen

DEEDS = {
    "a step": lambda run: run.trainer.run_step(),
    "another learning rate": lambda run: setattr(run.trainer, "learning_rate", 0.5),
    "a set weight": lambda run: run.submit(
        lambda: run.trainer.engine.edits.set_weight(0, 0, 0, 0.5)
    ),
    "a frozen layer": lambda run: run.submit(lambda: run.trainer.engine.edits.freeze(0, True)),
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


@pytest.fixture
def open_manager(path):
    """Return a function that opens managers on one file; they are closed at the end."""
    managers = []

    def open_manager():
        managers.append(TrainingRunManager(path))
        return managers[-1]

    yield open_manager
    for manager in managers:
        manager.close()


@pytest.fixture
def only_when_told(monkeypatch):
    """Stop stores from saving by themselves: tests call `save`."""
    monkeypatch.setattr(saving_thread, "SAVE_SECONDS", 1000)


def in_file(path):
    """Return the names of the runs in the file, in their order."""
    db = sqlite3.connect(path)
    names = [name for (name,) in db.execute("SELECT name FROM runs ORDER BY position")]
    db.close()
    return names


def names(manager):
    return [run.name for run in manager.runs]


def save(manager):
    manager._link.autosave.save()


def test_an_untouched_draft_never_reaches_the_store(open_manager, path):
    manager = open_manager()
    run = manager.draft(**SMALL)
    run.trainer.engine.look()
    save(manager)
    manager.refresh()
    assert manager.runs == [run]
    manager.close()
    assert in_file(path) == []


def test_a_run_that_was_created_is_stored_at_once(open_manager, path):
    open_manager().create(**SMALL)
    assert in_file(path) == ["run 1"]


def test_visualizing_does_not_store_a_draft(open_manager, path):
    manager = open_manager()
    run = manager.draft(**SMALL, mode="visualize")
    run.trainer.run_batch()
    manager.close()
    assert in_file(path) == []


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_the_first_event_stores_a_draft(deed, open_manager, path):
    manager = open_manager()
    run = manager.draft(**SMALL)
    deed(run)
    wait_until(lambda: in_file(path) == ["run 1"])
    manager.close()
    assert everything(open_manager().current) == everything(run)


def test_closing_saves_a_draft_that_was_trained(open_manager, path):
    manager = open_manager()
    train(manager.draft(**SMALL), 3)
    manager.close()
    assert open_manager().current.trainer.step == 3


def test_a_draft_that_was_reset_before_a_save_is_untouched(open_manager, path, only_when_told):
    manager = open_manager()
    run = manager.draft(**SMALL)
    run.trainer.run_step()
    run.reset()
    manager.close()
    assert in_file(path) == []


def test_renaming_stores_a_draft_at_once(open_manager, path):
    manager = open_manager()
    run = manager.draft(**SMALL)
    manager.rename(run.id, "mine")
    assert in_file(path) == names(manager) == ["mine"]


def test_a_draft_in_training_can_be_renamed(open_manager, path):
    manager = open_manager()
    run = manager.draft(**SMALL)
    run.worker.start(StopWhen())
    manager.rename(run.id, "mine")
    wait_until(lambda: in_file(path) == ["mine"])
    run.worker.stop()
    manager.refresh()
    assert names(manager) == ["mine"]


def test_a_draft_cannot_take_the_name_of_a_stored_run(open_manager, path):
    manager = open_manager()
    run = manager.draft(**SMALL)
    open_manager().create(name="theirs", **SMALL)
    with pytest.raises(SettingError, match="'theirs' already"):
        manager.rename(run.id, "theirs")
    assert run.name == "run 1"


def test_forking_stores_a_draft_before_its_fork(open_manager, path):
    manager = open_manager()
    parent = manager.draft(**SMALL)
    manager.fork(parent.id)
    assert in_file(path) == ["run 1", "run 1.1"]


def test_drafts_are_not_seen_by_others(open_manager):
    one, other = open_manager(), open_manager()
    draft = one.draft(**SMALL)
    other.refresh()
    assert other.runs == []
    train(draft, 1)
    save(one)
    other.refresh()
    assert [run.id for run in other.runs] == [draft.id]


def test_the_second_of_two_drafts_of_a_name_gets_a_free_one(open_manager, path, only_when_told):
    one, other = open_manager(), open_manager()
    drafts = [manager.draft(**SMALL) for manager in (one, other)]
    for draft, manager in zip(drafts, (one, other), strict=True):
        train(draft, 1)
        save(manager)
    assert in_file(path) == ["run 1", "run 2"]
    other.refresh()
    assert names(other) == ["run 1", "run 2"]
    assert drafts[1].name == "run 2"
    assert not other.store_problem


def test_a_draft_is_renamed_if_a_stored_run_takes_its_name(open_manager):
    manager = open_manager()
    draft = manager.draft(**SMALL)
    open_manager().create(name="run 1", **SMALL)
    manager.refresh()
    assert sorted(names(manager)) == ["run 1", "run 2"]
    assert draft.name == "run 2"


def test_a_draft_with_a_given_name_keeps_it_as_its_beginning(open_manager, path):
    manager = open_manager()
    draft = manager.draft(name="mine", **SMALL)
    open_manager().create(name="mine", **SMALL)
    train(draft, 1)
    save(manager)
    assert in_file(path) == ["mine", "mine.1"]


def test_a_refresh_leaves_an_untouched_draft_in_its_place(open_manager):
    manager = open_manager()
    draft, created = manager.draft(**SMALL), manager.create(**SMALL)
    manager.refresh()
    assert manager.runs == [draft, created]


def test_a_draft_stored_during_a_refresh_is_kept(open_manager, only_when_told):
    manager = open_manager()
    draft, autosave = manager.draft(**SMALL), manager._link.autosave
    listed = autosave.listed

    def listed_just_before_a_save():
        before = listed()
        autosave.save()
        return before

    train(draft, 1)
    autosave.listed = listed_just_before_a_save
    manager.refresh()
    assert manager.runs == [draft]


def test_the_run_used_last_is_a_stored_one(open_manager):
    manager = open_manager()
    first = manager.create(**SMALL)
    manager.create(**SMALL)
    manager.switch(first.id)
    manager.draft(**SMALL)
    manager.close()
    assert open_manager().current.id == first.id


def test_a_draft_that_was_trained_is_the_run_used_last(open_manager):
    manager = open_manager()
    draft = manager.draft(**SMALL)
    other = open_manager()
    other.create(**SMALL)
    train(draft, 1)
    save(manager)
    assert open_manager().current.id == draft.id


def test_a_draft_in_training_is_leased_once_others_see_it(open_manager, only_when_told):
    manager, other = open_manager(), open_manager()
    draft = manager.draft(**SMALL)
    draft.worker.start(StopWhen())
    wait_until(lambda: save(manager) or other.refresh() or other.runs)
    with pytest.raises(SettingError, match="is being trained"):
        other.runs[0].trainer.run_step()
    draft.worker.stop()


def test_deleting_the_last_stored_run_stores_a_draft(open_manager, path):
    manager = open_manager()
    stored = manager.create(name="stored", **SMALL)
    draft = manager.draft(**SMALL)
    manager.delete(stored.id)
    assert manager.runs == [draft]
    assert in_file(path) == ["run 1"]


def test_deleting_a_draft_leaves_the_store_alone(open_manager, path):
    manager = open_manager()
    first, second = manager.draft(**SMALL), manager.draft(**SMALL)
    manager.delete(first.id)
    assert manager.runs == [second]
    with pytest.raises(SettingError, match="is the only run"):
        manager.delete(second.id)
    assert in_file(path) == []


def test_a_draft_that_replaces_another_takes_its_name(open_manager, path):
    manager = open_manager()
    first = manager.draft(**SMALL)
    second = manager.draft(replacing=first, **SMALL)
    train(first, 1)
    manager.close()
    assert manager.runs == [second] and second.name == "run 1"
    assert in_file(path) == []


def test_a_draft_refuses_invalid_settings_as_a_run_does(open_manager):
    manager = open_manager()
    with pytest.raises(SettingError, match="Did you mean 'num_samples'"):
        manager.draft(num_sample=1)
    assert manager.runs == []


def test_without_a_store_a_draft_is_an_ordinary_run():
    manager = TrainingRunManager()
    draft = manager.draft(**SMALL)
    manager.create(**SMALL)
    manager.fork(draft.id)
    manager.rename(draft.id, "mine")
    assert names(manager) == ["mine", "run 2", "run 1.1"]
