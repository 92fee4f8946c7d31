"""The sidebar: the messages beside its fields, and its buttons."""

import panel as pn
import panel_material_ui as pmui
import pytest
from panel.models.esm import ReactComponent

from backprop_panel import TrainingRunManager
from backprop_panel.settings import SettingError
from backprop_panel.views.panels.sidebar import Sidebar, without_field
from backprop_panel.views.state.session import Session
from backprop_panel.views.widgets.setting_fields import from_field

# panel-material-ui gives its own buttons both the old and the new name of an option.
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
def test_a_refusal_disappears_when_the_field_is_changed(panel, label, bad, good):
    field = control(panel, pmui.TextInput, label)
    field.value = bad
    control(panel, pmui.Button, "New run").clicks += 1
    assert field.error_state
    field.value = good
    assert not field.error_state


@pytest.mark.parametrize("label", ["Hidden layers", "Master length", "Seed"])
def test_a_new_run_setting_without_a_number_is_refused_when_typed(panel, label):
    field = control(panel, pmui.TextInput, label)
    field.value = "many"
    assert field.error_state


@pytest.mark.parametrize("text", ["8 to 12", "8, 12", "8 12"])
def test_a_range_of_lengths_is_read_in_three_notations(text):
    assert from_field("master_sequence_length", text) == (8, 12)


@pytest.mark.parametrize(
    ("label", "takes"),
    [("Stop after epochs", "whole numbers"), ("Stop below loss", "a number such as 0.01")],
)
def test_a_refused_stop_condition_says_what_it_takes_and_can_be_cleared(panel, label, takes):
    field = control(panel, pmui.TextInput, label)
    field.value = "x"
    assert field.error_state
    assert field.helper_text == f"{label} takes {takes}, got 'x'."
    field.value = ""
    assert not field.error_state


def test_a_message_names_a_setting_by_its_label(panel):
    field = control(panel, pmui.TextInput, "Training samples")
    field.value = "many"
    control(panel, pmui.Button, "New run").clicks += 1
    message = "Training samples takes whole numbers, got 'many'."
    assert field.helper_text == message
    assert control(panel, pmui.Select, "Active run").helper_text == message


def test_in_the_past_a_field_shows_the_setting_of_that_step(session):
    panel = Sidebar(session, []).__panel__()
    optimizer = control(panel, pmui.Select, "Optimizer")
    session.run_batch()
    session.run_batch()
    optimizer.value = "adam"
    session.run_batch()
    session.travel(1)
    assert (optimizer.value, optimizer.helper_text) == ("adam", "SGD at step 1")
    session.travel(2)
    assert optimizer.helper_text == ""  # changed right after this step
    session.travel(1)
    session.look()
    assert optimizer.helper_text == "at the beginning: SGD"


def test_deleting_the_only_run_is_refused_without_a_question(panel):
    control(panel, pmui.Button, "Delete").clicks += 1
    (dialog,) = panel.select(pmui.Dialog)
    assert not dialog.open
    assert "there must be one" in control(panel, pmui.Select, "Active run").helper_text


def test_a_reset_ends_a_comparison_and_clears_the_typed_name(session):
    panel = Sidebar(session, []).__panel__()
    session.run.trainer.run_batch()
    session.subtracted = session.run.replay(0).engine
    name = control(panel, pmui.TextInput, "Run name")
    name.value = "hotter"
    control(panel, pmui.Button, "Reset").clicks += 1
    assert (session.subtracted, name.value, session.engine.step) == (None, "", 0)


def test_a_refusal_at_one_control_survives_a_success_at_another(session):
    def refuse():
        raise SettingError("runs", "another process trains it")

    session.attempt("learning_rate", refuse)
    session.attempt("training", refuse)
    session.attempt("training", lambda: None)
    assert session.mistakes == {"learning_rate": "another process trains it"}


def test_a_refused_reset_is_shown_beside_the_run(session, monkeypatch):
    def refuse(run_id):
        raise SettingError("runs", "another process trains it")

    panel = Sidebar(session, []).__panel__()
    monkeypatch.setattr(session.manager, "reset", refuse)
    control(panel, pmui.Button, "Reset").clicks += 1
    assert control(panel, pmui.Select, "Active run").helper_text == "another process trains it"


def test_a_reset_shows_the_settings_of_the_beginning(session, panel):
    optimizer = control(panel, pmui.Select, "Optimizer")
    optimizer.value = "adam"
    control(panel, pmui.Button, "Reset").clicks += 1
    assert optimizer.value == session.run.trainer.optimizer == "sgd"


def test_new_run_is_the_primary_button_while_settings_are_pending(panel):
    button = control(panel, pmui.Button, "New run")
    seed = control(panel, pmui.TextInput, "Seed")
    before = seed.value
    seed.value = "77"
    assert (button.color, button.variant) == ("primary", "contained")
    seed.value = before
    assert (button.color, button.variant) == ("default", "outlined")


def test_a_message_without_a_field_is_shown_below_the_buttons():
    mistakes = {"mode": "No such mode.", "seed": "Too small.", "training": "Out of memory."}
    assert without_field(mistakes, ["seed"]) == ["No such mode.", "Out of memory."]


def test_a_message_about_two_subjects_is_shown_beside_the_field_only():
    mistakes = {"mode": "Too small.", "seed": "Too small."}
    assert without_field(mistakes, ["seed"]) == []


def test_the_list_of_runs_sends_the_browser_no_intermediate_run(session, panel):
    for _ in range(3):
        session.manager.create()
    root = panel.get_root()
    (select,) = (
        model.data
        for model in root.select({"type": ReactComponent})
        if getattr(model.data, "label", "") == "Active run"
    )
    values = []
    select.on_change("value", lambda name, old, new: values.append(new))
    session.manager.delete(session.run.id)
    assert values == ["run 3"]


@pytest.mark.parametrize("subject", ["sweep", "detective"])
def test_what_a_tab_refuses_is_told_there_alone(session, panel, subject):
    def refuse():
        raise SettingError(subject, "This cannot be done.")

    assert not session.attempt(subject, refuse)
    notes = [each.object for each in panel.select(pn.pane.HTML) if each.visible]
    assert "This cannot be done." not in " ".join(notes)
