"""What if: changes of the loss held to torch, and what is kept or dropped."""

import re
from threading import Event

import holoviews as hv
import numpy as np
import pytest
from random_records import tensor, torch_loss
from stores import SMALL

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import RecordCell, loss_along
from backprop_panel.training.events import Changed, WeightSet
from backprop_panel.views.panels import what_if
from backprop_panel.views.panels.what_if import WhatIf, tried
from backprop_panel.views.panels.what_if_text import END
from backprop_panel.views.plots.numbers import number, signed
from backprop_panel.views.state import answering
from backprop_panel.views.state.session import Session

pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")

WEIGHT = RecordCell("weights", 1, (2, 3))
INPUT = RecordCell("activations", 0, (5, 6))
UPDATE = RecordCell("weight_updates", 1, (2, 3))


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=64, hidden_dimension=6, loss_type="cross_entropy", optimizer="adam")
    session = Session(manager)
    session.run_batch()
    session.run_batch()
    return session


@pytest.fixture
def card(session):
    """The open card."""
    session.path = (WEIGHT,)
    card = WhatIf(session)
    card.visible = True
    answered(card)
    return card


def answered(card):
    card.answering.finish()
    card._point.finish()
    return card


def try_at(card, position):
    """Move the slider; return the value that is tried."""
    card._slider.value = position
    answered(card)
    return card.answer.value_at(position)


def choose(session, card, cell):
    session.path = (cell,)
    answered(card)


def text(card):
    return re.sub("<.*?>", "", card._text.html)


def dots(card):
    """The places of the dots on the plot that is shown."""
    data = card._curves_of(card.answer)._dots.data
    return list(zip(data["x"], data["y"], strict=True))


def drawn(card):
    """The lines of the plot that is shown, by their labels."""
    lines = card._curves_of(card.answer)._source.lines.data
    return {
        label: (np.array(x), np.array(y))
        for label, x, y in zip(lines["label"], lines["xs"], lines["ys"], strict=True)
    }


def loss_with(record, cell, value):
    """The batch's loss by torch, with one number set to a value."""
    layers, inputs = [tensor(layer) for layer in record.layers], record.inputs.astype(np.float64)
    if cell.quantity == "activations":
        inputs[cell.index] = value
    else:
        layers[cell.layer][cell.index] = value
    return torch_loss(record, layers, inputs).item()


def everything(engine):
    """All that determines how a run goes on."""
    return engine.state().digest(), list(engine.events), engine.settings, engine.frozen


def test_true_and_predicted_change_of_the_loss_are_told(session, card):
    value, record = try_at(card, -100), session.record
    change = value - WEIGHT.value(record)
    true = loss_with(record, WEIGHT, value) - loss_with(record, WEIGHT, WEIGHT.value(record))
    slope = float(record.weight_gradients[1][2, 3])
    assert change < 0
    told = signed(card.answer.curve.true(value) - card.answer.curve.loss)
    assert f"W2[2, 3] changed by {signed(change)}: the loss changes by {told}" in text(card)
    assert card.answer.curve.true(value) - card.answer.curve.loss == pytest.approx(true, rel=1e-3)
    assert f"(the slope alone says {signed(slope * change)})" in text(card)


def test_the_losses_before_and_after_have_enough_digits_to_differ(card):
    curve, value = card.answer.curve, try_at(card, 1)
    assert number(curve.loss) == number(curve.true(value))
    before, after = re.search(r"loss of this batch: (\S+) → (\S+)", text(card)).groups()
    assert before != after and before[:5] == after[:5]


def test_the_present_value_is_said_to_be_that_before_the_update(session, card):
    assert f"before step 2’s update {number(card.answer.curve.now)}" in text(card)
    session.look()
    answered(card)
    assert f"● now {number(card.answer.curve.now)}" in text(card)


def test_it_is_said_that_a_value_is_kept_after_the_step_that_is_shown(session, card):
    words = "Keep sets it after step 2, which stays as it was made."
    assert words not in text(card)
    try_at(card, 200)
    assert words in text(card)


def test_the_curve_has_41_points_and_the_tangent_the_slope(session, card):
    values, losses = drawn(card)["loss"]
    assert len(values) == 41
    for at in (0, 7, 40):
        assert losses[at] == pytest.approx(loss_with(session.record, WEIGHT, values[at]), rel=1e-5)
    x, y = drawn(card)["the slope alone"]
    slope = session.record.weight_gradients[1][2, 3]
    assert np.diff(y) / np.diff(x) == pytest.approx(np.full(len(x) - 1, slope), rel=1e-3)
    assert np.ptp(y) <= 1.31 * np.ptp(losses)


def test_a_few_points_come_before_all_of_them(session):
    coarse, fine = tried(session.record, WEIGHT, 4)
    assert (len(coarse.curve.values), len(fine.curve.values)) == (11, 41)
    np.testing.assert_allclose(coarse.curve.losses, fine.curve.losses[::4])


def test_while_nothing_is_known_yet_that_is_said(session, monkeypatch):
    monkeypatch.setattr(answering, "QUICK_SECONDS", 0)
    gate = Event()
    monkeypatch.setattr(what_if, "loss_along", lambda *a, **b: gate.wait() and loss_along(*a, **b))
    session.path = (WEIGHT,)
    card = WhatIf(session)
    card.visible = True
    assert "Computing" in text(card) and card._keep.disabled
    gate.set()
    assert "Computing" not in text(answered(card))


def test_a_dot_marks_now_and_a_ring_the_value_that_is_tried(session, card):
    now = WEIGHT.value(session.record), pytest.approx(session.record.loss, rel=1e-5)
    assert dots(card) == [now]
    value = try_at(card, 40)
    loss = pytest.approx(loss_with(session.record, WEIGHT, value), rel=1e-5)
    assert dots(card) == [now, (value, loss)]
    assert number(value) in card._head.object


def test_the_slider_moves_the_ring_and_leaves_the_lines_alone(card):
    lines = card._curves_of(card.answer)._source.lines.data
    try_at(card, 40)
    assert card._curves_of(card.answer)._source.lines.data is lines


def test_the_slider_reaches_both_ends_of_the_curve(card):
    values = card.answer.curve.values
    assert try_at(card, END) == pytest.approx(values[-1])
    assert try_at(card, -END) == pytest.approx(values[0])


@pytest.mark.parametrize(
    ("cell", "of_rate", "names"),
    [
        (WEIGHT, False, ("weight", "loss")),
        (RecordCell("biases", 1, (3,)), False, ("bias", "loss")),
        (INPUT, False, ("input", "loss")),
        (WEIGHT, True, ("learning rate", "loss after the update")),
    ],
)
def test_the_axes_are_named_by_what_varies(session, card, cell, of_rate, names):
    choose(session, card, cell)
    card._of_rate.value = of_rate
    answered(card)
    pane = card._plot[0]
    figure = hv.render(pane.object)
    assert (figure.xaxis[0].axis_label, figure.yaxis[0].axis_label) == names


@pytest.mark.parametrize("of_rate", [False, True])
def test_the_plot_reaches_just_as_far_as_the_slider(card, of_rate):
    card._of_rate.value = of_rate
    answered(card)
    across = hv.render(card._plot[0].object).x_range
    ends = card.answer.value_at(-END), card.answer.value_at(END)
    assert (across.start, across.end) == pytest.approx(ends, rel=0.01)


def test_a_level_loss_is_drawn_level(session, card):
    """Rather than as its rounding errors."""
    unit = int(np.abs(session.record.activations[1]).max(axis=0).argmin())
    session.silence(1, unit, True)
    choose(session, card, RecordCell("weights", 1, (unit, 3)))
    up = hv.render(card._plot[0].object).y_range
    assert up.end - up.start == pytest.approx(1e-4 * session.record.loss, rel=1e-3)


def test_keep_sets_the_weight_as_an_event_of_the_run(session, card):
    value = try_at(card, 40)
    card._keep.clicks += 1
    answered(card)
    assert session.engine.events[-1] == WeightSet(2, 1, 2, 3, value)
    assert session.record.weights[1][2, 3] == np.float32(value)
    assert card._slider.value == 0 and card._keep.disabled
    assert dots(card)[0][0] == pytest.approx(value)


def test_drop_leaves_no_trace(session, card):
    before, record = everything(session.engine), session.record
    try_at(card, 40)
    card._drop.clicks += 1
    answered(card)
    assert card._slider.value == 0 and card._drop.disabled and card._keep.disabled
    assert everything(session.engine) == before and session.record is record
    assert dots(card) == [(WEIGHT.value(record), pytest.approx(record.loss, rel=1e-5))]


def test_the_learning_rate_is_asked_about_where_an_update_is_chosen(session, card):
    choose(session, card, UPDATE)
    twin = TrainingRunManager().create(**session.run.config)
    twin.trainer.run_batch()
    rate = try_at(card, 200)
    twin.trainer.change(learning_rate=rate)
    record = twin.trainer.run_batch()
    after = torch_loss(record, [tensor(layer) for layer in twin.model.network.layers])
    assert dots(card)[1] == (rate, pytest.approx(after.item(), rel=1e-5))
    assert f"{number(0.001)} → {number(rate)}" in text(card)


def test_keep_changes_the_learning_rate_from_the_next_step_on(session, card):
    choose(session, card, UPDATE)
    rate = try_at(card, 200)
    card._keep.clicks += 1
    assert session.engine.events[-1] == Changed(2, {"learning_rate": rate})
    assert f"The next step takes the learning rate {number(rate)}" in text(card)


def test_the_learning_rate_is_asked_about_at_any_weight(session, card):
    try_at(card, 40)
    card._of_rate.value = True
    answered(card)
    assert card.answer.of_rate and card._slider.value == 0
    choose(session, card, RecordCell("weights", 1, (0, 0)))
    assert not card.answer.of_rate


def test_another_token_in_an_inputs_place_gives_the_batchs_loss(session, card):
    choose(session, card, INPUT)
    record = session.record
    for token, loss in enumerate(card.answer.token_losses):
        inputs = record.inputs.astype(np.float64)
        inputs[5, 4:8] = np.eye(4)[token]
        expected = torch_loss(record, [tensor(layer) for layer in record.layers], inputs).item()
        assert loss == pytest.approx(expected, rel=1e-5)
        assert f"loss {number(loss)}" in card._tokens.object
    assert "If token 2 of example 5" in card._tokens.object


def test_an_input_can_be_tried_but_not_kept(session, card):
    choose(session, card, INPUT)
    before = everything(session.engine)
    value = try_at(card, 40)
    loss = loss_with(session.record, INPUT, value)
    assert dots(card)[1] == (value, pytest.approx(loss, rel=1e-5))
    assert card._keep.disabled and not card._drop.disabled
    assert "An input comes from the data" in text(card)
    assert everything(session.engine) == before


def test_a_value_kept_in_the_past_forks_the_run(session, card):
    run = session.run
    session.travel(1)
    answered(card)
    value = try_at(card, 40)
    card._keep.clicks += 1
    assert session.run.parent == (run.id, 1)
    assert session.engine.network.weights[1][2, 3] == np.float32(value)
    assert all(not isinstance(event, WeightSet) for event in run.trainer.engine.events)


def test_the_past_is_asked_about_with_its_own_numbers(session, card):
    session.travel(1)
    answered(card)
    assert card.answer.record is session.record and session.record.step == 1


def test_the_curve_follows_the_run(session, card):
    session.run_batch()
    answered(card)
    assert card.answer.record is session.record


def test_an_example_that_is_not_in_the_batch_is_said_to_be_missing(session, card):
    choose(session, card, RecordCell("activations", 0, (20, 3)))
    session.run_single_step()
    answered(card)
    assert "0 to 0" in text(card)
    assert not card._plot.visible and card._keep.disabled
    choose(session, card, WEIGHT)
    assert card._plot.visible


def test_a_refusal_to_keep_is_told_beside_the_buttons(tmp_path):
    path = tmp_path / "runs.sqlite"
    TrainingRunManager(path).create(**SMALL)
    session, other = Session(TrainingRunManager(path)), TrainingRunManager(path)
    session.path = (WEIGHT,)
    card = WhatIf(session)
    card.visible = True
    try_at(answered(card), 40)
    with other.current.trainer.stepping():
        card._keep.clicks += 1
    assert "trained in another window" in card._mistake.object and card._mistake.visible
    assert card._slider.value == 40
