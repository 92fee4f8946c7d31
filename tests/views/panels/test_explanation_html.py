"""What the panel at the right says of a number."""

import json
import re
from html import escape, unescape

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import RecordCell
from backprop_panel.views.panels.explanation_links import cell_message
from backprop_panel.views.panels.inspector import Inspector
from backprop_panel.views.panels.session_map import session_map
from backprop_panel.views.plots.numbers import number
from backprop_panel.views.state.checks import Checks
from backprop_panel.views.state.session import Session
from backprop_panel.views.widgets.explanation_pane import ExplanationPane

pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")

GRADIENT = RecordCell("weight_gradients", 1, (3, 17))


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(optimizer="adam", loss_type="cross_entropy", weight_decay=0.01)
    session = Session(manager)
    session.run_batch()
    session.run_batch()
    return session


@pytest.fixture
def pane(session):
    _, pane = Inspector(session, Checks.of(session)).__panel__().select(ExplanationPane)
    return pane


def said(session, pane, *cell):
    """Choose a number; return what is said of it, without links."""
    session.path = (RecordCell(*cell),)
    return unescape(re.sub("<[^>]*>", " ", pane.html))


def key_of(*cell):
    """Return the attribute of a link to a number."""
    return f'data-key="{escape(json.dumps(cell_message(RecordCell(*cell))))}"'


def test_what_the_optimizer_remembered_is_said_to_be_from_before_the_step(session, pane):
    assert "running mean before the step" in said(session, pane, "weight_gradients", 1, (3, 17))
    session.look()
    assert "running mean before" not in said(session, pane, "weight_gradients", 1, (3, 17))


def table_rows(pane):
    """Return the texts in the rows of all tables."""
    rows = re.findall("<tr[^>]*>(.*?)</tr>", pane.html)
    return [
        [unescape(re.sub("<[^>]*>", "", cell)).strip() for cell in re.findall("<td.*?</td>", row)]
        for row in rows
    ]


@pytest.mark.parametrize(
    ("optimizer", "symbols"),
    [
        ("sgd", "λ g η"),
        ("momentum", "λ g μ η"),
        ("rmsprop", "λ g α ε η"),
        ("adam", "λ g β₁ β₂ ε t m̂ v̂ η"),
    ],
)
def test_each_symbol_of_an_update_has_words_and_a_value(optimizer, symbols):
    manager = TrainingRunManager()
    manager.create(optimizer=optimizer, weight_decay=0.01, learning_rate=0.02)
    session = Session(manager)
    session.run_batch()
    _, pane = Inspector(session, Checks.of(session)).__panel__().select(ExplanationPane)
    said(session, pane, "weight_updates", 1, (3, 17))
    rows = {row[0]: row[1:] for row in table_rows(pane) if len(row) == 3}
    for symbol in symbols.split():
        meaning, value = rows[symbol]
        assert len(meaning) > 5 and value
    assert rows["η"] == ["learning rate", "0.02"]
    assert rows["dW2[3, 17]"][0] == "∂L/∂θ, the gradient"
    for name in session.record.moments:
        letter = "m" if name == "mean" else "v"
        assert rows[f"{letter} of W2[3, 17]"][0].startswith(f"{letter}ₜ₋₁, ")
        assert rows[f"{letter} after"][0].startswith(f"{letter}ₜ, ")


def test_symbols_stand_between_the_equations_and_the_terms(session, pane):
    said(session, pane, "weight_updates", 1, (3, 17))
    places = [pane.html.index(each) for each in ("data-tex", ">learning rate<", "earlier steps")]
    assert places == sorted(places)


def test_moments_are_named_by_their_weight_without_a_number_of_their_own(session, pane):
    assert "m of W2[3, 17]" in said(session, pane, "mean", 1, (3, 17))
    assert "m_{W_{2}[3,17]}" in pane.html
    assert "v of b2[17]" in said(session, pane, "mean_square", 1, (32, 17))
    assert not re.search(r"\b[mv]\d|[mv]_\{\d", pane.html)


@pytest.mark.parametrize(
    ("cell", "use"),
    [
        (("weights", 1, (3, 17)), "Used in z2[·, 17] of each example: 0 1 2 3"),
        (("activations", 1, (4, 3)), "Used in z2[4, ·] of each unit: 0 1 2 3"),
        (("pre_activations", 1, (4, 3)), "Used in a2[4, 3]"),
        (("activations", 3, (4, 3)), "Used in L[4]"),
    ],
)
def test_a_number_says_where_it_is_used(session, pane, cell, use):
    assert use in re.sub(r"\s+", " ", said(session, pane, *cell))


def test_the_links_of_a_use_lead_on(session, pane):
    said(session, pane, "weights", 1, (3, 17))
    assert key_of("pre_activations", 1, (4, 17)) in pane.html


def test_of_many_uses_the_first_and_those_on_the_path_are_shown_until_all_are(session):
    inspector = Inspector(session, Checks.of(session))
    pane = inspector._pane
    session.follow(GRADIENT)
    session.follow(RecordCell("deltas", 1, (20, 17)))
    uses = re.search("Used in dW2.*?<br>", pane.html)[0]
    assert [int(text) for text in re.findall(r">(\d+)</button>", uses)] == list(range(8))
    assert re.findall(r'<b title="on the path[^"]*"><button[^>]*>(\d+)<', uses) == ["3"]
    session.follow(RecordCell("weight_gradients", 1, (9, 17)))
    session.follow(RecordCell("deltas", 1, (21, 17)))
    uses = re.search("Used in dW2.*?<br>", pane.html)[0]
    assert re.findall(r'<b title="on the path[^"]*"><button[^>]*>(\d+)<', uses) == ["3", "9"]
    inspector._answer({"uses": True})
    uses = re.search("Used in dW2.*?<br>", pane.html)[0]
    assert [int(text) for text in re.findall(r">(\d+)</button>", uses)] == list(range(32))
    assert "first 8</button>" in uses


def test_outputs_are_named_by_their_tokens(session, pane):
    text = said(session, pane, "deltas", 2, (8, 2))
    assert "with logit 2 (c) of example 8" in text
    assert "unit 2 (c) of ŷ" in said(session, pane, "weight_gradients", 2, (3, 2))
    assert "to ŷ[·, 2] (c)" in said(session, pane, "weights", 2, (3, 2))
    assert "its target, output" in (text := said(session, pane, "loss", None, (8,)))
    target = session.record.targets[8]
    assert f"output {target} ({'abcd'[target]})" in text
    said(session, pane, "deltas", 1, (8, 2))
    assert {row[0] for row in table_rows(pane) if row} >= {"0 (a)", "1 (b)", "2 (c)", "3 (d)"}


def test_an_output_that_is_called_like_a_tag_is_escaped():
    manager = TrainingRunManager()
    manager.create(vocabulary=["<b>", "&", "c"])
    session = Session(manager)
    _, pane = Inspector(session, Checks.of(session)).__panel__().select(ExplanationPane)
    session.path = (RecordCell("deltas", 2, (0, 0)),)
    assert "logit 0 (&lt;b&gt;)" in pane.html


def test_deltas_are_offered_directly_below_the_equations(session, pane):
    session.path = (GRADIENT,)
    assert re.search(r'data-tex="[^"]*"></div><p class="bp-facts">δ2 is outlined', pane.html)


def test_terms_that_cancel_are_compared_with_the_sum_of_their_magnitudes(session, pane):
    text = said(session, pane, "weight_gradients", 1, (3, 17))
    assert re.search(r"they cancel down to \d[\d.]*% of the sum of their magnitudes", text)


def test_numbers_that_are_all_zero_have_no_rank(session, pane):
    assert "from the largest in size" in said(session, pane, "bias_gradients", 1, (3,))
    session.change("fault", "no_bias_gradient")
    assert "db2: all 32 numbers are 0" in said(session, pane, "bias_gradients", 1, (3,))


def test_columns_of_terms_have_one_format(session, pane):
    session.path = (GRADIENT,)
    rows = [row for row in table_rows(pane) if len(row) == 5]
    assert len(rows) == 8
    for column in (1, 2, 4):
        written = [row[column] for row in rows]
        with_powers = ["×10" in text for text in written if text != "0"]
        assert all(with_powers) or not any(with_powers)


def test_the_deltas_are_outlined_where_the_explanation_says(session, pane):
    network_map = session_map(session, Checks.of(session))
    assert "δ2 is outlined as well once" in said(session, pane, *_parts(GRADIENT))
    assert "Show δ on the map" in pane.html
    outlined = {(block.column, block.is_gradient) for block in network_map.state.marks.operands}
    assert outlined == {(2, False)}
    session.deltas_shown = True
    assert "The gradient row of the map shows δ" in said(session, pane, *_parts(GRADIENT))
    outlined = {(block.column, block.is_gradient) for block in network_map.state.marks.operands}
    assert outlined == {(2, False), (4, True)}


def test_the_last_layers_deltas_are_always_outlined(session, pane):
    network_map = session_map(session, Checks.of(session))
    assert "outlined as well" not in said(session, pane, "weight_gradients", 2, (3, 1))
    outlined = {(block.column, block.is_gradient) for block in network_map.state.marks.operands}
    assert (6, True) in outlined


def _parts(cell):
    return cell.quantity, cell.layer, cell.index


def test_a_probability_is_called_one_and_links_the_logits_of_its_sum(session, pane):
    text = said(session, pane, "probabilities", None, (4, 2))
    assert "probability of “c”" in text and "logit of" not in text
    for output in range(4):
        logit = RecordCell("logits", None, (4, output)).value(session.record)
        assert key_of("logits", None, (4, output)) in pane.html
        assert number(logit) in text
    assert len([row for row in table_rows(pane) if len(row) == 4]) == 4


@pytest.mark.parametrize(
    ("quantity", "index", "is_offered"),
    [
        ("weights", (3, 17), True),
        ("biases", (17,), True),
        ("new_weights", (3, 17), True),
        ("weight_gradients", (3, 17), False),
        ("weight_updates", (3, 17), False),
        ("bias_gradients", (17,), False),
        ("mean", (3, 17), False),
        ("mean_square", (3, 17), False),
    ],
)
def test_a_value_is_set_at_a_weight_or_bias_only(session, pane, quantity, index, is_offered):
    assert ("Set value" in said(session, pane, quantity, 1, index)) == is_offered
