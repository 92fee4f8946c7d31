"""Which data did this: windows, their pushes and places, by the record and the engine."""

import json
import re
from collections import defaultdict
from html import unescape

import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import RecordCell
from backprop_panel.views.panels.pushes_text import FIRST_WINDOWS
from backprop_panel.views.panels.which_data import WhichData
from backprop_panel.views.plots.numbers import number, numbers
from backprop_panel.views.state.session import Session

pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")

WEIGHT = RecordCell("weight_gradients", 1, (2, 3))
UNIT = RecordCell("activations", 2, (5, 3))


def opened(number, **config):
    manager = TrainingRunManager()
    manager.create(
        **{"num_samples": 64, "hidden_dimension": 6, "loss_type": "cross_entropy"} | config
    )
    session = Session(manager)
    session.run_batch()
    session.path = (number,)
    card = WhichData(session)
    card.visible = True
    card.answering.finish()
    return session, card


def show_training_set(card):
    card._of_all.value = True
    card.answering.finish()


def text(card):
    return unescape(re.sub("<.*?>", " ", card._text.html))


def listed(card):
    """The tokens, the count and the term of each window, those that push up first."""
    rows = re.findall(r"<tr data-ring.*?</tr>", card._text.html)
    found = []
    for row in rows:
        tokens = re.findall(r"bp-token[^>]*>(.*?)</span>", row)
        count = re.search("×([\\d,]+)", row)
        term = re.search(r'bp-total">(.*?)</td>', row)[1]
        found.append((tuple(tokens), int(count[1]) if count else 1, term))
    return found


def windows(session, terms):
    """The sum of terms and the count of each different window of the batch."""
    sums, counts = defaultdict(float), defaultdict(int)
    for row, term in enumerate(terms):
        tokens = tuple(token for token, _ in session.map_source.example_tokens(row))
        sums[tokens] += float(term)
        counts[tokens] += 1
    return sums, counts


def expected(sums, counts):
    """The rows of the strongest windows up, then of those down."""
    ranked = sorted(sums.items(), key=lambda item: item[1])
    up = [item for item in ranked if item[1] < 0][:FIRST_WINDOWS]
    down = [item for item in reversed(ranked) if item[1] > 0][:FIRST_WINDOWS]
    return [
        (tokens, counts[tokens], text)
        for ranked in (up, down)
        for (tokens, _), text in zip(ranked, numbers(term for _, term in ranked), strict=True)
    ]


def test_windows_of_the_batch_are_ranked_by_their_terms_of_a_weight_gradient():
    session, card = opened(WEIGHT)
    record = session.record
    terms = record.activations[1][:, 2].astype(float) * record.deltas[1][:, 3]
    assert listed(card) == expected(*windows(session, terms))
    assert re.search(rf"gradient of W2\[2, 3\],\s+{number(float(terms.sum()))}", text(card))


def test_windows_push_a_unit_by_its_delta():
    session, card = opened(UNIT)
    assert listed(card) == expected(*windows(session, session.record.deltas[1][:, 3].astype(float)))
    assert "pushes the pre-activation of unit 3 up" in text(card)
    assert "unit 3 of a2" in card._head.object
    gradient = number(float(session.record.bias_gradients[1][3]))
    assert re.search(rf"gradient of b2\[3\],\s+{gradient}", text(card))


def test_the_training_sets_terms_sum_to_its_gradient_by_the_engine():
    session, card = opened(WEIGHT)
    show_training_set(card)
    # The weights of the record are those before its update.
    everything = session.run.replay(0).engine.look(np.arange(64))
    assert card.answer.complete
    assert card.answer.gradient == pytest.approx(everything.weight_gradients[1][2, 3], rel=1e-4)
    assert number(card.answer.gradient) in text(card)
    assert sum(card.answer.counts) == 64


def test_one_sentence_says_which_sign_and_colour_mean_what():
    _, card = opened(WEIGHT)
    assert re.search(
        r"window with a negative term, blue, pushes\s+W2\[2, 3\]\s+up "
        r".* a positive term, orange, pushes it down",
        text(card),
    )


def test_a_row_is_said_to_be_a_window_and_texts_to_hold_them():
    _, card = opened(WEIGHT)
    said = re.sub(r"\s+", " ", text(card))
    assert "Each row is a window of the data: the tokens of an example → its target" in said
    assert "All windows are cut from the master sequences below" in said


def test_pointing_at_a_window_rings_its_numbers_on_the_map():
    session, card = opened(WEIGHT)
    push = card.answer.up(1)[0]
    ring = re.search('data-ring="(.*?)"', card._text.html)[1]
    card._do({"ring": json.loads(unescape(ring))})
    assert set(session.ringed) == {
        RecordCell(quantity, 1, (row, unit))
        for quantity, unit in (("deltas", 3), ("activations", 2))
        for row in push.examples
    }


def test_windows_are_marked_where_they_end_in_the_master_sequences():
    session, card = opened(WEIGHT)
    data = session.run.dataset
    marks = {}
    for way, pushes in (("▲", card.answer.up(5)), ("▼", card.answer.down(5))):
        for push in pushes:
            for master, offset in push.origins:
                marks[master, offset + data.sequence_length - 1] = way
    shown = {}
    for row in re.findall('<div class="bp-master">(.*?)</div>', card._text.html):
        master = int(re.search(r"#(\d+)", row)[1]) - 1
        places = re.findall('<span class="bp-place">(.*?)</i></span>', row)
        assert len(places) == len(data.masters[master])
        for place, content in enumerate(places):
            assert f">{data.vocabulary[data.masters[master][place]]}</span>" in content
            if mark := re.search("[▲▼]", content):
                shown[master, place] = mark[0]
    assert shown == marks


def test_what_the_strongest_windows_have_in_common_is_told():
    # The weight of input 2, the token c at the first place: no other window pushes it.
    session, card = opened(RecordCell("weights", 0, (2, 3)))
    first = session.record.contexts[:, 0] == 2
    said = re.sub(r"\s+", " ", text(card))
    way = "up" if len(card.answer.up()) else "down"
    pushes = card.answer.up(FIRST_WINDOWS) if way == "up" else card.answer.down(FIRST_WINDOWS)
    count = sum(push.count for push in pushes)
    assert f"Of the {count} examples in the strongest windows that push {way}, {count} have" in said
    assert f"as token 1 ({first.mean():.0%} of all {len(first)} examples have it)" in said


def test_a_long_list_is_shown_on_demand():
    session, card = opened(WEIGHT, master_sequence_length=(30, 30))
    up, down = (len(pushes) for pushes in (card.answer.up(99), card.answer.down(99)))
    assert min(up, down) > FIRST_WINDOWS and len(listed(card)) == 2 * FIRST_WINDOWS
    card._do({"list": "up", "long": True})
    assert len(listed(card)) == up + FIRST_WINDOWS
    card._do({"list": "down", "long": True})
    assert len(listed(card)) == up + down
    card._do({"list": "up", "long": False})
    assert len(listed(card)) == FIRST_WINDOWS + down


def test_the_button_for_the_whole_list_stands_at_its_end():
    _, card = opened(WEIGHT, master_sequence_length=(30, 30))
    parts = re.split('<button data-key="(?:up|down)"', card._text.html)
    assert len(parts) == 3
    assert all(part.rstrip().endswith("</table><p>") for part in parts[:2])
    assert re.search(r"All \d+</button>", parts[1])


def test_the_head_says_what_is_ranked():
    _, card = opened(WEIGHT)
    assert "windows of this batch, by their push on W2[2, 3]" in card._head.object
    show_training_set(card)
    assert "windows of the training set, by their push on W2[2, 3]" in card._head.object


def test_a_long_master_sequence_is_shown_around_its_marks():
    _, card = opened(WEIGHT, master_sequence_length=(400, 400), num_master_sequences=1)
    (row,) = re.findall('<div class="bp-master">(.*?)</div>', card._text.html)
    assert row.count("bp-place") <= 120 and " … " in row
    listed_places = {
        place for push in [*card.answer.up(5), *card.answer.down(5)] for place in push.origins
    }
    assert len(re.findall("[▲▼]", row)) == len(listed_places)


def test_tokens_are_escaped():
    _, card = opened(WEIGHT, vocabulary=["<b>", "&", "c"])
    assert "&lt;b&gt;" in card._text.html and "<b></" not in card._text.html


def test_pushes_that_are_not_finite_are_said_to_be_none():
    session, card = opened(WEIGHT)
    engine = session.run.trainer.engine
    engine.network.weights[2][...] = np.nan
    session.look()
    card.answering.finish()
    assert listed(card) == []
    assert "pushed up by 0 windows" in text(card)
