"""The fields that stop what plays: what they show is in force, or refused beside them."""

import panel_material_ui as pmui
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.playback_controls import PlaybackControls
from backprop_panel.views.state.session import Session

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=64)
    return Session(manager)


@pytest.mark.parametrize(
    ("label", "name", "good"),
    [("Stop after epochs", "stop_after", "3"), ("Stop below loss", "stop_below", "0.5")],
)
def test_a_refused_text_goes_with_its_message(session, label, name, good):
    fields = PlaybackControls(session).__panel__().select(pmui.TextInput)
    (field,) = (each for each in fields if each.label == label)
    field.value = good
    field.value = "many"
    assert field.error_state and field.value == "many"
    session.reset()
    assert not field.error_state and field.value == good
    assert getattr(session, name) == float(good)
    field.value = "many"
    field.value = ""
    assert not field.error_state and field.value == "" and getattr(session, name) is None
