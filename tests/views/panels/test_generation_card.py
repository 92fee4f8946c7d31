"""Generated texts and the test loss on the Data tab."""

import panel as pn
import panel_material_ui as pmui
import pytest

from backprop_panel import SequenceDataset, TrainingRunManager
from backprop_panel.analysis import GeneratedText
from backprop_panel.views.panels.generation_card import NO_TEST, GenerationCard, text_html
from backprop_panel.views.state.session import Session
from tests.texts import NAMES

pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


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


def test_without_test_data_a_sentence_stands_in_place_of_the_button(card):
    card.session.manager.create(num_samples=64, test_fraction=0.0)
    card.draw()
    assert text(card, "bp-note") == NO_TEST
    assert not control(card, pmui.Button, "Test loss").visible
    card.session.manager.create(num_samples=64, test_fraction=0.25)
    card.draw()
    assert text(card, "bp-note") == ""
    assert control(card, pmui.Button, "Test loss").visible


def test_a_classifier_shows_no_generated_texts_but_its_test_loss(card):
    data = SequenceDataset.from_lines(["anna\nida", "leo\nbo"], ["x", "y"], 3, boundary=".")
    card.session.manager.create(**data.settings(), hidden_dimension=6)
    card.draw()
    (generated,) = (
        part
        for part in card.__panel__()
        if control(card, pmui.TextInput, "Prompt") in part.select()
    )
    assert not generated.visible
    control(card, pmui.Button, "Test loss").clicks += 1
    assert "windows at step 0" in text(card, "bp-note")


@pytest.mark.parametrize(
    ("tokens", "shown"),
    [
        ("a\u202eb", "<b>a</b>U+202Eb"),
        ("שלום", "<b>ש</b>לום"),
        ("e\u0301 \u0301", "<b>e</b>\u0301 ◌\u0301"),
        ("a\t<", "<b>a</b>␉&lt;"),
    ],
)
def test_a_generated_text_names_what_cannot_be_seen_and_stands_alone(tokens, shown):
    data = SequenceDataset.from_text(f"abcdefghijklmno{tokens}", 3)
    text = GeneratedText(list(tokens), prompted=1, end="limit")
    assert f"<bdi>{shown}</bdi> <i" in text_html(text, data)


def test_words_and_listed_tokens_are_generated_with_spaces_between():
    rows = [["New York", *"abcdefghijkl"], ["Rome"]]
    data = SequenceDataset.from_lines(rows, sequence_length=2)
    text = GeneratedText(["New York", "Rome", "a"], prompted=1, end="limit")
    assert "<bdi><b>New York</b> Rome a</bdi>" in text_html(text, data)
