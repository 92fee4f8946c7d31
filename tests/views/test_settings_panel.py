"""A message beside a control is there as long as what it is about."""

import panel_material_ui as pmui
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.session import Session
from backprop_panel.views.settings_panel import Settings

# The widgets' library gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def panel():
    manager = TrainingRunManager()
    manager.create()
    return Settings(Session(manager), []).__panel__()


def control(panel, kind, label):
    (found,) = (each for each in panel.select(kind) if each.label == label)
    return found


@pytest.mark.parametrize(
    ("label", "bad", "good"),
    [("Vocabulary", "a a b", "a b c"), ("Training samples", "0", "512"), ("Seed", "-1", "3")],
)
def test_a_setting_that_was_refused_is_so_no_longer_once_it_is_another(panel, label, bad, good):
    field = control(panel, pmui.TextInput, label)
    field.value = bad
    control(panel, pmui.Button, "New run").clicks += 1
    assert field.error_state
    field.value = good
    assert not field.error_state


@pytest.mark.parametrize("label", ["Stop after epochs", "Stop below loss"])
def test_a_condition_that_was_refused_can_be_cleared(panel, label):
    field = control(panel, pmui.TextInput, label)
    field.value = "x"
    assert field.error_state
    field.value = ""
    assert not field.error_state
