"""Comparing two steps: refusals, and the explanation of a difference."""

import re
from time import sleep

import panel as pn
import panel_material_ui as pmui
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.compared_moments import OTHER_DATA, SAME_BATCH
from backprop_panel.views.panels.difference_html import OTHER_EXAMPLES
from backprop_panel.views.panels.difference_tab import ALIKE, DifferenceTab
from backprop_panel.views.panels.inspector import Inspector
from backprop_panel.views.panels.session_map import session_map
from backprop_panel.views.plots.numbers import number_html
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.checks import Checks
from backprop_panel.views.state.session import Session
from backprop_panel.views.widgets.buttons import RunSelect
from backprop_panel.views.widgets.explanation_pane import ExplanationPane

# panel-material-ui gives its own buttons both the old and the new name of an option.
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
    """A function that types a step, presses Compare and returns the field."""
    tab = DifferenceTab(session)
    tab.visible = True
    layout = tab.__panel__()
    (field,) = layout.select(pmui.TextInput)
    (button,) = (each for each in layout.select(pmui.Button) if each.label == "Compare")

    def compare(text):
        field.value = text
        button.clicks += 1
        return field

    return compare


@pytest.mark.parametrize("text", ["abc", "", "-3", "1.5", "5"])
def test_a_step_that_does_not_exist_is_refused_beside_its_field(session, compare, text):
    field = compare(text)
    assert field.error_state
    assert text in field.helper_text
    assert session.subtracted is None


def fields_of(tab):
    layout = tab.__panel__()
    return layout.select(RunSelect)[0], layout.select(pmui.TextInput)[0]


def test_a_run_alone_is_compared_with_its_beginning_however_far_it_goes(session):
    select, step = fields_of(DifferenceTab(session))
    for _ in range(2):
        assert (select.value, step.value) == (session.run.id, "0")
        session.run_batch()


def test_the_beginning_of_a_run_is_compared_with_its_last_step(session):
    _, step = fields_of(DifferenceTab(session))
    session.travel(0)
    assert step.value == "4"


def test_a_typed_step_stays_as_the_run_goes_on(session):
    _, step = fields_of(DifferenceTab(session))
    step.value = "2"
    session.run_batch()
    assert step.value == "2"


def test_a_run_without_a_parent_is_compared_with_another_of_its_shape(session):
    select, step = fields_of(DifferenceTab(session))
    first = session.run
    session.manager.create(optimizer="adam")
    assert (select.value, step.value) == (first.id, "4")
    narrow = session.manager.create(hidden_dimension=8)
    assert select.value == narrow.id


def test_a_fork_is_compared_with_its_parent_first(session):
    tab = DifferenceTab(session)
    (select,) = tab.__panel__().select(RunSelect)
    manager, first = session.manager, session.run
    second = manager.create(optimizer="adam")
    fork = manager.fork(first.id, step=2)
    assert session.run is fork and select.value == first.id
    fork_of_fork = manager.fork(fork.id, step=1)
    assert select.value == fork.id == next(iter(select.options.values()))
    assert set(select.options.values()) == {run.id for run in (first, second, fork, fork_of_fork)}


def test_the_chosen_run_stays_where_a_run_has_no_parent(session):
    tab = DifferenceTab(session)
    (select,) = tab.__panel__().select(RunSelect)
    first = session.run
    session.manager.create(optimizer="adam")
    session.manager.create(optimizer="adam")
    select.value = first.id
    session.manager.create(optimizer="adam")
    assert select.value == first.id


def test_a_page_has_the_plot_of_distances_once_something_is_compared(session):
    tab = DifferenceTab(session)
    tab.visible = True
    assert not tab.__panel__().select(pn.pane.HoloViews)
    tab._compare()
    assert tab.__panel__().select(pn.pane.HoloViews)


def test_runs_without_any_difference_have_words_in_place_of_a_plot(session, compare):
    session.manager.fork(session.run.id, step=4)
    session.run_batch()
    tab = DifferenceTab(session)
    tab.visible = True
    tab._compare()
    assert tab._legend.object == ALIKE and not tab._plot[-1].visible
    session.manager.run(session.run.parent[0]).trainer.run_batch()
    session.change("learning_rate", 0.1)
    session.run_batch()
    select, step = fields_of(tab)
    select.value = session.run.id
    step.value = "1"
    tab._compare()
    assert tab._legend.object != ALIKE and tab._plot[-1].visible


def test_equal_layers_are_marked_at_the_foot_of_the_distances(session):
    tab = DifferenceTab(session)
    layout = tab.__panel__()
    (field,) = layout.select(pmui.TextInput)
    (button,) = (each for each in layout.select(pmui.Button) if each.label == "Compare")
    field.value = "2"
    button.clicks += 1
    marks = tab._distances._edges.data
    assert set(marks["x"]) == {2}  # where the run is compared with itself
    assert len(marks["x"]) == session.run.model.network.depth


def test_a_refusal_disappears_with_the_next_comparison(session, compare):
    assert compare("99").error_state
    assert not compare("2").error_state
    assert session.subtracted.step == 2
    assert session.mistakes == {}


def test_each_refusal_replaces_the_last_and_goes_with_a_change(session, compare):
    field = compare("99")
    session.manager.create(hidden_dimension=8)
    field = compare("0")
    assert not field.error_state
    assert "have no cells in common" in session.mistakes["difference"]
    field.value = "1"
    assert session.mistakes == {}


def explained(layout):
    _, pane = layout.select(ExplanationPane)  # the first one finds a number
    return pane.html


def test_the_inspector_explains_the_difference(session, compare):
    layout = Inspector(session, Checks.of(session)).__panel__()
    session.select(Cell("weight", 1, 3, 17))
    compare("1")
    weights = session.run.model.weights[1][3, 17] - session.run.at(1).weights[1][3, 17]
    assert "<h3>Difference of W2[3, 17]</h3>" in explained(layout)
    assert f'<div class="bp-value">{number_html(weights)}</div>' in explained(layout)
    assert "last update" not in explained(layout)
    session.subtracted = None
    assert "<h3>W2[3, 17]</h3>" in explained(layout)


def test_equal_examples_share_a_row_of_a_difference(session, compare):
    layout = Inspector(session, Checks.of(session)).__panel__()
    session.select(Cell("weight", 1, 3, 17, is_gradient=True))
    compare("1")
    record = session.compared[0]
    distinct = {(*row, target) for row, target in zip(record.contexts, record.targets, strict=True)}
    assert len(distinct) < len(record.targets)
    assert f">All {len(distinct)}<" in explained(layout)
    assert re.search(r"</span> ×\d</td>", explained(layout))


def texts_of(tab):
    return " ".join(text.object for text in tab.__panel__().select(pn.pane.HTML))


@pytest.mark.parametrize(("seed", "words"), [(0, SAME_BATCH), (1, OTHER_DATA)])
def test_the_words_say_whether_both_see_the_same_examples(session, seed, words):
    other = session.run
    session.manager.create(optimizer="adam", seed=seed)
    network_map = session_map(session, Checks.of(session))
    tab = DifferenceTab(session)
    tab.visible = True
    select, _ = fields_of(tab)
    select.value = other.id
    tab._compare()
    same = not session.map_record.activations[0].any()
    assert same == (words == SAME_BATCH)
    assert words in texts_of(tab)
    assert words in network_map.state.title
    session.select(Cell("weight", 1, 3, 17))
    page = explained(Inspector(session, Checks.of(session)).__panel__())
    assert (OTHER_EXAMPLES in page) != same


def test_settings_that_differ_are_written_as_people_write_them(session):
    session.manager.fork(session.run.id, step=4, fault="no_bias_gradient")
    tab = DifferenceTab(session)
    tab.visible = True
    tab._compare()
    assert "<td>none, then Bias gradients missing from step 4</td>" in texts_of(tab)


def test_the_compared_step_is_shown_after_each_step(session, compare):
    tab = DifferenceTab(session)
    tab.visible = True
    compare("1")
    session.run_batch()
    assert "at step 5 minus" in texts_of(tab)


def test_a_step_does_not_differ_from_itself(session, compare):
    session.travel(2)
    compare("2")
    assert not any(array.any() for array in session.map_record.layers)


def test_a_visible_comparison_does_not_change_training(session, compare):
    """Computations for the page do not disturb the buffers of the worker."""
    compare("1")
    Inspector(session, Checks.of(session))
    run = session.run
    session.toggle_play()
    for column in range(32):
        sleep(0.01)
        session.select(Cell("weight", 0, 0, column))
        session.tick()
    session.pause()
    assert run.replay(run.trainer.step).deviation == ""
