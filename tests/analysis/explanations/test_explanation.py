"""Every number of a record explains itself: terms, lines of NumPy, names, and the way on."""

import os
from dataclasses import replace
from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import QUANTITIES, RecordCell, explain, origin_of_non_finite
from backprop_panel.analysis.explanations import latex
from backprop_panel.nn.activations import ACTIVATIONS
from backprop_panel.nn.losses import LOSSES
from backprop_panel.nn.optimizers import OPTIMIZERS
from backprop_panel.settings import SettingError

EPSILON = float(np.finfo(np.float32).eps)
CELLS = 25
CONFIGURATIONS = 400 if os.environ.get("SOAK") else 40
"""A thousand cells in all; ten thousand with SOAK."""


def record_of(steps=2, edits=(), **settings):
    """Return the record of a run's last batch."""
    manager = TrainingRunManager()
    run = manager.create(num_samples=64, **settings)
    for _ in range(steps - 1):
        run.trainer.run_batch()
    for edit in edits:
        edit(run.trainer.engine)
    record = run.trainer.run_batch()
    manager.close()
    return record


@pytest.fixture(scope="module")
def record():
    return record_of(loss_type="cross_entropy", optimizer="adam", weight_decay=0.01)


def shapes_of(record):
    """Return all arrays of a record as (quantity, layer, shape)."""
    arrays = [("loss", None, ()), ("loss", None, record.example_losses.shape)]
    arrays += [(name, None, record.logits.shape) for name in ("logits", "probabilities")]
    for quantity in [*QUANTITIES[:-3], *record.moments]:
        name = quantity.removeprefix("new_")
        layers = record.moments.get(name) or getattr(record, name)
        arrays += [(quantity, layer, array.shape) for layer, array in enumerate(layers)]
    return arrays


def random_cells(record, rng, count):
    arrays = shapes_of(record)
    for place in rng.integers(len(arrays), size=count):
        quantity, layer, shape = arrays[place]
        yield RecordCell(quantity, layer, tuple(int(rng.integers(size)) for size in shape))


configurations = st.fixed_dictionaries(
    {
        "hidden_layers": st.integers(0, 6),
        "hidden_dimension": st.one_of(st.integers(1, 12), st.sampled_from([64, 257, 1024])),
        "loss_type": st.sampled_from(sorted(LOSSES)),
        "optimizer": st.sampled_from(sorted(OPTIMIZERS)),
        "weight_decay": st.sampled_from([0.0, 0.01, 0.3]),
        "batch_size": st.integers(1, 40),
        "learning_rate": st.sampled_from([0.001, 0.01]),
        "task_type": st.sampled_from(["next_token", "sequence_classification"]),
        "seed": st.integers(0, 9),
    }
)


@settings(max_examples=CONFIGURATIONS, deadline=None)
@given(configurations, st.data())
def test_terms_and_numpy_line_give_the_number_again(configuration, data):
    depth = configuration["hidden_layers"]
    if depth > 2:
        configuration["hidden_dimension"] = min(configuration["hidden_dimension"], 64)
    names = data.draw(
        st.lists(st.sampled_from(sorted(ACTIVATIONS)), min_size=depth, max_size=depth)
    )
    record = record_of(activation=names or "gelu", **configuration)
    rng = np.random.default_rng(configuration["seed"])
    for cell in random_cells(record, rng, CELLS):
        explanation = explain(record, cell)
        rounding = tolerance(explanation)
        terms = [term.value for term in explanation.terms]
        assert abs(sum(terms) - explanation.value) <= rounding, explanation
        assert terms == sorted(terms, key=abs, reverse=True)
        again = eval(explanation.numpy, {"np": np, "record": record})
        assert abs(float(again) - explanation.value) <= rounding, explanation


def tolerance(explanation):
    """Return what rounding in float32 may cost: that of each term and of their sum."""
    magnitudes = sum(abs(term.value) for term in explanation.terms)
    operations = 100 + 2 * len(explanation.terms)
    scale = max(magnitudes, float(explanation.cell.quantity == "loss"))
    return operations * EPSILON * scale + 1e-25


def test_names_are_those_of_the_map(record):
    names = {
        ("activations", 0, (2, 3)): "X[2, 3]",
        ("activations", 1, (2, 3)): "a1[2, 3]",
        ("activations", 3, (2, 3)): "ŷ[2, 3]",
        ("activation_gradients", 0, (2, 3)): "dX[2, 3]",
        ("activation_gradients", 2, (2, 3)): "da2[2, 3]",
        ("weights", 1, (3, 17)): "W2[3, 17]",
        ("weight_gradients", 1, (3, 17)): "dW2[3, 17]",
        ("weight_updates", 1, (3, 17)): "ΔW2[3, 17]",
        ("biases", 0, (4,)): "b1[4]",
        ("bias_gradients", 0, (4,)): "db1[4]",
        ("deltas", 2, (2, 3)): "δ3[2, 3]",
        ("pre_activations", 0, (2, 3)): "z1[2, 3]",
        ("activation_slopes", 0, (2, 3)): "φ′(z1[2, 3])",
        ("probabilities", None, (2, 3)): "p[2, 3]",
        ("loss", None, ()): "L",
        ("loss", None, (5,)): "L[5]",
    }
    for (quantity, layer, index), name in names.items():
        assert explain(record, quantity, layer, index).name == name


def test_a_decay_beyond_float32_is_infinite_in_the_numpy_line():
    record = record_of(optimizer="adamw", weight_decay=1e38, learning_rate=1e10)
    explanation = explain(record, "weight_updates", 1, (3, 4))
    again = eval(explanation.numpy, {"np": np, "record": record})
    assert "np.inf * record.weights" in explanation.numpy
    np.testing.assert_equal(float(again), explanation.value)  # both may be NaN


def test_decoupled_decay_is_a_term_apart_from_the_averages():
    record = record_of(optimizer="adamw", weight_decay=0.3, learning_rate=0.01)
    explanation = explain(record, "weight_updates", 1, (3, 4))
    (decay,) = (term for term in explanation.terms if term.label == "weight decay")
    assert decay.value == pytest.approx(-0.003 * record.weights[1][3, 4], rel=1e-4)
    assert r"+ \lambda\theta\right)" in explanation.equation
    again = eval(explanation.numpy, {"np": np, "record": record})
    assert again == pytest.approx(record.weight_updates[1][3, 4], rel=1e-5)
    parts = {factor.name: factor.value for factor in explanation.working}
    assert (parts["λ"], parts["ηλ"]) == (0.3, pytest.approx(0.003, rel=1e-4))
    assert "g" not in parts  # the gradient itself
    assert explanation.note == ""


def test_without_decay_the_symbols_of_adamw_hold_no_decay():
    record = record_of(optimizer="adamw")
    explanation = explain(record, "weight_updates", 1, (3, 4))
    parts = {factor.name: factor.value for factor in explanation.working}
    assert parts["λ"] == 0
    assert "ηλ" not in parts
    assert explanation.note == ""


def test_a_note_says_that_float32_holds_another_learning_rate():
    record = record_of(optimizer="sgd", learning_rate=1e-45)
    note = explain(record, "weight_updates", 1, (3, 4)).note
    assert note == "float32 rounds so small a number: the step takes 1.4e-45 for η = 1e-45."


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
def test_a_note_says_that_the_decay_in_g_has_a_square_beyond_float32(optimizer):
    record = record_of(optimizer=optimizer, weight_decay=1e30)
    explanation = explain(record, "weight_updates", 1, (3, 4))
    assert explanation.value == 0
    assert explanation.note.startswith("The square of g is beyond float32")


@pytest.mark.parametrize(("rate", "taken"), [(1e-5, "1.19e-07"), (1e-6, "0")])
def test_a_note_says_that_decoupled_decay_is_lost_in_rounding(rate, taken):
    record = record_of(optimizer="adamw", weight_decay=0.01, learning_rate=rate)
    note = explain(record, "weight_updates", 1, (3, 4)).note
    assert f"the decay takes {taken} of θ in place of ηλ = {rate * 0.01:.3g}." in note


def test_weight_gradient_has_a_term_for_each_example(record):
    explanation = explain(record, "weight_gradients", layer=1, index=(3, 17))
    assert explanation.value == record.weight_gradients[1][3, 17]
    for term in explanation.terms:
        delta, activation = term.factors
        assert delta.value == record.deltas[1][term.example, 17]
        assert activation.value == record.activations[1][term.example, 3]
    assert sorted(term.example for term in explanation.terms) == list(range(32))


def test_factors_are_the_numbers_of_the_cells_that_they_lead_to(record):
    for cell in random_cells(record, np.random.default_rng(0), 300):
        for factor in explain(record, cell).factors:
            if factor.cell is not None:
                assert factor.value == factor.cell.value(record)
                assert factor.name == explain(record, factor.cell).name


@pytest.mark.parametrize("loss_type", sorted(LOSSES))
def test_first_factors_lead_from_any_gradient_to_the_loss(loss_type):
    record = record_of(hidden_layers=4, hidden_dimension=5, loss_type=loss_type)
    gradients = [
        each for each in shapes_of(record) if "gradients" in each[0] or each[0] == "deltas"
    ]
    for quantity, layer, shape in gradients:
        cell, way = RecordCell(quantity, layer, tuple(size - 1 for size in shape)), []
        while cell.quantity != "loss":
            way.append(cell)
            cell = next(factor.cell for factor in explain(record, cell).factors if factor.cell)
        assert len(way) <= len(record.deltas) + 2


def test_update_shows_its_parts(record):
    explanation = explain(record, "weight_updates", layer=1, index=(3, 17))
    assert {term.label for term in explanation.terms} == {
        "gradient",
        "weight decay",
        "earlier steps",
    }
    parts = {factor.name: factor.value for factor in explanation.working}
    assert parts["dW2[3, 17]"] == record.weight_gradients[1][3, 17]
    assert parts["m of W2[3, 17]"] == record.moments["mean"][1][3, 17]
    assert parts["v of W2[3, 17]"] == record.moments["mean_square"][1][3, 17]
    assert parts["1 − β₁ᵗ"] == pytest.approx(1 - 0.9**2)
    assert parts["η"] == 0.001


def test_new_weight_is_the_weight_before_plus_its_update(record):
    explanation = explain(record, "new_weights", layer=1, index=(3, 17))
    assert [factor.name for factor in explanation.factors] == ["W2[3, 17]", "ΔW2[3, 17]"]


def test_update_of_a_frozen_layer_says_so():
    record = record_of(edits=[lambda engine: engine.edits.freeze(1, True)])
    explanation = explain(record, "weight_updates", 1, (0, 0))
    assert explanation.value == 0 and "Layer 2 is frozen" in explanation.note


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop"])
def test_update_by_a_gradient_whose_square_overflows_says_so(optimizer):
    far = [lambda engine: engine.edits.set_weight(2, 1, 1, 3e24)]
    record = record_of(1, far, loss_type="mse", optimizer=optimizer)
    row, column = np.unravel_index(np.abs(record.weight_gradients[2]).argmax(), (32, 4))
    explanation = explain(record, "weight_updates", 2, (int(row), int(column)))
    assert explanation.value == 0 and "beyond float32" in explanation.note


@pytest.mark.parametrize("z", [-3e38, -2e19, 2e19, 3e38])
def test_slope_of_gelu_far_out_is_given_by_its_line_of_numpy(z):
    record = record_of(
        edits=[lambda engine: engine.edits.set_weight(0, 16, 3, z)], activation="gelu"
    )
    explanation = explain(record, "activation_slopes", 0, (0, 3))
    slope = eval(explanation.numpy, {"np": np, "record": record})
    assert np.float32(slope) == explanation.value == (z > 0)


def test_weight_that_was_set_by_hand_says_so():
    record = record_of(edits=[lambda engine: engine.edits.set_weight(1, 2, 3, 0.5)])
    assert "set by hand" in explain(record, "weights", 1, (2, 3)).note
    assert explain(record, "weights", 1, (2, 4)).note == ""


def test_batch_that_is_only_looked_at_has_no_update():
    manager = TrainingRunManager()
    record = manager.create().trainer.engine.look()
    manager.close()
    explanation = explain(record, "weight_updates", 1, (2, 3))
    assert "no update was made" in explanation.note
    assert explanation.sentence.startswith("What a step with this batch adds to W2[2, 3]")


def test_record_without_moments_says_what_is_missing(record):
    explanation = explain(replace(record, moments={}), "weight_updates", 1, (2, 3))
    assert "does not hold what Adam remembered" in explanation.note
    assert explanation.value == record.weight_updates[1][2, 3]


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (("weight_gradient", 1, (3, 17)), "weight_gradients"),
        (("velocity", 1, (3, 17)), "mean and mean_square"),
        (("weights", 3, (3, 17)), "0 to 2"),
        (("weights", -1, (3, 17)), "0 to 2"),
        (("weights", None, (3, 17)), "0 to 2"),
        (("activations", 4, (3, 17)), "0 to 3"),
        (("weights", 1, (32, 17)), "(32, 32)"),
        (("weights", 1, (3,)), "(32, 32)"),
        (("weights", 1, "ab"), "(32, 32)"),
        (("biases", 1, (3, 1)), "(32,)"),
        (("deltas", 1, (32, 0)), "The batch has the examples 0 to 31"),
        (("loss", 1, ()), "has no layer"),
        (("loss", None, (32,)), "from 0 to 31"),
        ((None, None, ()), "pre_activations"),
        (([1], None, ()), "pre_activations"),
    ],
)
def test_number_that_does_not_exist_is_refused_with_the_valid_ones(record, question, message):
    with pytest.raises(SettingError) as refused:
        explain(record, *question)
    assert message in str(refused.value)


def test_indices_from_numpy_are_taken(record):
    explanation = explain(record, "weights", np.int64(1), np.unravel_index(35, (32, 32)))
    assert explanation.name == "W2[1, 3]"


def test_number_that_is_not_finite_leads_back_to_where_that_began():
    def overflow(engine):
        for row in range(16):
            engine.edits.set_weight(0, row, 5, 3e38)

    record = record_of(edits=[overflow], activation="relu")
    assert isnan(record.loss) or np.isinf(record.loss)
    way = origin_of_non_finite(record, RecordCell("weight_gradients", 2, (0, 0)))
    assert way[-1].quantity == "pre_activations" and way[-1].layer == 0
    assert way[-1].index[1] == 5
    first = explain(record, way[0]).first_non_finite
    assert first.cell == way[1]


@pytest.mark.parametrize(
    ("loss_type", "equation", "numbers"),
    [
        ("cross_entropy", r"\frac{p[3,1] - y[3,1]}{B}, \quad B = 32", r"\frac{{{} - {}}}{{32}}"),
        (
            "mse",
            r"\frac{2}{B\,C}\,(\hat y[3,1] - y[3,1]), \quad B = 32, \; C = 4",
            r"\frac{{2}}{{32 \cdot 4}}\,({} - {})",
        ),
    ],
)
def test_a_last_delta_is_written_in_the_order_of_its_formula(loss_type, equation, numbers):
    record = record_of(loss_type=loss_type)
    explanation = explain(record, "deltas", 2, (3, 1))
    given = record.probabilities if loss_type == "cross_entropy" else record.logits
    wanted = int(record.targets[3] == 1)
    assert equation in explanation.equation
    assert numbers.format(latex.number(float(given[3, 1])), wanted) in explanation.numbers


def test_an_update_by_adam_is_said_to_be_about_the_learning_rate():
    first, second = (record_of(steps, optimizer="adam") for steps in (1, 2))
    at = explain(first, "weight_updates", 1, (3, 4))
    said = "against the average gradient, divided by the usual size of the gradient"
    assert said in at.sentence and "in this first step exactly, as |m̂|/√v̂ = 1" in at.sentence
    assert abs(at.value) == pytest.approx(first.settings["learning_rate"], rel=1e-3)
    later = explain(second, "weight_updates", 1, (3, 4)).sentence
    assert said in later and "exactly" not in later
    of_sgd = explain(record_of(optimizer="sgd"), "weight_updates", 1, (3, 4)).sentence
    assert "learning rate" not in of_sgd


def test_an_example_is_written_once_in_a_sum_over_examples(record):
    names = [
        (*context, target) for context, target in zip(record.contexts, record.targets, strict=True)
    ]
    # Some matrix products round the same example otherwise in another row.
    first, *others = record.deltas
    is_repeated = np.array([name in names[:place] for place, name in enumerate(names)])
    rounded = np.where(is_repeated[:, None], np.nextafter(first, np.float32(np.inf)), first)
    record = replace(record, deltas=(rounded, *others))
    split = 0
    for index in np.ndindex(16, 32):
        explanation = explain(record, "weight_gradients", layer=0, index=index)
        examples: dict[tuple, list] = {}
        for term in explanation.terms:
            examples.setdefault(names[term.example], []).append(term)
        largest = sorted(examples.values(), key=lambda some: -abs(sum(t.value for t in some)))
        split += any(len({term.factors[0].value for term in some}) > 1 for some in largest)
        place = 0
        for some in filter(lambda some: some[0].value, largest[:3]):
            delta = latex.number(abs(some[0].factors[0].value))
            count = f"{len(some)} \\cdot " if len(some) > 1 else ""
            place = explanation.numbers.index(f"{count}{delta} \\cdot", place) + 1
    assert split  # some of an example's numbers differ
