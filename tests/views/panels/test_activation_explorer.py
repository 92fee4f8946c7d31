"""The activation explorer: the batch's z on both curves, and what is flat, by the record."""

import re
from collections import Counter

import holoviews as hv
import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import RecordCell
from backprop_panel.views.panels.activation_explorer import ActivationExplorer
from backprop_panel.views.plots.numbers import number
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.session import Session

pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")

UNIT = RecordCell("activations", 1, (3, 4))


def opened(**config):
    manager = TrainingRunManager()
    manager.create(**{"num_samples": 64, "hidden_dimension": 6} | config)
    session = Session(manager)
    session.path = (UNIT,)
    card = ActivationExplorer(session)
    card.visible = True
    card.answering.finish()
    return session, card


def text(card):
    return re.sub("<.*?>", " ", card._text.html)


def dots(card):
    data = card._curves._dots.data
    return list(zip(data["x"], data["y"], data["text"], strict=True))


def show_layer(card):
    card._of_layer.value = True
    card.answering.finish()


@pytest.mark.parametrize("activation", ["gelu", "relu", "tanh", "sigmoid"])
def test_dots_stand_where_the_examples_of_the_batch_are(activation):
    session, card = opened(activation=activation)
    record = session.record
    z, a, slopes = (
        values[:, 4].tolist()
        for values in (
            record.pre_activations[0],
            record.activations[1],
            record.activation_slopes[0],
        )
    )
    places = {*zip(z, a, strict=True), *zip(z, slopes, strict=True)}
    assert {(x, y) for x, y, _ in dots(card)} <= places
    counts = [int(label.split()[0]) for *_, label in dots(card) if " of 32 near" in label]
    assert sum(counts) == 2 * 32


def test_the_chosen_example_stands_out_on_both_curves():
    session, card = opened()
    record = session.record
    marked = [(x, y) for x, y, label in dots(card) if label == "example 3"]
    z = float(record.pre_activations[0][3, 4])
    assert marked == [
        (z, float(record.activation_slopes[0][3, 4])),
        (z, float(record.activations[1][3, 4])),
    ]


def test_axes_are_named_and_the_legend_says_what_lines_and_dots_are():
    _, card = opened()
    figure = hv.render(card._curves.pane.object)
    assert figure.xaxis[0].axis_label == "z"
    assert figure.yaxis[0].axis_label == "φ(z) and φ′(z)"
    said = re.sub(r"\s+|&nbsp;", " ", text(card))
    for part in ("━ φ, gelu", "each z of the batch, on φ", "φ′, its slope", "on φ′", "○ example 3"):
        assert part in said
    show_layer(card)
    assert "○" not in text(card) and "z of all units and examples, on φ" in text(card)


def test_the_curves_are_the_function_and_its_slope_around_the_batch():
    session, card = opened(activation="tanh")
    lines = card._curves._source.lines.data
    curves = dict(zip(lines["label"], zip(lines["xs"], lines["ys"], strict=True), strict=True))
    z, values = curves["φ"]
    np.testing.assert_allclose(values, np.tanh(z), rtol=1e-6)
    np.testing.assert_allclose(curves["φ′"][1], 1 - np.tanh(z) ** 2, atol=1e-6)
    batch = session.record.pre_activations[0][:, 4]
    assert z[0] < batch.min() and batch.max() < z[-1]


def test_flat_examples_are_named_with_the_fields_word_and_counted():
    session, card = opened(activation="relu")
    record = session.record
    flat = np.flatnonzero(np.abs(record.activation_slopes[0][:, 4]) < 0.01)
    assert 0 < len(flat) < 32
    assert f"{len(flat)} of 32" in text(card) and "inactive" in text(card)
    windows = Counter(tuple(session.map_source.example_tokens(row)) for row in flat)
    assert card._text.html.count("<td>inactive</td>") == min(len(windows), 10)
    most = max(windows.values())
    assert f"×{most}" in card._text.html


def test_a_saturated_unit_is_called_so():
    session, card = opened(activation="tanh")
    session.set_weight(Cell("bias", 0, 16, 4), 20.0)
    card.answering.finish()
    assert "32 of 32" in text(card) and "saturated" in text(card)


def test_without_flat_examples_the_smallest_slope_is_told():
    session, card = opened(activation="sigmoid")
    smallest = np.abs(session.record.activation_slopes[0][:, 4]).min()
    assert f"No example of the batch is flat here: the smallest |φ′| is {number(smallest)}" in text(
        card
    )


def test_a_flat_example_leads_to_its_slope():
    session, card = opened(activation="relu")
    (flat, *_) = np.flatnonzero(np.abs(session.record.activation_slopes[0][:, 4]) < 0.01)
    card._do({"follow": {"quantity": "activation_slopes", "layer": 0, "index": [int(flat), 4]}})
    assert session.question == RecordCell("activation_slopes", 0, (flat, 4))


def test_the_whole_layer_names_dead_units_and_counts_the_others():
    session, card = opened(activation="relu")
    session.set_weight(Cell("bias", 0, 16, 4), -100.0)
    show_layer(card)
    flat = np.abs(session.record.activation_slopes[0]) < 0.01
    assert f"{flat.sum()} of {flat.size}" in text(card)
    assert re.search(r"unit 4\s+inactive\s+32 of 32", text(card))
    other = int(np.argmax(np.where(flat.all(axis=0), 0, flat.sum(axis=0))))
    assert re.search(rf"unit {other}\s+inactive\s+{flat[:, other].sum()} of 32", text(card))


def test_the_dots_of_a_layer_count_all_units_and_stay_few():
    session, card = opened(hidden_dimension=300, batch_size=64)
    show_layer(card)
    counts = [int(label.split()[0].replace(",", "")) for *_, label in dots(card)]
    assert sum(counts) == 2 * 300 * 64
    assert len(counts) <= 300


def test_numbers_that_are_not_finite_are_left_out():
    session, card = opened()
    for row in range(16):
        session.set_weight(Cell("weight", 0, row, 4), 3e38)
    card.answering.finish()
    assert all(np.isfinite([x, y]).all() for x, y, _ in dots(card))
    assert len(dots(card)) < 32
