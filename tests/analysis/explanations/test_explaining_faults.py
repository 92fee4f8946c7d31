"""The explanation of a number that a fault falsified says so, and that of no other number."""

import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis.explanations import latex
from backprop_panel.analysis.explanations.explaining import explain
from backprop_panel.nn.faults import FAULTS

FALSIFIED = {
    "no_activation_derivative": {"activation_slopes"},
    "derivative_at_activation": {"activation_slopes"},
    "no_batch_mean": {"deltas", "activation_gradients"},
    "accumulated_gradients": {"weight_gradients", "bias_gradients"},
    "untransposed_weights": {"activation_gradients", "deltas"},
    "bias_per_weight": {"bias_updates"},
    "no_bias_gradient": {"bias_gradients"},
    "no_bias_correction": {"weight_updates", "bias_updates"},
    "inverted_bias_correction": {"weight_updates", "bias_updates"},
    "no_softmax_derivative": {"deltas", "activation_gradients"},
    "double_softmax": {"loss", "deltas", "activation_gradients"},
    "summed_loss": {"loss", "deltas", "activation_gradients"},
    "wrong_sign": {"weight_updates", "bias_updates"},
    "shifted_targets": {"loss", "deltas", "activation_gradients"},
    "zero_weights": set(),
    "dropped_last_batch": set(),
    "stale_activations": {"weight_gradients"},
}
"""The quantities that do not follow from what stands before them."""


def record_of(fault):
    run = TrainingRunManager().create(
        num_samples=60,
        hidden_dimension=5,
        loss_type="cross_entropy",
        optimizer="adam",
        batch_size=7,
        fault=fault,
    )
    for _ in range(3):
        record = run.trainer.run_batch()
    return record


LAYERED = (
    *("pre_activations", "activations", "activation_slopes", "deltas", "activation_gradients"),
    *("weight_gradients", "bias_gradients", "weight_updates", "bias_updates"),
)


def noted(record):
    """The quantities of which some explanation states the fault."""
    asked = [
        (quantity, layer, place)
        for quantity in LAYERED
        for layer, array in enumerate(getattr(record, quantity))
        for place in list(np.ndindex(array.shape))[:40]
    ]
    explained = [explain(record, *each) for each in asked]
    places = [(), *((example,) for example in range(len(record.example_losses)))]
    explained += [explain(record, "loss", index=place) for place in places]
    return {each.cell.quantity for each in explained if "mistake of the fault lab" in each.note}


@pytest.mark.parametrize("fault", FAULTS)
def test_only_numbers_that_a_fault_falsified_are_said_to_be(fault):
    record = record_of(fault)
    found = noted(record)
    assert found == FALSIFIED[fault]


def test_no_explanation_of_a_healthy_record_speaks_of_a_fault():
    assert noted(record_of(None)) == set()


def test_what_follows_is_not_equated_with_the_number_that_a_fault_made_wrong():
    told = explain(record_of("no_bias_gradient"), "bias_gradients", 0, 0)
    follows = latex.number(sum(term.value for term in told.terms))
    assert told.numbers.endswith(rf"= {follows} \neq 0 \end{{aligned}}")


def test_what_float32_rounds_away_is_not_said_to_be_the_fault_s():
    run = TrainingRunManager().create(
        hidden_layers=0, loss_type="cross_entropy", initialization="zeros", fault="wrong_sign"
    )
    run.trainer.engine.edits.set_weight(0, 16, 0, 28.0)  # the others' probabilities are 10⁻¹²
    record = run.trainer.run_batch()
    example = int(np.flatnonzero(record.targets == 0)[0])
    told = explain(record, "loss", index=example)
    assert told.value == 0 and 0 < sum(term.value for term in told.terms) < 1e-11
    assert told.note == ""
