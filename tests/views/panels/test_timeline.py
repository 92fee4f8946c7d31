"""The timeline: fast keys, notes on events, and replays that differ from what was recorded."""

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.timeline import Timeline
from backprop_panel.views.state.comparison import Comparison
from backprop_panel.views.state.session import Session
from tests.bundles import weights_file


def test_outdated_values_from_a_browser_are_corrected():
    manager = TrainingRunManager()
    run = manager.create()
    for _ in range(5):
        run.trainer.run_batch()
    timeline = Timeline(Comparison(Session(manager)))
    (slider,) = timeline.__panel__().select(pmui.IntSlider)
    slider.param.update(end=2, value=2)
    assert (slider.end, slider.value) == (5, 5)


def test_a_key_is_not_undone_by_the_event_of_the_key_before():
    manager = TrainingRunManager()
    run = manager.create()
    for _ in range(5):
        run.trainer.run_batch()
    session = Session(manager)
    timeline = Timeline(Comparison(session))
    (slider,) = timeline.__panel__().select(pmui.IntSlider)
    # Two keys were pressed, and the second one's event has not arrived yet.
    with param.edit_constant(slider):
        slider.param.update(value=3, value_throttled=4)
    assert slider.value == session.engine.step == 3


def test_loaded_weights_are_noted_at_their_step():
    manager = TrainingRunManager()
    run = manager.create()
    run.trainer.run_batch()
    run.load_weights(weights_file(run.model.network))
    run.trainer.run_batch()
    session = Session(manager)
    timeline = Timeline(Comparison(session))
    session.travel(1)
    assert "step 1 of 2, then weights loaded" in caption(timeline)


def caption(timeline):
    return " ".join(pane.object for pane in timeline.__panel__().select(pn.pane.HTML))


def test_a_deviating_replay_is_noted_even_after_another_replay():
    manager = TrainingRunManager()
    run = manager.create()
    for _ in range(2):
        run.trainer.run_batch()
    run.trainer.engine.network.parameters[...] *= np.float32(1.001)
    for _ in range(3):
        run.trainer.run_batch()
    session = Session(manager)
    timeline = Timeline(Comparison(session))
    session.travel(4)
    assert run.replay(1).deviation == ""
    session.param.trigger("past")
    assert "From step 3 on" in caption(timeline)


def test_a_much_longer_run_is_drawn_as_far_as_the_run_on_the_page():
    manager = TrainingRunManager()
    long, short = manager.create(), manager.create()
    for run, steps in ((long, 5_000), (short, 40)):
        losses = np.linspace(1, 0.5, steps, dtype=np.float32)
        run.history.extend(0, 0, losses, losses, 1.0)
        run.trainer.engine.step = steps
    timeline = Timeline(Comparison(Session(manager)))
    lines = {line.label: line for line in timeline._drawn_lines()}
    other = lines[long.name]
    assert other.x[-1] <= 40
    # A curve, not two of the few points of all 5,000 steps.
    assert len(other.x) > 30


def test_the_names_of_a_few_runs_stand_beside_their_colours_above_the_lines():
    manager = TrainingRunManager()
    runs = [manager.create(num_samples=64) for _ in range(2)]
    timeline = Timeline(Comparison(Session(manager)))
    assert not any(f"</span> {run.name}<" in caption(timeline) for run in runs)
    for run in runs:
        run.trainer.run_epoch()
    timeline = Timeline(Comparison(Session(manager)))
    assert all(f"━</span> {run.name}<" in caption(timeline) for run in runs)
    assert not any(line.tag for line in timeline._drawn_lines())


def test_the_curve_of_the_run_on_the_page_lies_above_those_of_the_others():
    manager = TrainingRunManager()
    shown, *_ = (manager.create(num_samples=64) for _ in range(3))
    for run in manager.runs:
        run.trainer.run_epoch()
    manager.switch(shown.id)
    *others, ours = Timeline(Comparison(Session(manager)))._drawn_lines()
    assert ours.label == shown.name
    assert all(other.width < ours.width for other in others)


def test_the_loss_is_drawn_up_to_the_last_step():
    manager = TrainingRunManager()
    run = manager.create()
    losses = np.linspace(1, 0.5, 1_500, dtype=np.float32)
    run.history.extend(0, 0, losses, losses, 1.0)
    run.trainer.engine.step = 1_500
    (line,) = Timeline(Comparison(Session(manager)))._drawn_lines()
    assert line.x[0] == 1 and line.x[-1] == 1_500


def test_of_many_lines_that_of_the_run_on_the_page_is_named():
    manager = TrainingRunManager()
    for _ in range(7):
        manager.create(num_samples=64).trainer.run_epoch()
    said = caption(Timeline(Comparison(Session(manager))))
    assert f"━</span> {manager.current.name}</span> and 6 other runs, faint" in said
