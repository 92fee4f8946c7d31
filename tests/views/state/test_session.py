"""What a page shows of a run, and the status in its toolbar."""

import time
from contextlib import closing

import numpy as np
import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.run_status import RunStatus
from backprop_panel.views.plots.numbers import steady
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.session import Session, redraw_on_change
from tests.bundles import weights_file

# The widgets' library gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=64)
    return Session(manager)


def status(session):
    shown = RunStatus(session)
    return shown._status.object + shown._moment.object


def train_until_it_stops(session):
    """Play until a condition that holds at once ends it."""
    session.stop_below = 1000.0
    session.toggle_play()
    while session.run.worker.running:
        time.sleep(0.01)
    session.tick()


def test_the_loss_before_a_step_is_labelled_as_that_of_the_next_batch(session):
    assert "next batch" in status(session)
    session.run_batch()
    assert "next batch" not in status(session)


def test_status_and_table_of_runs_tell_the_same_loss_of_the_same_step(session):
    session.run_batch()
    shown = f"loss {steady(session.run.summary.losses.last)}<"
    assert shown in status(session)
    assert "loss of the batch of step 1, before its update" in status(session)
    session.look()
    assert shown in status(session)
    assert f"next batch {steady(session.record.loss)}" in status(session)
    session.run_batch()
    session.travel(1)
    assert shown in status(session)


def test_a_small_loss_is_not_shown_as_zero(session):
    session.run_batch()
    session.run.history._columns["loss"][0] = 2.5e-7
    assert "loss 2.500×10⁻⁷<" in status(session)


def test_after_a_step_the_status_says_which_weights_are_shown(session):
    assert "the update<" not in status(session)
    session.run_batch()
    assert ">before the update<" in status(session)
    shown = RunStatus(session)
    session.toggle_slow_motion()
    session.slow_motion.show(99)
    assert ">after the update<" in shown._moment.object
    session.toggle_slow_motion()
    session.subtracted = session.run.replay(0).engine
    assert shown._moment.object == ""


def test_a_batch_that_is_only_viewed_is_labelled_as_such(session):
    session.run_batch()
    session.run.trainer.mode = "visualize"
    session.run_batch()
    assert "next batch" not in status(session)
    assert f"viewed batch {steady(session.record.loss)}" in status(session)


def test_the_reason_to_stop_is_shown_until_the_condition_changes(session):
    train_until_it_stops(session)
    assert "averaged, is below 1000" in session.stopped_because
    session.stop_below = None
    assert not session.stopped_because


def test_the_reason_to_stop_is_not_shown_for_another_run(session):
    train_until_it_stops(session)
    session.manager.create(num_samples=64)
    assert not session.stopped_because


def test_a_fork_keeps_the_chosen_cell(session):
    session.select(Cell("weight", 0, 2, 3))
    session.fork_past()
    assert session.selection == Cell("weight", 0, 2, 3)


def test_a_network_of_another_shape_clears_the_chosen_cell(session):
    session.select(Cell("weight", 0, 2, 3))
    session.manager.create(num_samples=64, hidden_dimension=3)
    assert session.selection is None


def test_all_changes_of_the_shown_step_are_sent_together(session):
    for _ in range(3):
        session.run_batch()
    page = Document()
    held = []
    session.param.watch(lambda *events: held.append(page.callbacks.hold_value), ["record", "past"])
    with set_curdoc(page):
        session.travel(1)
        session.look()
        session.reset()
    assert set(held) == {"combine"}


def test_training_from_a_past_step_replays_loaded_weights(session):
    run = session.run
    for _ in range(2):
        session.run_batch()
        run.load_weights(weights_file(run.model.network))
        session.run_batch()
    session.travel(2)
    session.run_batch()
    assert session.run is not run
    assert session.run.history["loss"].tolist() == run.history["loss"][:3].tolist()


def test_changed_setting_redraws_the_views_and_leaves_the_record(session):
    records, drawn = [], []
    session.param.watch(lambda *events: records.append(events), "record")
    redraw_on_change(session, lambda *events: drawn.append(session.settings["learning_rate"]))
    session.change("learning_rate", 0.5)
    session.change("learning_rate", 0.5)
    assert records == []
    assert drawn == [0.5]


def test_settings_follow_the_run_that_is_shown(session):
    session.change("learning_rate", 0.5)
    session.reset()
    assert session.settings["learning_rate"] == 0.001
    session.manager.create(num_samples=64, learning_rate=0.25)
    assert session.settings["learning_rate"] == 0.25


def test_a_fork_in_another_window_does_not_pause_training(tmp_path):
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        manager.create(num_samples=64)
    ours, theirs = (Session(TrainingRunManager(tmp_path / "runs.sqlite")) for _ in range(2))
    ours.run.trainer.run_batch()
    followed = []
    ours.manager.param.watch(followed.append, "current")
    theirs.fork_past()
    ours.manager.refresh()
    assert [run.name for run in ours.manager.runs] == ["run 1", "run 1.1"]
    assert followed == []
    ours.close()
    theirs.close()


@pytest.fixture
def two_windows(tmp_path):
    """Return the sessions of two pages on one run of four steps."""
    path = tmp_path / "runs.sqlite"
    with closing(TrainingRunManager(path)) as manager:
        run = manager.create(num_samples=64, batch_size=8)
        for _ in range(4):
            run.trainer.run_batch()
    sessions = [Session(TrainingRunManager(path)) for _ in range(2)]
    yield sessions
    for session in sessions:
        session.close()


def follow(session, other):
    """Show in a window what was done in another one."""
    other.manager.give_back()
    assert session.manager.refresh() == [session.run]
    session.follow_run()


@pytest.mark.parametrize(
    "change",
    [
        lambda run: run.trainer.run_epoch(),
        lambda run: run.trainer.change(learning_rate=0.5),
        lambda run: run.trainer.change(mode="visualize"),
        lambda run: run.trainer.engine.edits.set_weight(0, 0, 0, 5.0),
        lambda run: run.reset(),
    ],
    ids=["epoch", "learning rate", "mode", "weight", "reset"],
)
def test_what_code_does_to_the_run_is_shown(session, change):
    session.run_batch()
    change(session.run)
    session.follow_code()
    assert session.settings == {name: session.run.settings[name] for name in session.settings}
    assert np.array_equal(session.record.layers[0], session.run.trainer.engine.look().layers[0])


@pytest.mark.parametrize(
    "act",
    [
        lambda session: session.run_batch(),
        lambda session: session.run_single_step(),
        lambda session: session.change("learning_rate", 0.5),
        lambda session: session.change_mode("visualize"),
        lambda session: session.set_weight(Cell("weight", 0, 0, 0), 5.0),
        lambda session: session.travel(1),
        lambda session: session.show_step(2),
        lambda session: session.manager.create(),
    ],
    ids=["batch", "single", "setting", "mode", "weight", "past", "step", "run"],
)
def test_what_the_page_shows_already_stays(session, act):
    for _ in range(2):
        session.run_batch()
    act(session)
    record = session.record
    session.follow_code()
    assert session.record is record


def test_code_that_steps_the_run_in_a_thread_is_followed_when_it_is_done(session):
    record = session.record
    with session.run.trainer.stepping():
        session.run.trainer.engine.record_step(8)
        session.follow_code()
        assert session.record is record
    session.follow_code()
    assert session.record.step == 1


@pytest.mark.parametrize("step", [0, 2])
def test_the_past_stays_while_another_window_trains(step, two_windows):
    ours, theirs = two_windows
    ours.travel(step)
    record = ours.record
    theirs.change("learning_rate", 0.5)
    theirs.run_batch()
    follow(ours, theirs)
    assert ours.run.trainer.step == 5
    assert ours.past.step == step
    assert ours.record is record


@pytest.mark.parametrize("step", [0, 2])
def test_the_past_is_left_once_another_window_resets_the_run(step, two_windows):
    ours, theirs = two_windows
    ours.travel(step)
    theirs.reset()
    follow(ours, theirs)
    assert ours.past is None
    assert ours.run.trainer.step == 0


@pytest.mark.parametrize("step", [0, 2])
def test_the_past_is_left_once_another_window_trains_otherwise(step, two_windows):
    ours, theirs = two_windows
    ours.travel(step)
    theirs.reset()
    theirs.change("learning_rate", 0.5)
    for _ in range(3):
        theirs.run_batch()
    follow(ours, theirs)
    assert ours.past is None


def test_slow_motion_stays_with_its_step_while_another_window_trains(two_windows):
    ours, theirs = two_windows
    ours.toggle_slow_motion()
    walked = ours.slow_motion.record
    theirs.run_batch()
    follow(ours, theirs)
    assert ours.slow_motion.record is walked
    assert ours.record is not walked


def test_slow_motion_walks_the_first_step_once_another_window_resets_the_run(two_windows):
    ours, theirs = two_windows
    ours.toggle_slow_motion()
    theirs.reset()
    follow(ours, theirs)
    assert ours.slow_motion.record is ours.record
