"""What the page tells of its checks: on the map, below it, in the inspector and in the toolbar."""

from dataclasses import replace

import numpy as np
import panel as pn
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import RecordCell, audit, check_gradients
from backprop_panel.analysis.checks.update_audit import Discrepancy, IntervalAudit
from backprop_panel.views.panels.audit_light import WAITING, AuditLight, light
from backprop_panel.views.panels.audit_panel import AuditPanel, standing
from backprop_panel.views.panels.check_foot import CHECKING, CheckFoot, found
from backprop_panel.views.panels.checks_html import checks_html
from backprop_panel.views.panels.session_map import session_map
from backprop_panel.views.plots.colors import DARK, LIGHT
from backprop_panel.views.plots.error_colors import (
    AT_KINK,
    BOUNDARY,
    ERROR_SCALE,
    NOT_CHECKED,
    error_cells,
    error_palette,
)
from backprop_panel.views.state.checks import Checks
from backprop_panel.views.state.run_audit import RunAudit
from backprop_panel.views.state.session import Session

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=60, hidden_dimension=6, loss_type="cross_entropy", batch_size=8)
    session = Session(manager)
    session.run_batch()
    return session


@pytest.fixture
def checks(session):
    return Checks.of(session)


def show_check(checks, record=None, **options):
    """Show a gradient check as the background delivers it."""
    record = record or checks.gradients.session.record
    checks.gradients.take(record, check_gradients(record, **options))
    return checks.gradients.check


def show_audit(checks, record):
    checks.audit.take(record, (record, next(iter(audit(record)), None)))


def with_wrong_gradient(record):
    gradients = [gradient.copy() for gradient in record.layer_gradients]
    gradients[1][2, 3] += 1
    return replace(record, layer_gradients=tuple(gradients))


def test_the_lower_row_shows_errors_of_weights_and_gradients_of_the_rest(session, checks):
    network_map = session_map(session, checks)
    check = show_check(checks)
    for column, heatmap in zip(network_map.grid.columns, network_map.grid.gradients, strict=True):
        shown = np.concatenate(heatmap.images)
        if column.has_bias:
            assert np.allclose(shown, check.errors[column.layer])
            assert heatmap.source.tags == ["relative error"]
            assert heatmap.mapper.palette == error_palette(LIGHT)
        else:
            assert np.array_equal(shown, column.gradients(session.record))
            assert heatmap.source.tags == [] and heatmap.mapper.palette == LIGHT.diverging()


def test_gradients_come_back_once_the_check_is_switched_off(session, checks):
    network_map = session_map(session, checks)
    show_check(checks)
    network_map.state.dark = True
    checks.gradients.forget()
    for column, heatmap in zip(network_map.grid.columns, network_map.grid.gradients, strict=True):
        assert np.array_equal(np.concatenate(heatmap.images), column.gradients(session.record))
        assert heatmap.mapper.palette == DARK.diverging()
        assert heatmap.source.tags == []


def test_a_difference_is_not_covered_by_errors(session, checks):
    network_map = session_map(session, checks)
    show_check(checks)
    session.subtracted = session.run.replay(0).engine
    assert network_map.state.check is None
    session.subtracted = None
    assert network_map.state.check is checks.gradients.check


def test_errors_have_a_legend_of_their_own(session, checks):
    network_map = session_map(session, checks)
    panes = network_map.__panel__().select(pn.pane.HTML)
    (legend,) = (pane for pane in panes if "bp-legend" in pane.css_classes)
    assert "dW</b>" in legend.object and "relative error" not in legend.object
    show_check(checks)
    assert "dW</b>" not in legend.object
    for words in ("relative error</b>", "0.001"):
        assert words in legend.object


def test_what_is_not_checked_is_in_the_legend_only_where_there_is_some(session, checks):
    network_map = session_map(session, checks)
    check = show_check(checks)
    assert "not checked" not in network_map._words.legend.object
    errors = [layer.copy() for layer in check.errors]
    errors[0][0, 0] = np.nan
    checks.gradients.take(session.record, replace(check, errors=tuple(errors)))
    assert "not checked" in network_map._words.legend.object
    assert LIGHT.unchecked in network_map._words.legend.object


def test_a_check_of_the_next_batch_says_so(session, checks):
    session.look()
    check = show_check(checks)
    said = found(check, session.record)
    assert said.startswith(f"Gradients of the next batch, after step {session.record.step}: ")


def test_corners_of_relu_are_in_the_legend_only_where_there_are_some(session, checks):
    network_map = session_map(session, checks)
    check = show_check(checks)
    assert "corner of ReLU" not in network_map._words.legend.object
    kinks = [layer.copy() for layer in check.kinks]
    kinks[0][0, 0] = True
    checks.gradients.take(session.record, replace(check, kinks=tuple(kinks)))
    assert "corner of ReLU" in network_map._words.legend.object
    assert LIGHT.kink in network_map._words.legend.object


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_cells_without_an_error_have_colours_of_their_own(theme):
    palette = error_palette(theme)

    def color(value):
        share = (1 + float(ERROR_SCALE.shares(np.asarray(value)))) / 2
        return palette[min(int(share * len(palette)), len(palette) - 1)]

    assert len(palette) == 255
    assert color(AT_KINK) == theme.kink and color(NOT_CHECKED) == theme.unchecked
    assert color(0.0) == theme.background and color(2.0) == theme.positive
    assert AT_KINK < BOUNDARY < NOT_CHECKED < 0


def test_a_wrong_error_is_larger_than_the_numbers_of_cells_without_one():
    cells = error_cells(np.array([[np.nan, 1e-3, np.nan]]), np.array([[False, False, True]]))
    assert np.argmax(np.abs(cells)) == 1
    assert cells.tolist() == [pytest.approx([NOT_CHECKED, 1e-3, AT_KINK])]


def test_nothing_stands_below_the_map_unless_gradients_are_checked(checks):
    foot = CheckFoot(checks.gradients)
    row = foot.__panel__()
    assert not row.visible
    checks.gradients.on = True
    button, text = row
    assert row.visible and not button.visible and text.object == CHECKING


def test_the_worst_gradient_is_one_press_away(session, checks):
    record = with_wrong_gradient(session.record)
    foot = CheckFoot(checks.gradients)
    show_check(checks, record)
    button, text = foot.__panel__()
    assert button.label.startswith("Worst: dW2[2, 3], relative error ")
    assert "✕ 1 wrong" in text.object
    foot._select()
    assert session.question == RecordCell("weight_gradients", 1, (2, 3))


def test_the_worst_may_be_a_bias(session):
    record = session.record
    gradients = [gradient.copy() for gradient in record.layer_gradients]
    gradients[0][-1, 4] += 1
    record = replace(record, layer_gradients=tuple(gradients))
    assert check_gradients(record).worst_cell.name(record) == "db1[4]"


def test_the_size_of_a_sample_is_told(session):
    record = session.record
    size = sum(layer.size for layer in record.layers)
    assert f"{size} of {size} checked." in found(check_gradients(record), record)
    assert f"20 of {size} checked at random." in found(check_gradients(record, sample=20), record)


def test_why_gradients_cannot_be_checked_is_told(checks):
    foot = CheckFoot(checks.gradients)
    checks.gradients.on = True
    checks.gradients.forget("The weights are not finite.")
    assert foot.__panel__()[1].object == "The weights are not finite."


def test_the_inspector_says_what_the_error_of_small_numbers_is_relative_to(session, checks):
    record, cell = session.record, RecordCell("weight_gradients", 1, (2, 3))
    check = show_check(checks)
    check.expected[1][2, 3] = cell.value(record) + 0.02
    check.errors[1][2, 3] = 0.02 / 0.5
    assert "relative to " in checks_html(cell, record, checks)
    assert ">0.5000</span>: both are small" in checks_html(cell, record, checks)
    check.errors[1][2, 3] = 0.02 / max(abs(cell.value(record)), abs(check.expected[1][2, 3]))
    assert "relative to" not in checks_html(cell, record, checks)


def test_the_inspector_has_the_numbers_of_the_check(session, checks):
    record, cell = with_wrong_gradient(session.record), RecordCell("weight_gradients", 1, (2, 3))
    assert checks_html(cell, record, checks) == ""
    check = show_check(checks, record)
    said = checks_html(cell, record, checks)
    for words in ("✕ wrong: recorded", "difference quotient", "relative error", "step h ="):
        assert words in said
    assert f'title="{check.expected[1][2, 3]:.9g}"' in said
    assert "✓: recorded" in checks_html(RecordCell("bias_gradients", 1, (0,)), record, checks)
    assert checks_html(cell, session.record, checks) == ""  # of another record
    assert checks_html(RecordCell("weights", 1, (2, 3)), record, checks) == ""


def test_the_inspector_says_which_gradients_have_no_error(session, checks):
    record = session.record
    check = show_check(checks, sample=1)
    layer = next(k for k, errors in enumerate(check.errors) if np.isnan(errors[0, 0]))
    cell = RecordCell("weight_gradients", layer, (0, 0))
    assert "not in the sample" in checks_html(cell, record, checks)
    kinks = [np.zeros_like(each) for each in check.kinks]
    kinks[layer][0, 0] = True
    checks.gradients.take(record, replace(check, kinks=tuple(kinks)))
    assert "corner of ReLU" in checks_html(cell, record, checks)


def test_the_light_tells_that_a_step_follows(session, checks):
    assert light(checks.audit) == ("Audit", WAITING)
    show_audit(checks, session.record)
    label, sentence = light(checks.audit)
    assert label == "Audit ✓" and sentence.startswith("Step 1 follows from its inputs")


def test_the_light_names_the_first_wrong_number_and_leads_to_it(session, checks):
    record = with_wrong_gradient(session.record)
    shown = []
    button = AuditLight(checks.audit, lambda: shown.append(True))
    show_audit(checks, record)
    label, sentence = light(checks.audit)
    assert label == "Audit ✕ dW2[2, 3]"
    assert "Step 1 does not follow" in sentence and "should be" in sentence
    assert button.__panel__().label == label
    button._act()
    assert session.question == RecordCell("weight_gradients", 1, (2, 3)) and not shown
    assert "first number that does not follow" in checks_html(session.question, record, checks)


def test_the_light_leads_to_the_step_that_was_audited_and_not_to_the_next_batch(session, checks):
    session.change("fault", "no_batch_mean")
    session.run_batch()
    record = session.record
    session.look()
    show_audit(checks, record)
    AuditLight(checks.audit, lambda: None)._act()
    assert session.record.updated
    assert session.explanations()[0].value == checks.audit.first.found


def test_a_sound_light_and_a_wrong_accuracy_lead_to_the_audit_of_the_run(session, checks):
    shown = []
    button = AuditLight(checks.audit, lambda: shown.append(True))
    show_audit(checks, session.record)
    button._act()
    show_audit(checks, replace(session.record, accuracy=7.0))
    button._act()
    assert shown == [True, True] and session.question is None


def test_why_a_step_cannot_be_audited_is_told(checks):
    checks.audit.forget("The record lacks its moments.")
    assert light(checks.audit) == ("Audit ?", "The record lacks its moments.")


def test_the_audit_of_a_run_lists_its_wrong_intervals_and_goes_there(session):
    session.run_batch()
    session.travel(1)
    run_audit = RunAudit(session)
    panel = AuditPanel(run_audit)
    wrong = Discrepancy("deltas", 2, (0, 3), 0.5, 0.25)
    intervals = (IntervalAudit(0, 1, [], ""), IntervalAudit(1, 2, [wrong], ""))
    run_audit.param.update(total=2, intervals=intervals)
    (row,) = panel._list
    assert "<b>Step 2</b>: δ3[0, 3] is 0.25" in row[1].object
    assert standing(run_audit) == "2 of 2 intervals, to step 2: 1 with numbers that do not follow."
    panel._shower(2, wrong)()
    assert session.record.step == 2 and session.question == RecordCell("deltas", 2, (0, 3))


def test_a_row_of_a_wrong_interval_stays_when_others_follow(session):
    run_audit = RunAudit(session)
    panel = AuditPanel(run_audit)
    wrong = Discrepancy("deltas", 2, (0, 3), 0.5, 0.25)
    first, second = (IntervalAudit(end - 1, end, [wrong], "") for end in (1, 2))
    run_audit.param.update(total=2, intervals=(first,))
    (row,) = panel._list
    run_audit.intervals = (first, second)
    assert panel._list[0] is row and len(panel._list) == 2


def test_the_audit_of_a_run_tells_its_progress(session):
    audit = RunAudit(session)
    assert standing(audit) == ""
    audit.param.update(total=0)
    assert standing(audit) == "The run has not made a step yet."
    audit.param.update(total=3, running=True)
    assert standing(audit) == "Repeating the first of 3 intervals …"
    audit.intervals = (IntervalAudit(0, 40, [], "It repeats otherwise."),)
    assert standing(audit).startswith("1 of 3 intervals, to step 40: all numbers follow … It")
