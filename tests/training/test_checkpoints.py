"""Checkpoints, and replay from them to any step, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel import TrainingRunManager
from backprop_panel.settings import SettingError
from backprop_panel.storage.serialization import pack_state
from backprop_panel.training import checkpoints
from backprop_panel.training.checkpoints import Checkpoints
from backprop_panel.training.event_json import from_json, to_json
from backprop_panel.training.events import KINDS
from tests.bundles import weights_file

quick = settings(derandomize=True, deadline=None, max_examples=25, database=None)

steps = st.tuples(st.just("train"), st.integers(1, 40))
changes = st.tuples(
    st.just("change"),
    st.sampled_from(
        [
            {"learning_rate": 0.05},
            {"optimizer": "adam"},
            {"optimizer": "momentum"},
            {"optimizer": "rmsprop", "weight_decay": 0.01},
            {"batch_size": 7},
            {"batch_size": 1000},
            {"loss_type": "mse"},
        ]
    ),
)
edits = st.tuples(st.just("set"), st.tuples(st.integers(0, 2), st.integers(0, 4)))
freezes = st.tuples(st.just("freeze"), st.tuples(st.integers(0, 2), st.booleans()))
parts = st.tuples(
    st.just("freeze"),
    st.tuples(st.integers(0, 2), st.booleans(), st.sampled_from([None, 0, 2]), st.integers(0, 1)),
)
silences = st.tuples(
    st.just("silence"), st.tuples(st.integers(1, 2), st.integers(0, 3), st.booleans())
)
singles = st.tuples(st.just("single"), st.integers(1, 3))
loads = st.tuples(st.just("load"), st.integers(0, 1))
histories = st.lists(
    st.one_of(steps, steps, changes, edits, freezes, parts, silences, loads, singles), max_size=12
)


one_of_each_kind = [
    ("train", 3),
    ("change", {"batch_size": 9}),
    ("set", (0, 1)),
    ("freeze", (1, True)),
    ("freeze", (0, True, 2, 3)),
    ("silence", (1, 4, True)),
    ("load", 0),
]


def small_run(**config):
    usual = {"num_samples": 60, "hidden_dimension": 5, "loss_type": "cross_entropy"}
    return TrainingRunManager().create(**usual | config)


def do(run, deeds):
    engine = run.trainer.engine
    for kind, detail in deeds:
        if kind == "train":
            end = engine.step + detail
            while engine.step < end:
                engine.advance(engine.settings.batch_size, end - engine.step)
        elif kind == "single":
            for _ in range(detail):
                run.trainer.run_step()
        elif kind == "change":
            run.trainer.change(**detail)
        elif kind == "load":
            run.load_weights(weights_file(engine.network, detail))
        elif kind == "set":
            engine.edits.set_weight(detail[0], detail[1], 0, 0.25)
        elif kind == "silence":
            engine.edits.silence(*detail)
        else:
            engine.edits.freeze(*detail)


@pytest.fixture
def dense_checkpoints(monkeypatch):
    """Checkpoints after every block of steps, however long their copying takes."""
    monkeypatch.setattr(checkpoints, "SPACING_SECONDS", 0)
    monkeypatch.setattr(checkpoints, "COPY_SHARE", np.inf)


def without_checkpoints(run):
    """The same run without checkpoints, so that its replays start at the beginning."""
    run.trainer.engine.checkpoints = Checkpoints()
    return run


@quick
@given(deeds=histories, share=st.floats(0, 1), seed=st.integers(0, 5))
def test_replay_from_a_checkpoint_equals_replay_from_the_beginning(deeds, share, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints, "SPACING_SECONDS", 0)
        patch.setattr(checkpoints, "COPY_SHARE", np.inf)
        run = small_run(seed=seed)
        do(run, deeds)
        step = round(share * run.trainer.step)
        near, now = run.replay(step).engine, run.trainer.engine
        far = without_checkpoints(run).replay(step).engine
    assert near.state().digest() == far.state().digest()
    assert near.events == far.events
    for name in near.history:
        assert np.array_equal(near.history[name], far.history[name], equal_nan=True)
    assert run.replay(now.step).engine.state().digest() == now.state().digest()


def test_training_from_a_replayed_step_gives_the_same_losses(dense_checkpoints):
    run = small_run(optimizer="adam")
    do(run, [("train", 100), ("change", {"batch_size": 7}), ("train", 100)])
    again = run.replay(120).engine
    while again.step < 200:
        again.advance(7, 200 - again.step)
    assert np.array_equal(again.history["loss"], run.history["loss"])


def test_before_returns_the_last_checkpoint_before_a_step(dense_checkpoints):
    run = small_run()
    do(run, [("train", 50), ("train", 50)])
    kept = [state.step for state in run.trainer.engine.checkpoints.states]
    assert len(kept) > 3
    assert run.trainer.engine.checkpoints.last_up_to(kept[3] - 1).step == kept[2]
    assert run.trainer.engine.checkpoints.last_up_to(0) is None


def test_checkpoints_stay_within_their_memory_and_keep_the_last(monkeypatch):
    run = small_run()
    size = run.trainer.engine.state().nbytes
    monkeypatch.setattr(checkpoints, "MOST_BYTES", 10 * size)
    kept = Checkpoints()
    for _ in range(100):
        run.trainer.run_batch()
        kept.add(run.trainer.engine.state(), 0.0)
        assert sum(state.nbytes for state in kept.states) <= 10 * size
    assert kept.states[-1].step == 100
    gaps = np.diff([state.step for state in kept.states])
    assert gaps.max() <= 32


def test_next_checkpoint_is_not_due_at_once(monkeypatch):
    monkeypatch.setattr(checkpoints, "SPACING_SECONDS", 60)
    run = small_run()
    do(run, [("train", 40)])
    assert len(run.trainer.engine.checkpoints.states) == 1


def test_different_states_have_different_digests():
    run = small_run()
    before = run.trainer.engine.state()
    run.trainer.engine.edits.set_weight(0, 0, 0, 1.0)
    assert run.trainer.engine.state().digest() != before.digest()


def test_reset_drops_all_checkpoints(dense_checkpoints):
    run = small_run()
    do(run, [("train", 20)])
    run.reset()
    assert run.trainer.engine.checkpoints.states == []


def test_frozen_layer_keeps_its_weights_while_others_learn():
    run = small_run(optimizer="adam")
    engine = run.trainer.engine
    engine.edits.freeze(1, True)
    before = [layer.copy() for layer in engine.network.layers]
    record = run.trainer.run_batch()
    same = [np.array_equal(a, b) for a, b in zip(before, engine.network.layers, strict=True)]
    assert same == [False, True, False]
    assert not record.layer_updates[1].any()
    engine.edits.freeze(1, False)
    run.trainer.run_batch()
    assert not np.array_equal(before[1], engine.network.layers[1])


@pytest.mark.parametrize(
    ("place", "value"), [((3, 0, 0), 1.0), ((0, 99, 0), 1.0), ((0, 0, 5), 1.0), ((0, 0, 0), np.nan)]
)
def test_missing_weight_or_value_that_is_not_finite_is_refused(place, value):
    engine = small_run().trainer.engine
    before = engine.state().digest()
    with pytest.raises(SettingError):
        engine.edits.set_weight(*place, value)
    assert engine.state().digest() == before


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_frozen_unit_and_frozen_weight_stay_while_the_others_learn(optimizer):
    run = small_run(optimizer=optimizer, weight_decay=0.1)
    engine = run.trainer.engine
    engine.edits.freeze(1, True, column=3)
    engine.edits.freeze(2, True, row=5, column=0)  # a bias
    before = [layer.copy() for layer in engine.network.layers]
    record = run.trainer.run_batch()
    moved = [a != b for a, b in zip(before, engine.network.layers, strict=True)]
    assert not moved[1][:, 3].any() and moved[1][:, [0, 1, 2, 4]].any()
    assert not moved[2][5, 0] and moved[2][5, 1:].any()
    assert not record.layer_updates[1][:, 3].any() and record.layer_updates[2][5, 0] == 0
    engine.edits.freeze(1, False, column=3)
    run.trainer.run_batch()
    assert not np.array_equal(before[1][:, 3], engine.network.layers[1][:, 3])


def test_silenced_unit_gives_nothing_and_passes_no_gradient():
    run = small_run(hidden_dimension=5)
    engine = run.trainer.engine
    loss, contexts = engine.validation_loss(), engine.look().contexts
    engine.edits.silence(1, 3, True)
    record = engine.look()
    assert not record.activations[1][:, 3].any()
    assert not record.activation_slopes[0][:, 3].any() and not record.deltas[0][:, 3].any()
    assert not record.weight_gradients[1][3].any() and not record.weight_gradients[0][:, 3].any()
    assert record.silenced == {(1, 3)}
    assert np.allclose(engine.predict(contexts), record.logits, rtol=1e-6)
    assert engine.validation_loss() != loss
    engine.edits.silence(1, 3, False)
    assert engine.validation_loss() == loss


def test_silenced_unit_leaves_what_the_network_is_without_it():
    run = small_run(hidden_dimension=5)
    engine = run.trainer.engine
    engine.edits.silence(2, 1, True)
    silenced = engine.look()
    engine.edits.silence(2, 1, False)
    for column in range(engine.network.widths[-1]):
        engine.edits.set_weight(2, 1, column, 0.0)
    assert np.allclose(engine.look().logits, silenced.logits, rtol=1e-6)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda engine: engine.edits.silence(0, 0, True), "levels 1 to 2; got level 0"),
        (lambda engine: engine.edits.silence(3, 0, True), "levels 1 to 2; got level 3"),
        (lambda engine: engine.edits.silence(1, 5, True), "units 0 to 4; got 5"),
        (lambda engine: engine.edits.freeze(1, True, column=9), "has the shape"),
        (lambda engine: engine.edits.freeze(1, True, row=9, column=0), "has the shape"),
        (lambda engine: engine.edits.freeze(1, True, row=1), "without a column"),
    ],
)
def test_unit_or_weight_that_does_not_exist_is_refused(act, message):
    engine = small_run().trainer.engine
    before = engine.state().digest()
    with pytest.raises(SettingError, match=message):
        act(engine)
    assert engine.state().digest() == before and engine.events == []


def test_digest_of_a_state_without_frozen_or_silenced_units_is_as_before():
    """Stores written before those were known still open."""
    state = small_run(seed=0).trainer.engine.state()
    assert "frozen_parts" not in pack_state(state)[1] and "silenced" not in pack_state(state)[1]
    assert state.interventions == {}


def test_freezing_a_missing_layer_is_refused():
    with pytest.raises(SettingError, match="There are 3 layers; got number 3"):
        small_run().trainer.engine.edits.freeze(3, True)


def test_events_survive_json_unchanged():
    run = small_run()
    do(run, one_of_each_kind)
    events = run.trainer.engine.events
    assert {type(event) for event in events} == set(KINDS.values())
    assert [from_json(to_json(event)) for event in events] == events


@pytest.mark.parametrize(
    "entry", [{"kind": "trainde"}, {}, {"kind": "trained", "step": 1}, {"kind": "changed", "x": 1}]
)
def test_unreadable_event_is_refused(entry):
    with pytest.raises(SettingError):
        from_json(entry)


def rounded_elsewhere(run):
    """The run with slightly other weights in its checkpoints, as from another machine."""
    engine = run.trainer.engine
    engine.checkpoints = Checkpoints(
        replace(state, parameters=state.parameters * np.float32(1.001))
        for state in engine.checkpoints.states
    )
    return run


def keep_every_third_checkpoint(run):
    """Leave steps between the checkpoints."""
    engine = run.trainer.engine
    engine.checkpoints = Checkpoints(engine.checkpoints.states[::3])


def test_deviation_names_the_first_step_with_another_loss(dense_checkpoints):
    run = small_run()
    do(run, [("train", 100)])
    keep_every_third_checkpoint(run)
    first, second = (state.step for state in run.trainer.engine.checkpoints.states[:2])
    assert run.replay(second - 1).deviation == ""
    rounded_elsewhere(run)
    assert f"From step {first + 1} on" in run.replay(second - 1).deviation
    assert f"From step {first + 1} on" in run.step_again(second).deviation


def test_replay_to_a_checkpoint_uses_it_even_after_a_deviation(dense_checkpoints):
    run = small_run()
    do(run, [("train", 100)])
    keep_every_third_checkpoint(run)
    rounded_elsewhere(run)
    second = run.trainer.engine.checkpoints.states[1]
    assert run.replay(second.step - 1).deviation
    again, deviation = run.replay(second.step)
    assert again.state().digest() == second.digest()
    assert deviation == ""


def test_replay_to_the_present_returns_its_state_and_a_deviation():
    run = small_run()
    do(run, [("train", 50)])
    engine = run.trainer.engine
    engine.network.parameters[...] *= np.float32(1.001)
    again, deviation = without_checkpoints(run).replay(50)
    assert again.state().digest() == engine.state().digest()
    assert "a state other than its own" in deviation
