"""The panel at the right explains and edits the chosen cell."""

import re
from html import escape, unescape

import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import RecordCell, explain
from backprop_panel.settings import SettingError
from backprop_panel.views.panels.inspector import Inspector
from backprop_panel.views.panels.session_map import session_map
from backprop_panel.views.plots.numbers import number
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.checks import Checks
from backprop_panel.views.state.marks import CellBlock
from backprop_panel.views.state.session import Session

# The widgets' library gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(optimizer="adam")
    session = Session(manager)
    session.select(Cell("weight", 1, 3, 17))
    return session


@pytest.fixture
def last_update(session):
    """A function that returns the weight's last update as text, None if there is none."""
    pane = Inspector(session, Checks.of(session))._pane

    def last_update():
        session.param.trigger("path")
        row = re.search(
            "<td>(?:last update|ΔW.*?)</td><td>(?:update)?</td><td>(.*?)</td>", pane.html
        )
        return row and re.sub("<.*?>", "", row[1]).replace("−", "-")

    return last_update


def test_the_last_update_is_that_of_the_step(session, last_update):
    session.run_batch()
    added = session.record.weight_updates[1][3, 17]
    assert float(last_update()) == pytest.approx(added, rel=1e-2)


def test_the_last_update_is_still_shown_before_the_next_step(session, last_update):
    session.run_batch()
    shown = last_update()
    session.look()
    assert last_update() == shown


def test_no_last_update_is_shown_before_a_step_or_after_a_reset(session, last_update):
    assert last_update() is None
    session.run_batch()
    session.reset()
    assert last_update() is None


def test_the_last_update_survives_a_change_of_the_optimizer(session, last_update):
    session.run_batch()
    session.change("optimizer", "sgd")
    session.run_batch()
    shown = last_update()
    session.change("optimizer", "adam")
    session.look()
    assert last_update() == shown


@pytest.fixture
def inspector(session):
    return Inspector(session, Checks.of(session))


def test_another_number_is_shown_from_its_top_and_a_step_scrolls_nothing(session, inspector):
    before = inspector._pane.at_top
    session.follow(RecordCell("deltas", 1, (0, 17)))
    assert inspector._pane.at_top == before + 1
    session.run_batch()
    send(inspector, all=True)
    assert inspector._pane.at_top == before + 1


def test_a_difference_is_explained_from_its_top(session, inspector):
    session.follow(RecordCell("deltas", 1, (0, 17)))
    before = inspector._pane.at_top
    session.subtracted = session.run.replay(0).engine
    assert inspector._pane.at_top == before + 1


def page(inspector):
    return inspector._pane.html


def send(inspector, **message):
    """Do what the browser does when something is clicked or pointed at."""
    inspector._answer(message)


def switches(inspector):
    """Return whether each switch of the chosen cell is on, by its label."""
    found = re.findall(r"<input type=\"checkbox\".*?(checked)?>(.*?)</label>", page(inspector))
    return {unescape(label): bool(checked) for checked, label in found}


def turn(inspector, label, on):
    (key,) = re.findall(
        rf'data-key="(\w+)"[^>]*>{re.escape(escape(label))}</label>', page(inspector)
    )
    send(inspector, switch=key, on=on)


def test_the_checkbox_freezes_the_layer_and_lets_it_learn_again(session, inspector):
    turn(inspector, "Freeze W2 and b2", True)
    assert session.engine.frozen == {1} and switches(inspector)["Freeze W2 and b2"]
    turn(inspector, "Freeze W2 and b2", False)
    assert session.engine.frozen == set() and not switches(inspector)["Freeze W2 and b2"]


def test_choosing_a_cell_shows_whether_its_layer_is_frozen(session, inspector):
    turn(inspector, "Freeze W2 and b2", True)
    events = len(session.engine.events)
    session.select(Cell("bias", 0, 16, 3))
    assert not switches(inspector)["Freeze W1 and b1"]
    session.select(Cell("weight", 1, 0, 0, is_gradient=True))
    assert switches(inspector)["Freeze W2 and b2"]
    assert len(session.engine.events) == events


def test_a_single_weight_and_a_unit_are_frozen_from_their_cells(session, inspector):
    turn(inspector, "Freeze W2[3, 17]", True)
    session.select(Cell("activation", 1, 0, 5))
    turn(inspector, "Freeze the unit: W1[·, 5] and b1[5]", True)
    assert session.engine.frozen_parts == {(1, 3, 17), (0, None, 5)}
    session.select(Cell("weight", 0, 2, 5))
    assert switches(inspector)["Freeze the unit: W1[·, 5] and b1[5]"]
    assert not switches(inspector)["Freeze W1[2, 5]"]
    turn(inspector, "Freeze the unit: W1[·, 5] and b1[5]", False)
    assert session.engine.frozen_parts == {(1, 3, 17)}


def test_a_hidden_unit_is_silenced_and_heard_again(session, inspector):
    session.select(Cell("activation", 1, 0, 5))
    turn(inspector, "Silence unit 5 of a1", True)
    assert session.engine.silenced == {(1, 5)}
    assert not session.record.activations[1][:, 5].any()
    assert "is silenced" in page(inspector)
    turn(inspector, "Silence unit 5 of a1", False)
    assert session.engine.silenced == set() and session.record.activations[1][:, 5].any()


def test_inputs_and_logits_cannot_be_silenced_or_frozen(session, inspector):
    session.select(Cell("input", 0, 0, 5))
    assert switches(inspector) == {}
    session.select(Cell("logit", 3, 0, 1))
    assert switches(inspector) == {}


def test_a_weight_is_set_from_its_explanation(session, inspector):
    send(inspector, set="0.75")
    assert session.run.model.weights[1][3, 17] == 0.75
    assert "set by hand" in page(inspector) and 'value=""' in page(inspector)


@pytest.mark.parametrize("text", ["abc", "nan", "1e39", ""])
def test_a_value_that_is_refused_stays_in_the_field_with_the_reason(session, inspector, text):
    events = len(session.engine.events)
    send(inspector, set=text)
    assert len(session.engine.events) == events
    assert f'value="{text}"' in page(inspector) and 'role="alert"' in page(inspector)


def test_a_number_is_found_by_its_name(session, inspector):
    session.deselect()
    send(inspector, find="dW2[3, 17]")
    assert session.path == (RecordCell("weight_gradients", 1, (3, 17)),)


def test_a_name_that_is_refused_stays_in_its_field_until_another_number_is_chosen(
    session, inspector
):
    send(inspector, find="dW2[99, 0]")
    field = inspector._find_pane
    assert 'value="dW2[99, 0]"' in field.html and "shape (32, 32)" in field.html
    assert session.question == RecordCell("weights", 1, (3, 17))
    session.select(Cell("weight", 1, 4, 17))
    assert "99" not in field.html and 'role="alert"' not in field.html


def test_a_switch_that_is_refused_says_why_and_stays_as_it_is(session, inspector, monkeypatch):
    """As in a window that looks at a run which another one trains."""
    session.select(Cell("activation", 1, 0, 5))

    def refuse(command):
        raise SettingError("training", "The run is being trained in another window.")

    monkeypatch.setattr(session.run, "submit", refuse)
    turn(inspector, "Silence unit 5 of a1", True)
    assert "trained in another window" in page(inspector)
    assert not switches(inspector)["Silence unit 5 of a1"]


def test_deselecting_leaves_nothing_to_explain(session, inspector):
    send(inspector, deselect=True)
    assert session.path == () and "Click a cell" in page(inspector)


def test_a_link_explains_the_number_it_stands_for_and_the_path_leads_back(session, inspector):
    session.run_batch()
    session.follow(RecordCell("weight_gradients", 1, (3, 17)))
    send(inspector, follow={"quantity": "deltas", "layer": 1, "index": [4, 17]})
    assert "<h3>δ2[4, 17]</h3>" in page(inspector)
    assert [cell.quantity for cell in session.path] == ["weights", "weight_gradients", "deltas"]
    send(inspector, follow={"quantity": "weight_gradients", "layer": 1, "index": [3, 17]})
    assert "<h3>dW2[3, 17]</h3>" in page(inspector)
    assert [cell.quantity for cell in session.path] == ["weights", "weight_gradients"]


def test_the_first_terms_are_shown_until_all_are_asked_for(session, inspector):
    session.path = (RecordCell("activation_gradients", 1, (0, 0)),)
    assert page(inspector).count("<tr data-ring") == 8
    send(inspector, all=True)
    assert page(inspector).count("<tr data-ring") == 32
    session.path = (RecordCell("activation_gradients", 1, (0, 1)),)
    assert page(inspector).count("<tr data-ring") == 8


def test_examples_with_the_same_tokens_are_one_row_with_a_count(session, inspector):
    session.path = (RecordCell("bias_gradients", 1, (3,)),)
    send(inspector, all=True)
    source = session.map_source
    examples = {tuple(source.example_tokens(row)) for row in range(32)}
    assert page(inspector).count("<tr data-ring") == len(examples) < 32


def test_positive_and_negative_terms_are_summed_up(session, inspector):
    session.path = (RecordCell("weight_gradients", 1, (3, 17)),)
    terms = [term.value for term in explain(session.record, session.question).terms]
    up, down = (sum(v for v in terms if v * sign > 0) for sign in (1, -1))
    assert f"<b>{number(up)}</b>" in page(inspector)
    assert f"<b>{number(down)}</b>" in page(inspector)


def test_pointing_at_a_term_rings_its_numbers(session, inspector):
    send(inspector, ring=[{"quantity": "deltas", "layer": 1, "index": [4, 17]}])
    assert session.ringed == (RecordCell("deltas", 1, (4, 17)),)
    send(inspector, ring=[])
    assert session.ringed == ()


def test_a_row_that_is_not_in_the_batch_is_said_to_be_missing(session, inspector):
    session.path = (RecordCell("activations", 1, (31, 0)),)
    session.run_single_step()
    assert "Not in this batch" in page(inspector)
    assert "0 to 0" in page(inspector)


def test_tokens_are_escaped(session):
    session.manager.create(vocabulary=["<b>", "&", "c"], num_samples=64)
    inspector = Inspector(session, Checks.of(session))
    session.path = (RecordCell("bias_gradients", 1, (3,)),)
    assert "&lt;b&gt;" in page(inspector) and "<b></" not in page(inspector)


def test_a_number_that_is_not_finite_names_where_that_began(session, inspector):
    for row in range(16):
        session.set_weight(Cell("weight", 0, row, 5), 3e38)
    session.path = (RecordCell("weight_gradients", 2, (0, 0)),)
    assert "Not finite, because" in page(inspector)
    assert "it began with" in page(inspector)


def test_a_run_of_another_shape_has_nothing_chosen(session, inspector):
    session.manager.create(hidden_dimension=4)
    assert session.path == () and "Click a cell" in page(inspector)


def test_a_delta_that_the_map_does_not_show_says_what_is_framed_in_its_place(session, inspector):
    session.path = (RecordCell("deltas", 1, (3, 17)),)
    assert "around ∂L/∂a of the same unit, not around δ" in page(inspector)
    send(inspector, deltas=True)
    assert "not around δ" not in page(inspector) and "Show ∂L/∂a on the map" in page(inspector)


def test_deltas_are_shown_on_the_map_when_asked_for(session, inspector):
    network_map = session_map(session, Checks.of(session))
    session.path = (RecordCell("weight_gradients", 1, (3, 17)),)
    assert all(not block.is_gradient for block in network_map.state.marks.operands)
    send(inspector, deltas=True)
    assert network_map.grid.gradients[4].source.name == "δ2"
    assert np.array_equal(network_map.grid.gradients[4].images[0], session.record.deltas[1])
    assert CellBlock(4, True, (0, 31), (17, 17)) in network_map.state.marks.operands
