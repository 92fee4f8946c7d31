"""The doctor's findings on the page, and its light."""

from dataclasses import replace

import panel as pn
import panel_material_ui as pmui
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import Finding, RecordCell, Remedy
from backprop_panel.views.panels.doctor_light import SECRET, DoctorLight, light
from backprop_panel.views.panels.doctor_panel import DoctorPanel, standing
from backprop_panel.views.panels.finding_row import finding_html
from backprop_panel.views.panels.session_map import session_map
from backprop_panel.views.state.checks import Checks
from backprop_panel.views.state.diagnosis import Diagnosis
from backprop_panel.views.state.marks import NamedUnits
from backprop_panel.views.state.session import Session

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")

DEAD = Finding("dead_units", "3 of 4 units are dead.", {"units": 4}, 2, layer=1, units=(2, 3))
RATE = Finding(
    "learning_rate_too_high",
    "The learning rate of 5 is too high.",
    {"excess loss": 1.5},
    1,
    remedy=Remedy("Take less.", {"learning_rate": 0.1}, step=1),
)
NOTED = Finding("not_judged", "There are no validation data.", {}, 3)


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=60, hidden_dimension=6, batch_size=8)
    session = Session(manager)
    for _ in range(3):
        session.run_batch()
    return session


@pytest.fixture
def diagnosis(session):
    return Diagnosis(session)


def tell(diagnosis, *findings):
    """Show findings as the background delivers them."""
    list(diagnosis.pieces(diagnosis.session.record))
    diagnosis.take(diagnosis.session.record, list(findings))


def texts(view):
    return [pane.object for pane in view.__panel__().select(pn.pane.HTML)]


def button(view, label):
    return next(each for each in view.__panel__().select(pmui.Button) if each.label == label)


def test_findings_are_those_of_the_doctor(diagnosis):
    *_, found = diagnosis.pieces(diagnosis.session.record)
    diagnosis.take(diagnosis.session.record, found)
    assert [each.kind for each in diagnosis.findings] == ["not_judged"]
    assert diagnosis.step == 3


def test_another_run_is_examined_anew(diagnosis, session):
    diagnosis.on = True
    tell(diagnosis, RATE)
    session.manager.create(num_samples=60)
    assert diagnosis.findings == () and diagnosis.step is None
    diagnosis.on = False


def test_each_finding_has_its_numbers_and_what_to_try(diagnosis):
    panel = DoctorPanel(diagnosis)
    tell(diagnosis, RATE)
    said = " ".join(texts(panel))
    assert "Examined at step 3." in said
    assert "excess loss: 1.5" in said and "confirmed by a trial: 98.0% sure" in said
    assert "Try: Take less." in said


def test_what_follows_from_another_finding_says_so():
    said = finding_html(replace(DEAD, because="learning_rate_too_high"))
    assert "follows from: Learning rate too high" in said


def test_the_severity_is_told_by_a_mark_and_not_by_colour_alone():
    assert [finding_html(each).count("✕") for each in (RATE, NOTED)] == [1, 0]


def test_how_sure_a_finding_is_is_said_of_faults_alone():
    frozen = Finding("frozen", "Weights of layer 1 are frozen.", {"frozen": 3.0}, 3)
    assert "% sure" in finding_html(RATE) and "% sure" not in finding_html(frozen)


def test_a_finding_leads_to_its_units_on_the_map(diagnosis, session):
    panel, shown = DoctorPanel(diagnosis), []
    session.param.watch(lambda event: shown.append(session.question), "map_wanted")
    tell(diagnosis, DEAD)
    button(panel, "Show the units").clicks += 1
    assert shown == [None]
    assert session.named_units == NamedUnits(1, (2, 3), "dead units")


def test_units_are_outlined_until_a_number_is_chosen(session):
    units = NamedUnits(1, (2, 3, 5), "dead units")
    network_map = session_map(session, Checks.of(session))
    session.show_units(units)
    blocks = {(block.column, block.rows, block.units) for block in network_map.state.ringed}
    assert blocks == {
        (3, (0, 6), (2, 3)),
        (3, (0, 6), (5, 5)),
        (4, (0, 7), (2, 3)),
        (4, (0, 7), (5, 5)),
    }
    assert "3 units of layer 2 (dead units)" in network_map.state.title
    session.follow(RecordCell("weights", 1, (0, 2)))
    assert not network_map.state.ringed and not network_map.state.title


def test_a_finding_leads_to_its_step(diagnosis, session):
    panel = DoctorPanel(diagnosis)
    tell(diagnosis, DEAD)
    button(panel, "Go to step 2").clicks += 1
    assert session.record.step == 2 and session.past is not None


def test_a_remedy_is_tried_in_a_fork_at_its_step(diagnosis, session):
    panel = DoctorPanel(diagnosis)
    tell(diagnosis, RATE)
    button(panel, "Try it in a fork").clicks += 1
    assert session.run.parent[1] == 1
    assert session.run.trainer.learning_rate == 0.1


def test_the_light_tells_how_many_faults_there_are_and_which(diagnosis):
    tell(diagnosis, RATE, DEAD, NOTED)
    assert light(diagnosis) == (
        "Doctor ✕ 2",
        "At step 3: Learning rate too high, Dead units.",
    )


def test_the_light_of_a_run_that_learns_is_quiet(diagnosis):
    tell(diagnosis, NOTED)
    assert light(diagnosis) == ("Doctor ✓", "No fault was found at step 3.")
    assert standing(diagnosis) == "Examined at step 3: no fault was found."


def test_the_light_shows_the_findings(diagnosis):
    shown = []
    lamp = DoctorLight(diagnosis, lambda: shown.append(True))
    lamp.__panel__().clicks += 1
    assert shown == [True]


def test_the_doctor_is_silent_while_a_cause_is_to_be_guessed(diagnosis, session):
    panel = DoctorPanel(diagnosis)
    session.run.secret = True
    tell(diagnosis, RATE)
    assert light(diagnosis) == ("Doctor", SECRET)
    assert not any("learning rate" in text for text in texts(panel))


def test_why_a_run_cannot_be_examined_is_said(diagnosis):
    diagnosis.forget("The file is <gone>.")
    assert standing(diagnosis) == "This run cannot be examined: The file is &lt;gone&gt;."


def test_the_doctor_waits_until_what_is_shown_stands_still(diagnosis, session, monkeypatch):
    monkeypatch.setattr(Diagnosis, "patience", 1e9)
    diagnosis.on = True
    session.run_batch()
    assert not diagnosis.running
    monkeypatch.setattr(Diagnosis, "patience", 0.0)
    diagnosis.tick()
    assert diagnosis.running
    diagnosis.on = False


def test_findings_of_another_step_than_the_one_shown_say_so(diagnosis, session, monkeypatch):
    monkeypatch.setattr(Diagnosis, "patience", 1e9)
    diagnosis.on = True
    tell(diagnosis, NOTED)
    session.run_batch()
    told = "Examined at step 3: no fault was found."
    assert standing(diagnosis) == f"{told} Now at step 4, which is not examined yet."
    session.travel(2)
    assert standing(diagnosis) == f"{told} Shown is step 2, which is not examined yet."
    diagnosis.on = False


def test_a_run_that_has_made_no_step_is_not_called_well(diagnosis, session):
    session.manager.create(num_samples=60)
    tell(diagnosis, NOTED)
    assert standing(diagnosis) == "Examined at step 0."


def test_the_step_that_is_told_appears_together_with_its_findings(diagnosis):
    panel = DoctorPanel(diagnosis)
    before = panel._list[0]
    tell(diagnosis, RATE)
    assert panel._list[0] is not before and len(panel._list) == 2


def test_a_button_stays_when_the_same_is_found_again_and_does_what_is_said_now(diagnosis, session):
    panel = DoctorPanel(diagnosis)
    tell(diagnosis, RATE)
    pressed = button(panel, "Try it in a fork")
    changed = Remedy("Take still less.", {"learning_rate": 0.05}, step=2)
    tell(diagnosis, DEAD, replace(RATE, remedy=changed))
    assert button(panel, "Try it in a fork") is pressed
    assert "Take still less." in " ".join(texts(panel))
    pressed.clicks += 1
    assert session.run.parent[1] == 2
    assert session.run.trainer.learning_rate == 0.05


def test_findings_of_one_kind_each_have_a_row(diagnosis):
    panel = DoctorPanel(diagnosis)
    tell(diagnosis, NOTED, replace(NOTED, sentence="The course is not judged."))
    said = " ".join(texts(panel))
    assert "no validation data" in said and "The course is not judged" in said


def test_a_run_whose_settings_change_while_it_plays_is_examined_at_once(
    diagnosis, session, monkeypatch
):
    monkeypatch.setattr(Diagnosis, "patience", 0.0)
    session.toggle_play()
    diagnosis.on = True
    diagnosis._background._thread.join()
    monkeypatch.setattr(Diagnosis, "rest", 1e9)
    diagnosis.tick()
    diagnosis._follow()
    assert not diagnosis.running
    session.change("learning_rate", 0.5)
    diagnosis.tick()
    assert diagnosis.running
    diagnosis.on = False
    session.pause()


def test_the_explained_number_is_the_one_that_the_finding_names(diagnosis, session):
    session.change("fault", "no_batch_mean")
    for _ in range(3):
        session.run_batch()
    session.look()  # the next batch, as after Play
    *_, found = diagnosis.pieces(session.record)
    panel = DoctorPanel(diagnosis)
    diagnosis.take(session.record, found)
    button(panel, "Explain").clicks += 1
    told = found[0].evidence[session.question.name(session.record)]
    assert session.explanations()[0].value == told


def test_what_could_not_be_judged_is_not_ticked():
    said = finding_html(Finding("not_judged", "The course is not judged before step 30.", {}, 3))
    assert '<span class="bp-mark">?</span> Not judged' in said


def test_sentences_have_a_true_minus():
    said = finding_html(Finding("wrong_gradients", "It is 1, and -0.5 follows.", {}, 3))
    assert "−0.5 follows" in said
