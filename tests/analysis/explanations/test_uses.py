"""Where each number of a record is used: the way forward, against what it is made of."""

import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import RecordCell, explain
from backprop_panel.analysis.explanations.uses import uses
from backprop_panel.nn.losses import LOSSES
from backprop_panel.nn.optimizers import OPTIMIZERS
from tests.analysis.explanations.test_explanation import random_cells


def record_of(**settings):
    run = TrainingRunManager().create(num_samples=64, hidden_dimension=6, **settings)
    run.trainer.run_batch()
    return run.trainer.run_batch()


@pytest.fixture(scope="module")
def record():
    return record_of(loss_type="cross_entropy", optimizer="adam")


def names(record, *cell):
    return [use.name for use in uses(record, RecordCell(*cell))]


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
@pytest.mark.parametrize("loss_type", sorted(LOSSES))
def test_each_use_of_a_number_is_made_of_it(loss_type, optimizer):
    record = record_of(loss_type=loss_type, optimizer=optimizer)
    for cell in random_cells(record, np.random.default_rng(1), 150):
        for use in uses(record, cell):
            for used in (use.cells[0], use.cells[-1]):
                assert cell.name(record) in made_of(record, used), (cell, used)


def made_of(record, cell):
    """Return the names of the numbers that a number is explained by, other names included."""
    found = {each.name for each in explain(record, cell).factors}
    last = len(record.deltas)
    same = {f"z{last}[": "ŷ[", "dŷ[": f"δ{last}["}
    for other, name in same.items():
        found |= {each.replace(name, other) for each in found if each.startswith(name)}
    if cell.quantity == "deltas" and cell.layer < last - 1:  # its sum is that of dL/da
        found.add(RecordCell("activation_gradients", cell.layer + 1, cell.index).name(record))
    return found


def test_first_uses_lead_from_a_weight_to_the_loss_of_the_batch(record):
    cell, way = RecordCell("weights", 0, (3, 5)), []
    while following := uses(record, cell):
        way.append(cell.quantity)
        cell = following[-1].cells[0] if cell.quantity == "logits" else following[0].cells[0]
    assert cell == RecordCell("loss")
    sums = ["pre_activations", "activations"]
    assert way == ["weights", *sums, *sums, "logits", "loss"]


def test_a_weight_is_used_in_what_reaches_its_unit_in_each_example(record):
    (use,) = uses(record, RecordCell("weights", 1, (3, 5)))
    assert (use.name, use.each, len(use.cells)) == ("z2[·, 5]", "example", 32)
    assert use.cells[4] == RecordCell("pre_activations", 1, (4, 5))


def test_every_quantity_is_used_in_the_next(record):
    assert names(record, "biases", 1, (5,)) == ["z2[·, 5]"]
    assert names(record, "activations", 0, (3, 5)) == ["z1[3, ·]"]
    assert names(record, "activations", 2, (3, 5)) == ["ŷ[3, ·]"]
    assert names(record, "pre_activations", 0, (3, 5)) == ["a1[3, 5]", "φ′(z1[3, 5])"]
    assert names(record, "logits", None, (3, 1)) == ["p[3, ·]", "L[3]"]
    assert names(record, "loss", None, (3,)) == ["L"]
    assert names(record, "deltas", 1, (3, 5)) == ["dW2[·, 5]", "db2[5]", "da1[3, ·]"]
    assert names(record, "activation_gradients", 1, (3, 5)) == ["δ1[3, 5]"]
    assert names(record, "weight_gradients", 1, (3, 5)) == ["ΔW2[3, 5]"]
    assert names(record, "mean", 1, (6, 5)) == ["Δb2[5]"]
    assert names(record, "weight_updates", 1, (3, 5)) == ["new W2[3, 5]"]


def test_the_end_of_a_step_is_used_nowhere(record):
    assert not names(record, "new_weights", 1, (3, 5))
    assert not names(record, "loss", None, ())
    assert not names(record, "activation_gradients", 0, (3, 5))
