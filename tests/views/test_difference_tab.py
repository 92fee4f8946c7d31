"""Comparing two moments: what is refused, and what is explained of a difference."""

import panel as pn
import panel_material_ui as pmui
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.difference_tab import DifferenceTab
from backprop_panel.views.explanation import Explanation
from backprop_panel.views.heatmap import Place
from backprop_panel.views.session import Session

# The widgets' library gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    trainer = manager.create(optimizer="adam").trainer
    for _ in range(4):
        trainer.run_batch()
    return Session(manager)


@pytest.fixture
def compare(session):
    """A function that compares with a step as it was typed, and returns the field."""
    layout = DifferenceTab(session).__panel__()
    (field,) = layout.select(pmui.TextInput)
    (button,) = (each for each in layout.select(pmui.Button) if each.label == "Compare")

    def compare(text):
        field.value = text
        button.clicks += 1
        return field

    return compare


@pytest.mark.parametrize("text", ["abc", "", "-3", "1.5", "5"])
def test_a_step_that_there_is_not_is_refused_beside_it(session, compare, text):
    field = compare(text)
    assert field.error_state
    assert text in field.helper_text
    assert session.other is None


def test_a_step_that_was_refused_is_so_no_longer_once_another_is_compared(session, compare):
    assert compare("99").error_state
    assert not compare("2").error_state
    assert session.other.step == 2
    assert session.mistakes == {}


def test_of_a_difference_the_difference_is_explained(session, compare):
    layout = Explanation(session).__panel__()
    compare("1")
    session.selection = Place("W2", 3, 17)
    weights = session.run.model.weights[1][3, 17] - session.run.at(1).weights[1][3, 17]
    (text,) = layout.select(pn.pane.HTML)
    assert "<h3>Difference of W2[3, 17]</h3>" in text.object
    assert f"<td>value</td><td>{weights:.4f}</td>".replace("-", "−") in text.object
