"""Runs, their replay to any step, bit for bit, and the manager of runs."""

import copy
import io
import json
import re
import zipfile

import numpy as np
import pytest
from bundles import exported, unzipped
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel import SettingError, TrainingRun, TrainingRunManager
from backprop_panel.interchange import import_run
from backprop_panel.nn.optimizers import OPTIMIZERS
from backprop_panel.training import model as model_module

quick = settings(derandomize=True, deadline=None, max_examples=25, database=None)
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS)

SMALL = {
    "num_samples": 50,
    "hidden_dimension": 8,
    "learning_rate": 0.05,
    "loss_type": "cross_entropy",
    "batch_size": 20,
}

learning_rates = st.floats(0.001, 0.5)
actions = st.one_of(
    st.tuples(st.just("batches"), st.integers(1, 6)),
    st.tuples(st.just("steps"), st.integers(1, 3)),
    st.tuples(st.just("epoch"), st.none()),
    st.tuples(st.just("look"), st.integers(1, 3)),
    st.tuples(st.just("change"), st.fixed_dictionaries({"learning_rate": learning_rates})),
    st.tuples(st.just("change"), st.fixed_dictionaries({"batch_size": st.integers(1, 60)})),
    st.tuples(
        st.just("change"),
        st.fixed_dictionaries(
            {"optimizer": st.sampled_from(sorted(OPTIMIZERS)), "learning_rate": learning_rates}
        ),
    ),
    st.tuples(
        st.just("change"),
        st.fixed_dictionaries(
            {
                "loss_type": st.sampled_from(["mse", "cross_entropy"]),
                "weight_decay": st.floats(0, 0.1),
            }
        ),
    ),
)
stories = st.lists(actions, max_size=8)


def new_run(**config):
    return TrainingRunManager().create(**{**SMALL, **config})


def manager_of(*names):
    """A manager with small runs of these names; the last is the current one."""
    manager = TrainingRunManager()
    for name in names:
        manager.create(name=name, **SMALL)
    return manager


def act(run, story):
    """Apply a list of actions to a run."""
    trainer = run.trainer
    for action, argument in story:
        if action == "batches":
            train(run, argument)
        elif action == "steps":
            for _ in range(argument):
                trainer.run_step()
        elif action == "epoch":
            trainer.run_epoch()
        elif action == "look":
            trainer.mode = "visualize"
            train(run, argument)
            trainer.mode = "train"
        else:
            trainer.change(**argument)


def train(run, batches):
    return [run.trainer.run_batch().loss for _ in range(batches)]


def parameters(run):
    return run.model.network.parameters.copy()


def flat(state):
    """A state without its settings, as one list of exact numbers."""
    return [
        state.step,
        state.epoch,
        state.position,
        *(array.tolist() for array in state.weights + state.biases),
        *(moment.tolist() for moment in state.optimizer_state.moments.values()),
        state.optimizer_state.steps,
    ]


def present(run):
    """`flat` of the present state of a run."""
    engine = run.trainer.engine
    return [
        engine.step,
        engine.batches.cursor.epoch,
        engine.batches.cursor.position,
        *(array.tolist() for array in run.model.weights + run.model.biases),
        *(moment.tolist() for moment in engine.optimizer_state.moments.values()),
        engine.optimizer_state.steps,
    ]


def columns(run):
    return {name: column.tobytes() for name, column in run.history.items()}


def refusal(action):
    with pytest.raises(SettingError) as caught:
        action()
    return caught.value


@every_optimizer
def test_training_after_a_reset_repeats_the_losses_bit_for_bit(optimizer):
    run = new_run(optimizer=optimizer)
    first = train(run, 10)
    run.reset()
    assert train(run, 10) == first


@every_optimizer
def test_reset_repeats_the_losses_after_changes_of_settings(optimizer):
    run = new_run(optimizer=optimizer, batch_size=7)
    first = train(run, 12)
    run.trainer.change(batch_size=13, learning_rate=0.3, loss_type="mse")
    run.trainer.optimizer = "sgd" if optimizer == "adam" else "adam"
    train(run, 9)
    run.reset()
    assert train(run, 12) == first


def test_reset_restores_the_initial_settings():
    run = new_run()
    before = run.settings
    run.trainer.change(learning_rate=0.3, batch_size=3, optimizer="adam", weight_decay=0.1)
    run.reset()
    assert run.settings == before == run.config


@quick
@given(stories)
def test_reset_run_equals_a_new_one(story):
    run, fresh = new_run(optimizer="adam"), new_run(optimizer="adam")
    act(run, story)
    run.reset()
    assert present(run) == present(fresh)
    assert columns(run) == columns(fresh)
    assert run.trainer.engine.events == []


@every_optimizer
def test_reading_the_optimizer_state_changes_nothing(optimizer):
    engine = new_run(optimizer=optimizer).trainer.engine
    before = engine.state().digest()
    assert engine.optimizer_state.steps == 0
    assert engine.state().digest() == before


def test_fork_has_the_present_mode_of_its_parent():
    run = new_run(mode="visualize")
    run.trainer.mode = "train"
    train(run, 2)
    fork = run.fork("fork", 1)
    assert (fork.trainer.mode, fork.config["mode"]) == ("train", "train")
    train(fork, 1)
    assert fork.trainer.step == 2


def test_reset_in_visualize_mode_starts_at_the_first_batch():
    run = new_run(mode="visualize")
    first = train(run, 2)
    run.reset()
    assert run.trainer.mode == "visualize"
    assert train(run, 2) == first


@quick
@given(stories)
def test_replay_of_all_events_gives_the_present_state(story):
    run = new_run(optimizer="momentum")
    run.trainer.run_step()
    act(run, story)
    assert flat(run.at(run.trainer.step)) == present(run)


@quick
@given(stories)
def test_state_at_step_0_is_the_beginning_before_any_edit(story):
    run, fresh = new_run(optimizer="adam"), new_run(optimizer="adam")
    run.trainer.engine.edits.set_weight(0, 1, 2, 7.0)
    run.trainer.learning_rate = 0.7
    act(run, story)
    assert flat(run.at(0)) == present(fresh)
    assert run.at(0).settings == fresh.at(0).settings


@quick
@given(before=stories, after=stories)
def test_state_at_a_step_equals_the_state_then(before, after):
    run = new_run(optimizer="adam")
    run.trainer.run_step()
    act(run, before)
    was, step = present(run), run.trainer.step
    run.trainer.run_step()
    act(run, after)
    assert flat(run.at(step)) == was


@quick
@given(stories)
def test_at_changes_neither_the_run_nor_its_training(story):
    looked, usual = new_run(optimizer="adam"), new_run(optimizer="adam")
    for run in (looked, usual):
        act(run, story)
    looked.at(looked.trainer.step // 2)
    assert present(looked) == present(usual)
    assert train(looked, 3) == train(usual, 3)


def test_state_at_a_step_has_the_settings_then_in_force():
    run = new_run(learning_rate=0.05)
    train(run, 3)
    run.trainer.learning_rate = 0.5
    train(run, 3)
    assert run.at(2).settings["learning_rate"] == 0.05
    assert run.at(5).settings["learning_rate"] == 0.5


def test_repeated_step_includes_the_changes_right_after_it():
    run = new_run(learning_rate=0.05)
    train(run, 2)
    record = run.trainer.run_batch()
    run.trainer.learning_rate = 0.5
    run.trainer.engine.edits.set_weight(0, 1, 2, 7.0)
    run.trainer.engine.edits.freeze(1, True)
    train(run, 3)
    engine, again, _ = run.step_again(3)
    assert again.loss == record.loss
    assert np.array_equal(again.weights[0], record.weights[0])
    assert engine.settings.learning_rate == 0.5
    assert engine.network.weights[0][1, 2] == 7
    assert engine.frozen == {1}
    assert engine.state().digest() == run.replay(3).engine.state().digest()


def test_state_shares_no_memory_with_the_run():
    run = new_run()
    train(run, 3)
    before = present(run)
    state = run.at(3)
    state.weights[0][...] = 0
    assert present(run) == before


@pytest.mark.parametrize("step", [-1, 4])
def test_step_beyond_the_run_is_refused(step):
    run = new_run()
    train(run, 3)
    error = refusal(lambda: run.at(step))
    assert error.setting == "step"
    assert f"from 0 to 3, where 'run 1' is; got {step}" in str(error)


@quick
@given(stories, st.floats(0, 1))
def test_fork_has_the_same_past_and_trains_alike(story, share):
    manager = TrainingRunManager()
    parent = manager.create(**SMALL, optimizer="adam")
    parent.trainer.run_step()
    act(parent, story)
    step = max(1, int(share * parent.trainer.step))
    fork = manager.fork(parent.id, step=step)
    assert present(fork) == flat(parent.at(step))
    for name, column in fork.history.items():
        assert np.array_equal(column, parent.history[name][:step], equal_nan=True)
    if step == parent.trainer.step:
        assert train(fork, 3) == train(parent, 3)


def test_fork_leaves_its_parent_unchanged():
    manager = manager_of("first")
    parent = manager.current
    train(parent, 6)
    before = present(parent)
    fork = manager.fork(parent.id, step=4, name="hotter", learning_rate=0.5)
    train(fork, 3)
    assert present(parent) == before
    assert fork.trainer.step == 7
    assert (fork.name, fork.trainer.learning_rate, parent.trainer.learning_rate) == (
        "hotter",
        0.5,
        0.05,
    )
    assert manager.current is fork
    assert fork.id != parent.id


def test_fork_without_a_step_begins_at_the_present():
    manager = manager_of("first")
    train(manager.current, 6)
    assert manager.fork(manager.current.id).trainer.step == 6


def test_fork_replays_the_past_of_its_parent_and_its_own_changes():
    manager = manager_of("first")
    train(manager.current, 6)
    fork = manager.fork(manager.current.id, step=4, learning_rate=0.5, optimizer="adam")
    train(fork, 3)
    assert flat(fork.at(7)) == present(fork)
    assert fork.at(2).settings["learning_rate"] == 0.05


@pytest.mark.parametrize(
    "setting",
    [{"hidden_dimension": 16}, {"activation": "relu"}, {"seed": 1}, {"sequence_length": 4}],
)
def test_fork_with_another_network_or_other_data_is_refused(setting):
    manager = manager_of("first")
    error = refusal(lambda: manager.fork(manager.current.id, **setting))
    assert error.setting == next(iter(setting))
    assert "needs a new network" in str(error)
    assert [run.name for run in manager.runs] == ["first"]


@pytest.mark.parametrize("bad", [{"learning_rate": -1}, {"step": 7}, {"name": "first"}])
def test_refused_fork_adds_no_run(bad):
    manager = manager_of("first")
    refusal(lambda: manager.fork(manager.current.id, **bad))
    assert [run.name for run in manager.runs] == ["first"]
    assert manager.current is manager.runs[0]


def test_create_and_fork_refuse_an_unknown_setting_with_the_nearest():
    manager = manager_of("first")
    for action in (
        lambda: manager.create(learning_rat=0.1),
        lambda: manager.fork(manager.current.id, learning_rat=0.1),
    ):
        error = refusal(action)
        assert error.setting == "learning_rat"
        assert "Did you mean 'learning_rate'?" in str(error)


def test_a_run_takes_any_setting_of_data_model_and_trainer():
    run = new_run(
        vocabulary=["x", "y"],
        sequence_length=3,
        hidden_dimension=[5, 6],
        activation=["tanh", "relu"],
        optimizer="rmsprop",
        mode="visualize",
        seed=9,
    )
    assert [weights.shape for weights in run.model.weights] == [(4, 5), (5, 6), (6, 2)]
    assert (run.dataset.seed, run.model.seed) == (9, 9)
    assert (run.trainer.optimizer, run.trainer.mode) == ("rmsprop", "visualize")


def test_config_creates_the_same_run_again():
    run = new_run(optimizer="adam", seed=5, hidden_dimension=[6, 7])
    again = TrainingRunManager().create(**run.config)
    assert again.config == run.config
    assert train(again, 5) == train(run, 5)


@every_optimizer
def test_run_depends_on_the_seed_alone(optimizer):
    losses = [train(new_run(optimizer=optimizer, seed=seed), 8) for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


def test_runs_do_not_disturb_each_other():
    alone = train(new_run(), 6)
    manager = manager_of("one", "other")
    one, other = manager.runs
    together = []
    for _ in range(6):
        together += train(one, 1)
        train(other, 2)
    assert together == alone


def test_names_are_unique_apart_from_surrounding_space():
    manager = manager_of("first", "second")
    for action in (
        lambda: manager.create(name="first"),
        lambda: manager.create(name="  first "),
        lambda: manager.fork(manager.current.id, name="second"),
        lambda: manager.rename(manager.current.id, "first"),
    ):
        error = refusal(action)
        assert error.setting == "name"
        assert "already" in str(error)
    assert [run.name for run in manager.runs] == ["first", "second"]


@pytest.mark.parametrize("name", ["", "   ", "\n"])
def test_blank_name_is_refused(name):
    assert refusal(lambda: manager_of().create(name=name)).setting == "name"
    manager = manager_of("first")
    assert refusal(lambda: manager.rename(manager.current.id, name)).setting == "name"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "größer 🙂", "a" * 120, "x & y"])
def test_names_are_free_text_and_kept_unchanged(name):
    assert manager_of(name).current.name == name


ILLEGAL = {
    "long": ("a" * 121, "at most 120 characters, got 121"),
    "break": ("a\nb", r"no control characters.*U\+000A"),
    "tab": ("a\tb", r"U\+0009"),
    "zero": ("a\0b", r"U\+0000"),
    "paragraph": ("a\u2029b", r"U\+2029"),
    "override": ("a\u202eb", r"changes of direction.*U\+202E"),
    "isolate": ("a\u2066b", r"U\+2066"),
    "surrogate": ("a\ud800", "can be stored"),
}


@pytest.mark.parametrize("kind", ILLEGAL)
def test_an_illegal_name_is_refused_wherever_it_is_given(kind):
    (name, reason), manager = ILLEGAL[kind], manager_of("first")
    for attempt in (
        lambda: manager.create(name=name),
        lambda: manager.draft(name=name),
        lambda: manager.rename(manager.current.id, name),
        lambda: manager.fork(manager.current.id, name=name),
        lambda: TrainingRun(name, SMALL),
        lambda: manager.add(named_by_hand(name)),
        lambda: import_run(with_name(exported(manager.current), name)),
    ):
        assert re.search(reason, str(refusal(attempt)))
    assert [run.name for run in manager.runs] == ["first"]


def named_by_hand(name):
    run = TrainingRun("fine", SMALL)
    run.name = name
    return run


def with_name(bundle, name):
    """Return an exported run under another name."""
    files = unzipped(bundle)
    del files["SHA256SUMS"]
    entries = json.loads(files["run.json"]) | {"name": name}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for file, data in (files | {"run.json": json.dumps(entries).encode()}).items():
            archive.writestr(file, data)
    return target.getvalue()


def test_names_of_forks_of_forks_have_three_numbers_at_most():
    manager = manager_of("first")
    for _ in range(100):
        manager.fork(manager.current.id)
    names = [run.name for run in manager.runs]
    assert names[:6] == [
        *("first", "first.1", "first.1.1", "first.1.1.1", "first.1.1.2", "first.1.1.3"),
    ]
    assert max(map(len, names)) < 20


def test_an_imported_name_that_is_taken_gets_a_number_in_brackets():
    manager = manager_of("mine")
    data = exported(manager.current)
    for name in ("mine (2)", "mine (3)"):
        assert manager.add(import_run(data)).name == name
    assert manager.add(import_run(exported(manager.current))).name == "mine (4)"


def test_a_long_imported_name_that_is_taken_stays_legal():
    manager = manager_of("a" * 120)
    copy = manager.add(import_run(exported(manager.current)))
    assert copy.name.endswith("… (2)") and len(copy.name) <= 120


def test_names_of_forks_of_forks_stay_short_and_can_be_imported():
    manager = manager_of("a" * 118)
    for _ in range(40):
        manager.fork(manager.current.id)
    names = [run.name for run in manager.runs]
    assert len(set(names)) == 41
    assert max(map(len, names)) <= 120
    assert import_run(exported(manager.current)).name == names[-1]


def test_settings_that_are_handed_out_are_copies():
    run = new_run()
    run.settings["vocabulary"].append("z")
    run.dataset.settings()["vocabulary"].append("z")
    assert run.settings["vocabulary"] == ["a", "b", "c", "d"]
    assert TrainingRunManager().create(**SMALL).dataset.vocabulary is not run.dataset.vocabulary


def test_the_weights_of_a_run_are_read_only():
    run = new_run()
    for arrays in (run.model.weights, run.model.biases):
        with pytest.raises(ValueError, match="read-only"):
            arrays[0][...] = 0


def test_runs_without_a_name_get_a_free_one():
    manager = manager_of("run 2")
    made = [manager.create(**SMALL) for _ in range(3)]
    forked = manager.fork(made[0].id)
    names = [run.name for run in manager.runs]
    assert names == ["run 2", "run 1", "run 3", "run 4", "run 1.1"]
    assert forked.name == "run 1.1"


def test_rename_strips_surrounding_space():
    manager = manager_of("first", "second")
    manager.rename(manager.current.id, " another ")
    assert [run.name for run in manager.runs] == ["first", "another"]


def test_rename_to_the_same_name_is_allowed():
    manager = manager_of("first")
    manager.rename(manager.current.id, "first")
    assert manager.current.name == "first"


def test_rename_notifies_watchers_of_the_runs():
    manager, names = manager_of("first"), []
    manager.param.watch(lambda event: names.append(event.new[0].name), "runs", onlychanged=False)
    manager.rename(manager.current.id, "another")
    assert names == ["another"]


def test_newest_run_is_current_until_another_is_chosen():
    manager = manager_of("first", "second")
    assert manager.current.name == "second"
    assert manager.switch(manager.runs[0].id).name == "first"
    assert manager.current is manager.runs[0]


def test_an_unknown_id_is_refused():
    manager = manager_of("first")
    for action in (manager.switch, manager.delete, manager.reset, manager.fork):
        assert "no run with the id 'x'" in str(refusal(lambda action=action: action("x")))


def test_the_last_run_cannot_be_deleted():
    manager = manager_of("only")
    error = refusal(lambda: manager.delete(manager.current.id))
    assert "'only' is the only run" in str(error)
    assert manager.current.name == "only"


@pytest.mark.parametrize(("deleted", "current"), [(2, "b"), (1, "a"), (0, "b")])
def test_deleting_the_current_run_switches_to_the_one_before(deleted, current):
    manager = manager_of("a", "b", "c")
    manager.switch(manager.runs[deleted].id)
    manager.delete(manager.runs[deleted].id)
    assert manager.current.name == current
    assert manager.current in manager.runs


def test_deleting_another_run_keeps_the_current_one():
    manager = manager_of("a", "b", "c")
    manager.delete(manager.runs[0].id)
    assert [run.name for run in manager.runs] == ["b", "c"]
    assert manager.current.name == "c"


def test_the_name_of_a_deleted_run_is_free_again():
    manager = manager_of("a", "b")
    manager.delete(manager.runs[0].id)
    assert manager.create(name="a", **SMALL).name == "a"


def test_watchers_always_find_the_current_run_among_the_runs():
    manager = manager_of("a", "b")
    seen = []
    manager.param.watch(
        lambda *_: seen.append(manager.current in manager.runs), ["runs", "current"]
    )
    manager.create(**SMALL)
    manager.delete(manager.current.id)
    assert seen and all(seen)


def test_too_large_network_is_refused_and_adds_no_run():
    manager = manager_of("first")
    error = refusal(lambda: manager.create(hidden_dimension=1_000_000))
    assert "TiB" in str(error)
    assert "16-1000000-1000000-4 units" in str(error)
    assert [run.name for run in manager.runs] == ["first"]


def test_a_batch_too_large_for_memory_is_refused_with_its_size(monkeypatch):
    monkeypatch.setattr(model_module, "physical_memory", lambda: 100_000)
    assert refusal(lambda: new_run(batch_size=50)).setting == "batch_size"


@pytest.mark.parametrize(
    "bad", [{"learning_rate": float("nan")}, {"vocabulary": []}, {"hidden_layers": -1}]
)
def test_refused_run_changes_nothing(bad):
    manager = manager_of("first")
    error = refusal(lambda: manager.create(name="second", **bad))
    assert error.setting == next(iter(bad))
    assert [run.name for run in manager.runs] == ["first"]
    assert manager.current.name == "first"


def test_history_has_the_columns_of_the_design():
    run = new_run()
    train(run, 4)
    assert list(run.history) == ["step", "epoch", "loss", "accuracy", "validation_loss"]
    assert all(len(column) == 4 for column in run.history.values())


def test_manager_without_a_store_keeps_runs_in_memory():
    assert TrainingRunManager(store=None).create(**SMALL).name == "run 1"


def test_run_can_be_created_without_a_manager():
    assert isinstance(TrainingRun("alone", SMALL), TrainingRun)


CHANGES_OF_CONFIG = {
    "an item": lambda config: config.__setitem__("learning_rate", 9),
    "update": lambda config: config.update(learning_rate=9),
    "a union in place": lambda config: config.__ior__({"learning_rate": 9}),
    "deletion": lambda config: config.pop("learning_rate"),
    "an item of a list": lambda config: config["vocabulary"].__setitem__(0, "z"),
    "a longer list": lambda config: config["vocabulary"].append("z"),
    "an item of a list in a list": lambda config: config["master_sequences"][0].pop(),
}


@pytest.mark.parametrize("change", CHANGES_OF_CONFIG.values(), ids=CHANGES_OF_CONFIG)
def test_a_configuration_refuses_changes_that_would_falsify_a_replay(change):
    run = TrainingRunManager().create(num_samples=64, master_sequences=[list("abcdabcd")])
    before = copy.deepcopy(run.config)
    assert "never changes: use run.trainer.change" in str(refusal(lambda: change(run.config)))
    assert run.config == before


def test_a_copy_of_a_configuration_may_be_changed():
    config = copy.deepcopy(TrainingRunManager().create(num_samples=64).config)
    config["learning_rate"] = 0.5
    config["vocabulary"].append("e")
    run = TrainingRunManager().create(**config)
    assert run.trainer.learning_rate == 0.5
    assert run.dataset.vocabulary == [*"abcde"]


def test_a_name_with_half_a_character_is_refused():
    message = refusal(lambda: TrainingRunManager().create(name="\ud800", num_samples=64))
    assert "is not a text that can be stored" in str(message)


def test_added_run_gets_a_free_name():
    manager = TrainingRunManager()
    manager.create(name="first", num_samples=64)
    other = TrainingRunManager().create(name="first", num_samples=64)
    assert manager.add(other) is manager.current is other
    assert other.name == "first (2)"


@pytest.mark.parametrize("run_id", [3, None, b"x", ["a"], np.array([3, 4])], ids=repr)
def test_an_id_other_than_text_is_refused(run_id):
    manager = manager_of("first", "second")
    for method in ("run", "switch", "reset", "delete", "fork"):
        assert "A run's id is text" in str(refusal(lambda m=method: getattr(manager, m)(run_id)))
    assert "A run's id is text" in str(refusal(lambda: manager.rename(run_id, "x")))
    assert "A run's id is text" in str(refusal(lambda: manager.export_raw(run_id, io.BytesIO())))


@pytest.mark.parametrize("store", [5, ["x"], b"x", {}])
def test_a_store_other_than_a_path_is_refused(store):
    assert refusal(lambda: TrainingRunManager(store)).setting == "store"


@pytest.mark.parametrize("user", [3, None, b"ada", 2**63])
def test_a_user_other_than_text_is_refused(user, tmp_path):
    assert refusal(lambda: TrainingRunManager(tmp_path / "x.sqlite", user)).setting == "user"


def test_other_kinds_of_runs_and_configurations_are_refused():
    assert refusal(lambda: manager_of("first").add("x")).setting == "run"
    assert refusal(lambda: TrainingRun("x", 3)).setting == "config"


def test_a_closed_manager_refuses_changes_that_it_cannot_save(tmp_path):
    manager = TrainingRunManager(tmp_path / "runs.sqlite")
    run = manager.create(name="first", **SMALL)
    manager.close()
    for action in (
        lambda: manager.create(**SMALL),
        lambda: manager.draft(**SMALL),
        lambda: manager.fork(run.id),
        lambda: manager.rename(run.id, "x"),
        lambda: manager.delete(run.id),
        lambda: manager.add(TrainingRun("second", SMALL)),
    ):
        assert "This manager is closed" in str(refusal(action))
    assert [each.name for each in manager.runs] == ["first"]
