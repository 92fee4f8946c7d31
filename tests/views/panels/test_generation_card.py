"""Generated texts and the test loss on the Data tab."""

import panel as pn
import panel_material_ui as pmui
import pytest

from backprop_panel import SequenceDataset, TrainingRunManager
from backprop_panel.views.panels.generation_card import GenerationCard
from backprop_panel.views.state.session import Session

pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")

NAMES = "emma\nolivia\nava\nmia\nanna\nella\nleo\nida\nbo\nelias"


@pytest.fixture
def card():
    data = SequenceDataset.from_text(NAMES, 4, boundary=".")
    manager = TrainingRunManager()
    manager.create(**data.settings(), hidden_dimension=6)
    card = GenerationCard(Session(manager))
    card.draw()
    return card


def control(card, kind, label):
    (found,) = (each for each in card.__panel__().select(kind) if each.label == label)
    return found


def text(card, css_class="bp-generated"):
    (pane,) = (
        each for each in card.__panel__().select(pn.pane.HTML) if css_class in each.css_classes
    )
    return pane.object


def test_ten_texts_say_why_they_end(card):
    assert text(card).count('class="bp-text"') == 10
    assert 'title="the boundary token"' in text(card)


def test_a_prompt_begins_every_text_and_other_texts_are_drawn(card):
    control(card, pmui.TextInput, "Prompt").value = "emm"
    before = text(card)
    assert before.count(">m</span>") >= 20
    control(card, pmui.Button, "Ten others").clicks += 1
    assert text(card) != before


@pytest.mark.parametrize(
    ("label", "value", "message"),
    [
        ("Prompt", "<b>", "&#x27;&lt;&#x27;, which is not in the vocabulary"),
        ("Temperature", "-1", "temperature must be a number of at least 0"),
        ("Temperature", "hot", "temperature takes a number"),
    ],
)
def test_an_invalid_prompt_or_temperature_is_refused_in_place(card, label, value, message):
    control(card, pmui.TextInput, label).value = value
    assert message in text(card)


def test_the_test_loss_is_shown_when_it_is_asked_for(card):
    assert text(card, "bp-note") == ""
    control(card, pmui.Button, "Test loss").clicks += 1
    windows = len(card.session.run.dataset.test_windows)
    assert f"on {windows:,} windows at step 0" in text(card, "bp-note")
