"""The way back, when keys are pressed faster than steps are shown."""

import panel_material_ui as pmui
import param

from backprop_panel import TrainingRunManager
from backprop_panel.views.comparison import Comparison
from backprop_panel.views.session import Session
from backprop_panel.views.timeline import Timeline


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
