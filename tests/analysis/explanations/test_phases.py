"""The phases of a step: their order, what happens in each, and from what."""

from dataclasses import replace

import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import QUANTITIES, RecordArray, RecordCell, explain, phases_of
from backprop_panel.analysis.record_cell import OF_PARAMETERS, values_of
from backprop_panel.nn.activations import ACTIVATIONS
from backprop_panel.nn.losses import LOSSES
from backprop_panel.nn.optimizers import OPTIMIZERS


def engine_of(**settings):
    return TrainingRunManager().create(num_samples=64, **settings).trainer


def record_of(**settings):
    return engine_of(**settings).run_batch()


CONFIGURATIONS = [
    *({"loss_type": loss, "hidden_layers": depth} for loss in LOSSES for depth in (0, 1, 3)),
    *({"activation": name} for name in ACTIVATIONS),
    *({"optimizer": name, "weight_decay": 0.1} for name in OPTIMIZERS),
]


@pytest.fixture(params=CONFIGURATIONS, ids=str)
def record(request):
    return record_of(**request.param)


def all_arrays(record):
    """Return all arrays of a record; the logits are the activations of the last level."""
    arrays = {RecordArray("probabilities"), RecordArray("loss")}
    for quantity in [*QUANTITIES[:-3], *record.moments]:
        count = len(record.layers) + (quantity in ("activations", "activation_gradients"))
        arrays |= {RecordArray(quantity, layer) for layer in range(count)}
    return arrays


def test_phases_come_in_the_order_of_a_step():
    names = [phase.name for phase in phases_of(record_of(hidden_layers=1))]
    assert names == ["forward 1", "forward 2", "loss", "backward 2", "backward 1", "update"]


def test_a_network_without_hidden_layers_has_a_forward_and_a_backward_phase():
    names = [phase.name for phase in phases_of(record_of(hidden_layers=0))]
    assert names == ["forward 1", "loss", "backward 1", "update"]


def test_a_batch_that_is_only_looked_at_has_no_update():
    look = engine_of(hidden_layers=0).engine.look()
    assert [phase.name for phase in phases_of(look)] == ["forward 1", "loss", "backward 1"]


def test_every_array_is_given_or_happens_once(record):
    first, *_ = phases = phases_of(record)
    happened = [array for phase in phases for array in phase.computed]
    assert len(happened) == len(set(happened))
    missing = all_arrays(record) - first.before - set(happened)
    last = len(record.layers) - 1
    unused = {RecordArray("probabilities")} if record.settings["loss_type"] == "mse" else set()
    # The slope of the last layer's activation, the identity, is 1.
    assert missing == unused | {RecordArray("activation_slopes", last)}


def test_a_phase_begins_with_what_was_there_after_the_one_before(record):
    phases = phases_of(record)
    for one, following in zip(phases, phases[1:], strict=False):
        assert following.before == one.after == one.before | set(one.computed)


def test_an_equation_uses_only_what_has_happened(record):
    for phase in phases_of(record):
        there = set(phase.before)
        for equation in phase.equations:
            there |= set(equation.results)
            assert set(equation.operands) <= there, equation.latex


def symbols(record):
    return {array: array.latex(record) for array in all_arrays(record)}


def test_an_equation_names_its_operands_and_no_other_array(record):
    for phase in phases_of(record)[:-1]:  # the update speaks of any parameter as theta
        for equation in phase.equations:
            if not equation.results:
                continue
            text = equation.latex
            for array in equation.operands:
                named = array.latex(record) in text
                assert named or f"{array.latex(record)}[b" in text, (equation.latex, array)
            known = {array.latex(record) for array in (*equation.results, *equation.operands)}
            for symbol in sorted(known, key=len, reverse=True):
                text = text.replace(symbol, "")
            others = {each for each in symbols(record).values() if len(each) > 1} - known
            assert not [each for each in others if each in text], equation.latex


def test_operands_are_those_that_explain_the_results(record):
    """The explanation of a number names only arrays of its phase, or what led to the loss."""
    for phase in phases_of(record):
        there = {*phase.operands, *phase.computed, RecordArray("loss")}
        # The slope of tanh is computed from a = φ(z), which is there as well.
        slopes = [each for each in phase.computed if each.quantity == "activation_slopes"]
        there |= {RecordArray("activations", each.layer + 1) for each in slopes}
        there |= {canonical(record, each) for each in there}
        for array in phase.computed:
            shape = values_of(record, array.quantity, array.layer).shape
            cell = RecordCell(array.quantity, array.layer, tuple(size - 1 for size in shape))
            for factor in explain(record, cell).factors:
                if factor.cell is not None:
                    found = RecordArray(factor.cell.quantity, factor.cell.layer)
                    assert canonical(record, found) in there, (phase.name, factor.name)


def canonical(record, array):
    """Return the array under the name that stands for all names of the logits."""
    last = len(record.layers) - 1
    same = {RecordArray("logits"), RecordArray("pre_activations", last)}
    return RecordArray("activations", last + 1) if array in same else array


def test_the_loss_phase_says_the_loss(record):
    (loss,) = [phase for phase in phases_of(record) if phase.name == "loss"]
    assert f"{record.loss:.4g}"[:4] in loss.latex


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_an_activation_is_written_out_forward_and_backward(name):
    phases = {phase.name: phase for phase in phases_of(record_of(activation=name))}
    assert r"\varphi(z) = " in phases["forward 1"].latex
    assert r"\varphi'(z) = " in phases["backward 1"].latex
    assert r"\varphi" not in phases["forward 3"].latex


def test_a_frozen_layer_is_named_in_the_update():
    trainer = engine_of()
    trainer.engine.edits.freeze(1, True)
    sentence = phases_of(trainer.run_batch())[-1].sentence
    assert "now shows the new weights. Nothing is added to layer 2, frozen" in sentence


def test_sentences_say_what_the_symbols_of_the_equations_are():
    phases = {phase.name: phase.sentence for phase in phases_of(record_of(activation="gelu"))}
    assert "φ is the activation function, here GELU: h is its gate" in phases["forward 1"]
    assert "transposed" in phases["backward 2"] and "element by element" in phases["backward 2"]
    assert "b2, summed over the whole batch." in phases["backward 2"]
    assert "and that of the inputs, dX." in phases["backward 1"]


def test_the_update_relates_each_layer_to_its_own_gradients():
    update = phases_of(record_of(optimizer="adam"))[-1]
    assert RecordArray("weight_gradients", 1) in update.operands
    assert RecordArray("mean", 1) in update.operands
    assert RecordArray("new_biases", 2) in update.computed
    assert set(update.computed) <= {
        RecordArray(name, layer) for name in OF_PARAMETERS for layer in range(3)
    }


def test_a_record_from_elsewhere_has_the_same_phases():
    record = record_of(optimizer="adam")
    bare = replace(record, settings={}, activation_names=(), moments={})
    assert [phase.name for phase in phases_of(bare)] == [each.name for each in phases_of(record)]
    computed = {array for phase in phases_of(bare) for array in phase.computed}
    assert RecordArray("loss") in computed and RecordArray("deltas", 2) in computed


def test_a_loss_that_is_not_finite_is_said():
    record = replace(record_of(), loss=float(np.nan))
    (loss,) = [phase for phase in phases_of(record) if phase.name == "loss"]
    assert r"\text{NaN}" in loss.latex
