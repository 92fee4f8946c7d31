"""The fault of a run on the page: chosen, stated wherever numbers are, and left out of new runs."""

import panel as pn
import panel_material_ui as pmui
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.nn.faults import FAULTS
from backprop_panel.views.panels.fault_lab import LAB, about
from backprop_panel.views.panels.network_map import NetworkMap
from backprop_panel.views.panels.run_status import RunStatus
from backprop_panel.views.panels.runs_table import settings_in_words
from backprop_panel.views.panels.sidebar import Sidebar
from backprop_panel.views.panels.training_fields import TrainingFields
from backprop_panel.views.plots.loss_curves import LossLines, Wanted, changed_settings
from backprop_panel.views.state.session import Session

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")

WRONG_SIGN = FAULTS["wrong_sign"]


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=60, hidden_dimension=5, loss_type="cross_entropy")
    return Session(manager)


@pytest.fixture
def training(session):
    fields = TrainingFields(session)
    fields.show()
    return fields


def toggle_of(training):
    return training.fault_lab.__panel__()[0]


def inside(training):
    return training.fault_lab.__panel__()[1]


def texts(viewable):
    return " ".join(each.object for each in viewable.select(pn.pane.HTML))


def test_the_lab_is_closed_and_no_fault_is_chosen_at_first(training):
    assert not inside(training).visible
    assert training.fields["fault"].value == "none"
    assert LAB in texts(inside(training))


def test_a_chosen_fault_is_in_force_and_is_named_with_what_reveals_it(session, training):
    training.fields["fault"].value = "wrong_sign"
    assert session.run.trainer.fault == "wrong_sign"
    for text in (WRONG_SIGN.label, WRONG_SIGN.reveals):
        assert text in texts(inside(training))
    # What it is stands beside the numbers of the map.
    assert WRONG_SIGN.sentence not in texts(inside(training))
    training.fields["fault"].value = "none"
    assert session.run.trainer.fault is None
    assert session.mistakes == {}


def test_a_fault_in_force_is_never_hidden(session, training):
    session.change("fault", "wrong_sign")
    assert training.fields["fault"].value == "wrong_sign"
    assert toggle_of(training).value
    assert inside(training).visible


def test_a_refused_choice_goes_back_and_its_message_stays(session, training):
    training.fields["fault"].value = "no_bias_correction"
    assert training.fields["fault"].value == "none"
    assert "needs the optimizer adam or adamw" in session.mistakes["fault"]
    training.fields["optimizer"].value = "adam"
    training.fields["fault"].value = "no_bias_correction"
    assert session.mistakes == {}
    training.fields["optimizer"].value = "sgd"
    assert training.fields["optimizer"].value == "adam"
    assert "'no_bias_correction' needs" in session.mistakes["optimizer"]


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_said_of_each_fault_is_complete(fault):
    said = about(fault)
    assert "What reveals it" in said
    assert "Where it is met" in said
    assert "<script" not in said


def test_the_status_line_keeps_its_pattern_and_a_badge_below_it_states_the_fault(session):
    status = RunStatus(session)
    assert "bp-fault" not in status._notes.object
    session.change("fault", "wrong_sign")
    assert status._status.object.startswith('<span class="bp-status">step 0 · epoch 0 · ')
    assert f"fault: {WRONG_SIGN.label}</span>" in status._notes.object
    session.change("fault", None)
    assert "bp-fault" not in status._notes.object


def test_in_the_past_the_badge_states_the_fault_of_then(session):
    session.run_batch()
    session.change("fault", "wrong_sign")
    session.run_batch()
    session.run_batch()
    badge = RunStatus(session)._notes
    session.travel(2)
    assert "bp-fault" in badge.object
    session.change("fault", None)  # makes a fork
    assert len(session.manager.runs) == 2
    assert "bp-fault" not in badge.object


def test_the_map_states_the_fault_that_its_numbers_were_made_with(session):
    network_map = NetworkMap(session.map_source)
    legend = network_map._words.legend
    assert "bp-fault" not in legend.object
    session.change("fault", "wrong_sign")
    network_map.state.source = session.map_source
    assert WRONG_SIGN.label in legend.object
    session.change("fault", None)
    network_map.state.source = session.map_source
    assert "bp-fault" not in legend.object


def test_zero_weights_are_on_the_map_at_once(session):
    session.change("fault", "zero_weights")
    assert not any(layer.any() for layer in session.record.layers)


def test_curves_mark_the_steps_at_which_a_fault_was_switched(session):
    session.run_batch()
    session.change("fault", "wrong_sign")
    session.run_batch()
    session.change("fault", None)
    on, off = changed_settings(session.run, 0)
    assert (on.step, on.text) == (1, "fault: update with the wrong sign")
    assert (off.step, off.text) == (2, "no fault any more")


def test_a_floor_is_drawn_only_where_the_loss_is_the_true_one(session):
    run = session.run
    for fault in (None, "summed_loss", "wrong_sign"):
        session.change("fault", fault)
        for _ in range(10):
            session.run_batch()
    lines = LossLines().of(run, "#000", Wanted())
    floors = [(line.x[0], line.x[-1]) for line in lines if line.label.endswith("floor")]
    assert floors == [(0, 10), (20, 30)]


def test_the_runs_table_names_the_fault(session):
    assert settings_in_words(session.run)["fault"] == "none"
    session.change("fault", "wrong_sign")
    assert settings_in_words(session.run)["fault"] == WRONG_SIGN.label


def test_a_new_run_of_the_page_is_without_the_fault(session):
    panel = Sidebar(session, []).__panel__()
    session.change("fault", "wrong_sign")
    (new,) = (each for each in panel.select(pmui.Button) if each.label == "New run")
    new.clicks += 1
    assert len(session.manager.runs) == 2
    assert session.run.trainer.fault is None


def test_a_reset_that_is_undone_brings_the_fault_back(session):
    session.run_batch()
    session.change("fault", "accumulated_gradients")
    for _ in range(3):
        session.run_batch()
    before = session.run.trainer.engine.state().digest()
    session.reset()
    assert session.run.trainer.fault is None
    session.take_back()
    assert session.run.trainer.engine.state().digest() == before


def test_a_demonstration_makes_its_run_and_trains_it_as_far_as_it_says(session):
    session.demonstrate("wrong_update")
    session.run.worker._thread.join(30)
    session.tick()
    assert not session.training
    assert session.run.name == "Wrong update"
    assert session.run.trainer.step == 300


def test_the_menu_says_what_to_look_at_while_the_run_is_shown(session):
    first = session.run
    panel = Sidebar(session, []).__panel__()
    (menu,) = panel.select(pmui.MenuButton)
    (item,) = (each for each in menu.items if each["label"] == "A frozen layer")
    menu._process_click({}, list(menu.items).index(item), item)
    session.pause()
    notes = [each for each in panel.select(pn.pane.HTML) if "snowflake" in each.object]
    assert [note.visible for note in notes] == [True]
    session.manager.switch(first.id)
    assert not notes[0].visible
