"""The row of further questions below an explanation."""

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import RecordCell
from backprop_panel.views.panels.inspector import Inspector
from backprop_panel.views.panels.question_card import QuestionCard
from backprop_panel.views.panels.questions import Questions
from backprop_panel.views.state.checks import Checks
from backprop_panel.views.state.session import Session
from backprop_panel.views.widgets.explanation_pane import ExplanationPane

pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=64, hidden_dimension=6, loss_type="cross_entropy")
    return Session(manager)


@pytest.fixture
def questions(session):
    return Questions(session)


def offered(questions):
    if not questions.row.visible:
        return {}
    return {each.label: each for each in questions._toggles if not each.disabled}


def cards(questions):
    return [each for each in questions._cards.values() if each.visible]


@pytest.mark.parametrize(
    ("cell", "labels"),
    [
        (RecordCell("weight_gradients", 1, (2, 3)), {"What if", "Which data"}),
        (RecordCell("biases", 0, (2,)), {"What if", "Which data"}),
        (RecordCell("bias_updates", 0, (2,)), {"What if", "Which data"}),
        (RecordCell("activations", 0, (2, 3)), {"What if"}),
        (RecordCell("activation_gradients", 0, (2, 3)), {"What if"}),
        (RecordCell("pre_activations", 1, (2, 3)), {"Activation", "Which data"}),
        (RecordCell("activations", 2, (2, 3)), {"Activation", "Which data"}),
        (RecordCell("activation_slopes", 0, (2, 3)), {"Activation", "Which data"}),
        (RecordCell("deltas", 0, (2, 3)), {"Activation", "Which data"}),
        (RecordCell("deltas", 2, (2, 3)), {"Which data"}),
        (RecordCell("logits", None, (2, 3)), {"Which data"}),
        (RecordCell("loss"), set()),
    ],
)
def test_only_questions_that_apply_to_the_number_are_offered(session, questions, cell, labels):
    session.path = (cell,)
    assert offered(questions).keys() == labels
    for each in questions._toggles:
        assert (f"{each.label}: choose " in questions._reasons.object) == each.disabled


def test_no_question_is_offered_without_a_number_or_in_a_difference(session, questions):
    assert not offered(questions)
    session.path = (RecordCell("weights", 1, (2, 3)),)
    offered(questions)["What if"].value = True
    session.subtracted = session.run.replay(0).engine
    assert not offered(questions) and not cards(questions)
    assert "stop comparing first" in questions._reasons.object
    session.subtracted = None
    assert len(cards(questions)) == 1


def test_a_card_is_made_and_asks_only_once_it_is_opened(session, questions, monkeypatch):
    asked = []
    monkeypatch.setattr(QuestionCard, "ask", lambda *what: asked.append(what))
    session.path = (RecordCell("weights", 1, (2, 3)),)
    assert not questions._cards
    offered(questions)["Which data"].value = True
    offered(questions)["Which data"].value = False
    (card,) = questions._cards.values()
    count = len(asked)
    session.run_batch()
    session.path = (RecordCell("weights", 1, (0, 0)),)
    assert not card.visible and len(asked) == count == 1


def test_an_open_card_follows_the_chosen_number_and_comes_back(session, questions):
    session.path = (RecordCell("weights", 1, (2, 3)),)
    offered(questions)["Which data"].value = True
    session.path = (RecordCell("deltas", 1, (0, 4)),)
    (card,) = cards(questions)
    card.answering.finish()
    assert "unit 4 of a2" in card._head.object
    session.path = (RecordCell("loss"),)
    assert not cards(questions)
    session.path = (RecordCell("biases", 0, (1,)),)
    card.answering.finish()
    assert card.visible and "b1[1]" in card._head.object


def test_the_fonts_of_equations_are_sent_once_for_all_panes(session):
    inspector = Inspector(session, Checks.of(session)).__panel__()
    session.path = (RecordCell("weights", 1, (2, 3)),)
    for each in inspector.select(lambda it: getattr(it, "label", "") in ("What if", "Which data")):
        each.value = True
    panes = inspector.select(ExplanationPane)
    assert [bool(pane.fonts) for pane in panes].count(True) == 1 < len(panes)
    assert "data:font" not in ExplanationPane._esm
