"""The way back: keys that come faster than steps are shown, and a past that is not met again."""

import numpy as np
import panel as pn
import panel_material_ui as pmui
import param

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.timeline import Timeline
from backprop_panel.views.state.comparison import Comparison
from backprop_panel.views.state.session import Session
from tests.bundles import weights_file


def test_a_browser_that_is_behind_is_told_again_where_the_run_stands():
    manager = TrainingRunManager()
    run = manager.create()
    for _ in range(5):
        run.trainer.run_batch()
    timeline = Timeline(Comparison(Session(manager)))
    (slider,) = timeline.__panel__().select(pmui.IntSlider)
    slider.param.update(end=2, value=2)
    assert (slider.end, slider.value) == (5, 5)


def test_a_key_pressed_while_another_is_told_of_is_not_taken_back():
    manager = TrainingRunManager()
    run = manager.create()
    for _ in range(5):
        run.trainer.run_batch()
    session = Session(manager)
    timeline = Timeline(Comparison(session))
    (slider,) = timeline.__panel__().select(pmui.IntSlider)
    # Two keys came at once, the second one's commitment still on its way.
    with param.edit_constant(slider):
        slider.param.update(value=3, value_throttled=4)
    assert slider.value == session.engine.step == 3


def test_weights_that_were_loaded_are_said_at_their_step():
    manager = TrainingRunManager()
    run = manager.create()
    run.trainer.run_batch()
    run.load_weights(weights_file(run.model.network))
    run.trainer.run_batch()
    session = Session(manager)
    timeline = Timeline(Comparison(session))
    session.travel(1)
    assert "step 1 of 2, then weights loaded" in said(timeline)


def said(timeline):
    return " ".join(pane.object for pane in timeline.__panel__().select(pn.pane.HTML))


def test_a_past_that_departs_from_what_was_recorded_says_so_whatever_is_replayed_after_it():
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
    assert "From step 3 on" in said(timeline)
