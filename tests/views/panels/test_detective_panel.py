"""The detective on the page: what is hidden, what checks say, and how a case ends."""

import panel as pn
import panel_material_ui as pmui
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis.checks.update_audit import audit
from backprop_panel.analysis.diagnosis.detective import Investigation, Mystery
from backprop_panel.nn.faults import FAULTS
from backprop_panel.runs.demonstrations import GOOD
from backprop_panel.views.panels.audit_light import AuditLight
from backprop_panel.views.panels.audit_panel import standing
from backprop_panel.views.panels.detective_panel import NOBODY, DetectivePanel, seed_of
from backprop_panel.views.panels.run_status import RunStatus
from backprop_panel.views.panels.runs_table import settings_in_words
from backprop_panel.views.panels.sidebar import Sidebar
from backprop_panel.views.plots.event_words import about_run
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.checks import Checks
from backprop_panel.views.state.run_audit import RunAudit
from backprop_panel.views.state.session import Session
from backprop_panel.views.widgets.link_pane import LinkPane

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    """A session that shows the run of a mystery: no bias has a gradient."""
    manager = TrainingRunManager()
    run = manager.create(**GOOD, batch_size=30, fault="no_bias_gradient")
    run.secret = True
    session = Session(manager)
    for _ in range(3):
        session.run_batch()
    session.investigation = Investigation(Mystery("no_bias_gradient", run, 3))
    return session


@pytest.fixture
def panel(session):
    return DetectivePanel(session)


def press(view, label):
    button = next(each for each in view.__panel__().select(pmui.Button) if each.label == label)
    button.clicks += 1


def said(view):
    return " ".join(pane.object for pane in view.__panel__().select(pn.pane.HTML))


def test_no_part_of_the_page_tells_the_settings(session):
    assert set(settings_in_words(session.run).values()) == {"hidden"}
    assert about_run(session.run) == "its settings are hidden"
    assert "Bias gradients" not in RunStatus(session)._notes.object
    assert session.map_source.fault == ""
    sidebar = Sidebar(session, [])
    shown = [each for each in sidebar.__panel__() if each.visible]
    assert not any(sidebar._training.__panel__() in part.select() for part in shown)


def test_the_explanation_of_a_wrong_number_does_not_name_the_fault(session):
    session.select(Cell("bias", 0, 16, 1, is_gradient=True))
    (explanation,) = session.explanations()
    assert "the terms give" in explanation.note and "It is hidden." in explanation.note
    assert FAULTS["no_bias_gradient"].sentence not in explanation.note


def test_a_check_is_spent_and_says_something(panel, session):
    press(panel, "Audit a step")
    assert "The first number that does not follow is db3[" in said(panel)
    assert "Checks left: 3 · points: 90." in said(panel)


def test_checks_that_can_be_spent_are_not_made_for_nothing_elsewhere(session):
    run_audit, checks = RunAudit(session), Checks.of(session)
    run_audit.start()
    assert not run_audit.running and run_audit.intervals == ()
    assert "one of the checks that a detective can spend" in standing(run_audit)
    checks.gradients.on = True
    checks.gradients._background._thread.join()
    checks.gradients.tick()
    assert checks.gradients.check is None
    assert "one of the checks that a detective can spend" in checks.gradients.message


def test_the_audits_light_does_not_lead_to_the_wrong_number(session):
    checks, led = Checks.of(session), []
    wrong = next(iter(audit(session.record)))
    checks.audit.take(session.record, (session.record, wrong))
    AuditLight(checks.audit, lambda: led.append(True))._act()
    assert led and session.question is None


def test_once_the_case_is_over_all_checks_are_free(panel, session):
    run_audit = RunAudit(session)
    run_audit.start()
    press(panel, "Give up")
    assert standing(run_audit) == ""
    run_audit.start()
    assert run_audit.running
    run_audit.stop()


def test_a_wrong_answer_costs_points_and_the_case_goes_on(panel, session):
    panel._suspect.value = "summed_loss"
    press(panel, "Name the suspect")
    assert "Not the cause: Loss summed over the batch." in said(panel)
    assert session.run.secret


def test_no_suspect_is_chosen_until_one_is(panel, session):
    press(panel, "Name the suspect")
    assert panel._suspect.value == NOBODY
    assert session.investigation.answers == [] and panel._namer.disabled
    panel._suspect.value = "summed_loss"
    assert not panel._namer.disabled
    press(panel, "Name the suspect")
    assert session.investigation.answers == ["summed_loss"] and panel._namer.disabled


def test_checks_cannot_be_pressed_once_all_are_spent(panel):
    for label in ("Audit a step", "Look at the layers", "Count the steps of an epoch"):
        press(panel, label)
    assert not any(check.disabled for check in panel._checks)
    press(panel, "Check the gradients")
    spent = [check.label for check in panel._checks if not check.disabled]
    assert sorted(spent) == [
        "Audit a step",
        "Check the gradients",
        "Count the steps of an epoch",
        "Look at the layers",
    ]


def test_no_fork_new_run_or_link_tells_what_is_hidden(panel, session):
    count = len(session.manager.runs)
    sidebar = Sidebar(session, [])
    for name in ("Fork", "New run"):
        press(sidebar, name)
        assert "what is hidden" in session.mistakes["runs"]
    assert len(session.manager.runs) == count
    (link,) = sidebar.__panel__().select(LinkPane)
    assert not link.visible and link.query == ""
    press(panel, "Give up")
    assert link.visible
    press(sidebar, "Fork")
    assert len(session.manager.runs) == count + 1


def test_the_right_answer_reveals_everything(panel, session):
    panel._suspect.value = "no_bias_gradient"
    press(panel, "Name the suspect")
    assert "Solved: 100 of 100 points." in said(panel)
    assert not session.run.secret
    assert "Bias gradients missing" in RunStatus(session)._notes.object


def test_who_gives_up_is_told_the_cause(panel, session):
    press(panel, "Give up")
    assert "Given up: 0 of 100 points." in said(panel)
    assert "no bias learns" in said(panel)


def test_the_next_case_is_another(panel, session):
    press(panel, "Give up")
    assert panel._case.value == "2"


def test_a_case_is_begun_with_its_number(session):
    panel = DetectivePanel(session)
    panel._case.value = "5"
    press(panel, "Start detective")
    assert session.run.name == "hidden cause" and session.run.secret
    session.pause()
    press(panel, "Give up")
    assert panel._case.value == "6"


def test_a_case_goes_on_when_its_run_is_shown_again(session):
    panel = DetectivePanel(session)
    for case in ("5", "6"):
        panel._case.value = case
        press(panel, "Start detective")
        session.pause()
    fifth, sixth = session.manager.runs[-2:]
    session.manager.switch(fifth.id)
    assert "Checks left: 4" in said(panel)
    press(panel, "Give up")
    assert not fifth.secret and sixth.secret
    assert "Given up" in said(panel)


@pytest.mark.parametrize(("text", "seed"), [("12", 12), ("", 1), ("x", 1), ("-3", 1), (" 7 ", 7)])
def test_what_is_no_number_is_the_first_case(text, seed):
    assert seed_of(text) == seed


@pytest.mark.parametrize("label", ["Audit a step", "Name the suspect", "Give up"])
def test_a_press_that_arrives_when_the_case_is_over_changes_nothing(panel, session, label):
    case = session.investigation
    press(panel, "Give up")
    over = said(panel)
    press(panel, label)
    assert (said(panel), panel._case.value, case.answers, case.results) == (over, "2", [], {})
    session.manager.create(num_samples=64)  # whose page has no case
    press(panel, label)
    assert "Given up" not in said(panel)
