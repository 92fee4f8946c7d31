"""Fields of settings: what changes at once, and what a new run takes."""

import panel_material_ui as pmui
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.settings import SettingError
from backprop_panel.views.panels.kept_settings import WITH_DEFAULTS
from backprop_panel.views.panels.new_run_offer import NEW_RUN
from backprop_panel.views.panels.setting_groups import NewRunFields
from backprop_panel.views.panels.sidebar import Sidebar
from backprop_panel.views.panels.training_fields import TrainingFields
from backprop_panel.views.state.session import Session

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=64, seed=1)
    return Session(manager)


@pytest.fixture
def new_run(session):
    settings = NewRunFields(session)
    settings.show()
    return settings


def press(panel, label):
    (button,) = (each for each in panel.select(pmui.Button) if each.label == label)
    button.clicks += 1


def test_a_changed_field_changes_its_training_setting_at_once(session):
    training = TrainingFields(session)
    training.show()
    training.fields["learning_rate"].value = "0.25"
    assert session.run.trainer.learning_rate == 0.25


def test_a_field_shows_a_setting_that_was_changed_elsewhere(session):
    training = TrainingFields(session)
    training.show()
    training.fields["batch_size"].value = "x"
    session.change("learning_rate", 0.25)
    assert training.fields["learning_rate"].value == "0.25"
    assert training.fields["batch_size"].value == "x"
    assert session.run.trainer.engine.events[-1].settings == {"learning_rate": 0.25}


def test_showing_the_settings_in_the_past_makes_no_fork(session):
    session.run_batch()
    session.run_batch()
    session.travel(1)
    training = TrainingFields(session)
    training.fields["learning_rate"].value = "x"
    training.show()
    assert len(session.manager.runs) == 1
    assert session.mistakes == {}


def test_fields_are_pending_until_they_show_the_settings_of_the_run(session, new_run):
    assert not new_run.pending
    new_run.fields["seed"].value = "2"
    assert new_run.pending
    new_run.fields["seed"].value = "1"
    assert not new_run.pending


def test_fields_are_not_pending_for_a_run_with_their_settings(session, new_run):
    new_run.fields["seed"].value = "2"
    session.manager.create(num_samples=64, seed=2)
    new_run.show()
    assert not new_run.pending


def test_a_new_run_takes_the_settings_of_the_run_and_the_changes(session, new_run):
    new_run.fields["hidden_dimension"].value = "8 4"
    settings = new_run.settings()
    assert settings["hidden_dimension"] == [8, 4]
    assert "hidden_layers" not in settings
    assert (settings["num_samples"], settings["seed"]) == (64, 1)


def test_generated_masters_take_the_place_of_own_data(session):
    session.manager.create(master_sequences=["abcab"], vocabulary=["a", "b", "c"])
    new_run = NewRunFields(session)
    new_run.show()
    assert new_run.fields["master_sequences"].value == "explicit"
    new_run.fields["master_sequences"].value = "generated"
    settings = new_run.settings()
    assert settings["master_sequences"] is None
    assert settings["vocabulary"] == ["a", "b", "c", "d"]


def test_tokens_that_cannot_be_seen_stay_in_the_vocabulary_field(session):
    vocabulary = [" ", "\t", "\u00a0", "\ufeff", "\u0301", "New York"]
    session.manager.create(vocabulary=vocabulary, num_samples=64)
    new_run = NewRunFields(session)
    new_run.show()
    assert not new_run.pending
    assert new_run.fields["vocabulary"].value == "␣ ␉ U+00A0 U+FEFF ◌\u0301 New␣York"
    new_run.fields["vocabulary"].value += " x"
    assert new_run.settings()["vocabulary"] == [*vocabulary, "x"]


def test_a_new_run_refuses_a_text_that_is_no_value(new_run):
    new_run.fields["seed"].value = "many"
    with pytest.raises(SettingError, match="seed takes whole numbers, got 'many'"):
        new_run.settings()


def test_layers_of_their_own_widths_and_activations_make_a_new_run(session, new_run):
    new_run.fields["hidden_dimension"].value = "6, 5 4"
    new_run.fields["activation"].value = "each"
    assert new_run.fields["activations"].visible and new_run.pending
    new_run.fields["activations"].value = "GELU tanh relu"
    run = session.manager.create(**new_run.settings())
    assert run.config["hidden_dimension"] == [6, 5, 4]
    assert run.config["activation"] == ["gelu", "tanh", "relu"]
    new_run.show()
    assert not new_run.pending
    assert new_run.fields["activations"].value == "gelu tanh relu"


@pytest.mark.parametrize(("units", "shown"), [("8", "gelu gelu"), ("8 6 4", "gelu gelu gelu")])
def test_activations_of_each_layer_begin_with_that_of_all(new_run, units, shown):
    new_run.fields["hidden_dimension"].value = units
    new_run.fields["activation"].value = "each"
    assert new_run.fields["activations"].value == shown
    new_run.fields["activations"].value = "tanh relu"
    new_run.fields["activation"].value = "tanh"
    new_run.fields["activation"].value = "each"
    assert new_run.fields["activations"].value == "tanh relu"


def test_one_activation_for_all_layers_hides_the_list(session, new_run):
    session.manager.create(num_samples=64, activation=["tanh", "relu"])
    new_run.show()
    new_run.fields["activation"].value = "relu"
    assert not new_run.fields["activations"].visible and new_run.pending
    assert session.manager.create(**new_run.settings()).config["activation"] == "relu"


def test_unknown_activation_of_a_layer_is_refused_with_the_nearest(session, new_run):
    new_run.fields["activation"].value = "each"
    new_run.fields["activations"].value = "gelu tanhh"
    assert "Did you mean 'tanh'" in session.mistakes["activations"]


def test_typed_number_of_layers_that_contradicts_a_list_is_refused(session, new_run):
    new_run.fields["hidden_layers"].value = "3"
    new_run.fields["hidden_dimension"].value = "6 5"
    with pytest.raises(SettingError, match="lists 2 value"):
        session.manager.create(**new_run.settings())


def test_help_of_weight_decay_follows_the_optimizer(session):
    training = TrainingFields(session)
    training.show()
    training.fields["optimizer"].value = "adam"
    assert "Decay is L2" in training._decay.object
    training.fields["optimizer"].value = "adamw"
    assert "Decay is decoupled" in training._decay.object


def test_a_changed_field_offers_a_new_run_below_it(session, new_run):
    field = new_run.fields["hidden_dimension"]
    field.value = "8"
    layout = list(new_run.__panel__())
    below = layout[layout.index(field) + 1]
    assert list(below) == [new_run._offer.layout] and below.visible
    assert new_run._offer.layout.visible
    field.value = str(session.run.model.hidden_dimension)
    assert not new_run._offer.layout.visible


def test_what_the_run_has_is_said_beside_a_changed_field(session):
    sidebar = Sidebar(session, [])
    fields = sidebar._new_run.fields
    fields["seed"].value, fields["activation"].value = "2", "tanh"
    assert fields["seed"].helper_text == "the run shown: 1"
    assert fields["activation"].helper_text == "the run shown: GELU"
    assert fields["hidden_layers"].helper_text == ""


def test_changed_fields_can_be_put_back(session, new_run):
    new_run.fields["seed"].value = "2"
    (put_back,) = (
        each for each in new_run._offer.layout.select(pmui.Button) if each.label == "Put back"
    )
    put_back.clicks += 1
    assert new_run.fields["seed"].value == "1"
    assert not new_run.pending
    assert len(session.manager.runs) == 1


def test_the_offer_makes_a_run_with_the_changed_settings(session):
    sidebar = Sidebar(session, [])
    sidebar._new_run.fields["seed"].value = "7"
    press(sidebar._new_run._offer.layout, NEW_RUN)
    assert session.run.settings["seed"] == 7
    assert not sidebar._new_run.pending


@pytest.mark.parametrize("label", ["New run", NEW_RUN])
def test_a_setting_typed_for_a_new_run_leaves_the_run_shown_as_it_was(session, label):
    sidebar, first = Sidebar(session, []), session.run
    session.run_batch()
    fields = sidebar._training.fields
    fields["learning_rate"].value, fields["optimizer"].value = "0.25", "adam"
    offer = sidebar._training._offer.layout
    press(offer if label == NEW_RUN else sidebar._runs.__panel__(), label)
    assert session.run is not first
    assert (session.run.trainer.learning_rate, session.run.trainer.optimizer) == (0.25, "adam")
    assert (first.trainer.learning_rate, first.trainer.optimizer) == (0.001, "sgd")
    assert "keeps what it had: Learning rate 0.001, Optimizer SGD" in sidebar._training._kept.object
    assert not offer.visible
    session.manager.switch(first.id)
    assert not sidebar._training._kept.visible
    assert fields["learning_rate"].helper_text == ""


def test_a_new_run_says_what_it_has_from_the_run_before(session):
    sidebar = Sidebar(session, [])
    sidebar._new_run.fields["hidden_dimension"].value = "8"
    press(sidebar._runs.__panel__(), "New run")
    kept = sidebar._runs._kept.__panel__()
    assert kept.visible
    said = kept[0].object
    assert "run 2 has these settings from run 1" in said
    assert said.endswith("defaults: Training samples 64, Seed 1.")  # not what was changed for it
    session.run_batch()
    assert not kept.visible


def test_a_new_run_can_begin_with_the_defaults_of_the_page(session):
    sidebar = Sidebar(session, [], defaults={"learning_rate": 0.125})
    press(sidebar._runs.__panel__(), "New run")
    press(sidebar._runs._kept.__panel__(), WITH_DEFAULTS)
    assert session.run.name == "run 3"
    assert session.run.settings["learning_rate"] == 0.125
    assert session.run.settings["num_samples"] == 512
    assert not sidebar._runs._kept.__panel__().visible


def test_a_setting_that_a_step_was_made_with_stays_with_its_run(session):
    sidebar, first = Sidebar(session, []), session.run
    fields = sidebar._training.fields
    fields["learning_rate"].value = "0.25"
    assert sidebar._training._offer.layout.visible
    session.run_batch()
    assert not sidebar._training._offer.layout.visible
    assert fields["learning_rate"].helper_text == "at the beginning: 0.001"
    press(sidebar._runs.__panel__(), "New run")
    assert first.trainer.learning_rate == session.run.trainer.learning_rate == 0.25


def test_a_changed_training_setting_is_marked_and_can_be_put_back(session):
    sidebar = Sidebar(session, [])
    field = sidebar._training.fields["batch_size"]
    field.value = "7"
    assert field.helper_text == "before: 32"
    field.value = "9"
    assert field.helper_text == "before: 32"
    press(sidebar._training._offer.layout, "Put back")
    assert (field.value, field.helper_text, session.run.trainer.batch_size) == ("32", "", 32)
    assert not sidebar._training._offer.layout.visible


def test_a_setting_that_is_typed_back_or_reset_is_not_offered(session):
    sidebar = Sidebar(session, [])
    offer, field = sidebar._training._offer.layout, sidebar._training.fields["learning_rate"]
    field.value = "0.25"
    field.value = "0.001"
    assert not offer.visible
    field.value = "0.25"
    session.reset()
    assert not offer.visible
    assert session.pending.before == {}


def test_a_fork_from_the_past_keeps_the_setting_that_made_it(session):
    sidebar = Sidebar(session, [])
    session.run_batch()
    session.run_batch()
    session.travel(1)
    sidebar._training.fields["learning_rate"].value = "0.25"
    fork = session.run
    assert not sidebar._training._offer.layout.visible
    press(sidebar._runs.__panel__(), "New run")
    assert fork.trainer.learning_rate == 0.25
