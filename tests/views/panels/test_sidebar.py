"""What the sidebar says beside its controls, and for how long."""

import panel_material_ui as pmui
import pytest
from panel.models.esm import ReactComponent

from backprop_panel import TrainingRunManager
from backprop_panel.settings import SettingError
from backprop_panel.views.panels.sidebar import Sidebar
from backprop_panel.views.state.session import Session
from backprop_panel.views.widgets.setting_fields import from_field

# The widgets' library gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create()
    return Session(manager)


@pytest.fixture
def panel(session):
    return Sidebar(session, []).__panel__()


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


@pytest.mark.parametrize("label", ["Hidden layers", "Master length", "Seed"])
def test_a_setting_of_a_new_run_that_says_no_number_is_refused_as_it_is_typed(panel, label):
    field = control(panel, pmui.TextInput, label)
    field.value = "many"
    assert field.error_state


@pytest.mark.parametrize("text", ["8 to 12", "8, 12", "8 12"])
def test_a_range_of_lengths_is_read_however_it_is_written(text):
    assert from_field("master_sequence_length", text) == (8, 12)


@pytest.mark.parametrize(
    ("label", "takes"),
    [("Stop after epochs", "whole numbers"), ("Stop below loss", "a number such as 0.01")],
)
def test_a_condition_that_was_refused_says_what_it_takes_and_can_be_cleared(panel, label, takes):
    field = control(panel, pmui.TextInput, label)
    field.value = "x"
    assert field.error_state
    assert field.helper_text == f"{label} takes {takes}, got 'x'."
    field.value = ""
    assert not field.error_state


def test_a_message_calls_a_setting_by_its_label(panel):
    field = control(panel, pmui.TextInput, "Training samples")
    field.value = "many"
    control(panel, pmui.Button, "New run").clicks += 1
    told = "Training samples takes whole numbers, got 'many'."
    assert field.helper_text == told
    assert control(panel, pmui.Select, "Active run").helper_text == told


def test_in_the_past_a_setting_that_was_another_says_what_it_was(session):
    panel = Sidebar(session, []).__panel__()
    optimizer = control(panel, pmui.Select, "Optimizer")
    session.run_batch()
    session.run_batch()
    optimizer.value = "adam"
    session.run_batch()
    session.travel(1)
    assert (optimizer.value, optimizer.helper_text) == ("adam", "SGD at step 1")
    session.travel(2)
    assert optimizer.helper_text == ""  # it was changed right after this step
    session.travel(1)
    session.look()
    assert optimizer.helper_text == ""


def test_the_only_run_is_not_asked_about_before_its_deletion_is_refused(panel):
    control(panel, pmui.Button, "Delete").clicks += 1
    (dialog,) = panel.select(pmui.Dialog)
    assert not dialog.open
    assert "there must be one" in control(panel, pmui.Select, "Active run").helper_text


def test_a_reset_ends_a_comparison_and_forgets_a_name(session):
    panel = Sidebar(session, []).__panel__()
    session.run.trainer.run_batch()
    session.other = session.run.replay(0).engine
    name = control(panel, pmui.TextInput, "Run name")
    name.value = "hotter"
    control(panel, pmui.Button, "Reset").clicks += 1
    assert (session.other, name.value, session.engine.step) == (None, "", 0)


def test_what_was_refused_at_one_control_stays_when_another_is_obeyed(session):
    def refuse():
        raise SettingError("runs", "somebody else trains it")

    session.attempt("learning_rate", refuse)
    session.attempt("training", refuse)
    session.attempt("training", lambda: None)
    assert session.mistakes == {"learning_rate": "somebody else trains it"}


def test_a_reset_that_is_refused_is_told_beside_the_run(session, monkeypatch):
    def refuse(run_id):
        raise SettingError("runs", "somebody else trains it")

    panel = Sidebar(session, []).__panel__()
    monkeypatch.setattr(session.manager, "reset", refuse)
    control(panel, pmui.Button, "Reset").clicks += 1
    assert control(panel, pmui.Select, "Active run").helper_text == "somebody else trains it"


def test_the_list_of_runs_tells_the_browser_of_no_run_in_between(session, panel):
    for _ in range(3):
        session.manager.create()
    root = panel.get_root()
    (told,) = (
        model.data
        for model in root.select({"type": ReactComponent})
        if getattr(model.data, "label", "") == "Active run"
    )
    values = []
    told.on_change("value", lambda name, old, new: values.append(new))
    session.manager.delete(session.run.id)
    assert values == ["run 3"]
