"""Pushes of windows, held to torch's gradients of each window's own loss."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_records import tensor, torch_logits, torch_losses, trainers

from backprop_panel import SequenceDataset, SettingError, TrainingRunManager
from backprop_panel.analysis.common_tokens import token_counts
from backprop_panel.analysis.data_attribution import batch_pushes, training_set_pushes
from backprop_panel.analysis.record_cell import RecordCell

QUANTITIES = ("weights", "biases", "deltas")


@pytest.fixture(scope="module")
def run():
    run = TrainingRunManager().create(num_samples=64, loss_type="cross_entropy")
    for _ in range(3):
        run.trainer.run_batch()
    return run


@pytest.fixture(scope="module")
def record(run):
    return run.trainer.engine.look()


def drawn_cell(data, record):
    quantity = data.draw(st.sampled_from(QUANTITIES))
    layer = data.draw(st.integers(0, len(record.layers) - 1))
    shape = getattr(record, quantity)[layer].shape
    return RecordCell(
        quantity, layer, tuple(data.draw(st.integers(0, length - 1)) for length in shape)
    )


def torch_gradients(record, cell, contexts, targets, dataset):
    """The gradient of each window's own loss: of a weight, of a bias, or of a unit's bias."""
    inputs = np.empty((len(targets), dataset.input_dimension))
    dataset.one_hot(contexts, out=inputs)
    gradients = []
    for window in range(len(targets)):
        layers = [tensor(layer).requires_grad_() for layer in record.layers]
        logits = torch_logits(layers, record.activation_names, tensor(inputs[[window]]))
        losses = torch_losses(record.settings["loss_type"], logits, targets[[window]])
        losses.sum().backward()
        place = cell.index if cell.quantity == "weights" else (-1, cell.index[-1])
        gradients.append(layers[cell.layer].grad[place].item())
    return np.array(gradients)


@given(data=st.data(), trainer=trainers())
@settings(max_examples=40, deadline=None)
def test_pushes_of_a_batch_are_the_examples_gradients_by_torch(data, trainer):
    record = trainer.run_batch()
    cell = drawn_cell(data, record)
    pushes = batch_pushes(record, cell, trainer.dataset)
    own = torch_gradients(record, cell, record.contexts, record.targets, trainer.dataset)
    for push in [*pushes.up(99), *pushes.down(99)]:
        np.testing.assert_allclose(own[list(push.examples)], push.own, rtol=1e-3, atol=1e-5)
        assert push.term == pytest.approx(push.own * push.count / len(own), rel=1e-9)


@given(data=st.data(), trainer=trainers())
@settings(max_examples=40, deadline=None)
def test_pushes_of_a_batch_sum_to_the_records_gradient(data, trainer):
    record = trainer.run_batch()
    cell = drawn_cell(data, record)
    quantity = "weight_gradients" if cell.quantity == "weights" else "bias_gradients"
    index = cell.index if cell.quantity == "weights" else cell.index[-1:]
    gradient = getattr(record, quantity)[cell.layer][index]
    assert batch_pushes(record, cell).gradient == pytest.approx(gradient, rel=1e-3, abs=1e-6)


@given(data=st.data(), trainer=trainers())
@settings(max_examples=30, deadline=None)
def test_pushes_of_the_training_set_are_its_gradients_by_torch(data, trainer):
    record, dataset = trainer.run_batch(), trainer.dataset
    cell = drawn_cell(data, record)
    *_, pushes = training_set_pushes(record, cell, dataset)
    contexts, targets = dataset.__getitems__(np.arange(dataset.num_samples))
    own = torch_gradients(record, cell, contexts, targets, dataset)
    assert pushes.complete
    assert pushes.gradient == pytest.approx(own.mean(), rel=1e-6, abs=1e-9)
    for push in [*pushes.up(99), *pushes.down(99)]:
        np.testing.assert_allclose(own[list(push.samples)], push.own, rtol=1e-6, atol=1e-9)


def test_a_window_that_pushes_up_is_better_off_with_a_larger_weight(run, record):
    cell = RecordCell("weights", 1, (3, 17))
    strongest = batch_pushes(record, cell).up(1)[0]
    layers = [layer.copy() for layer in record.layers]
    layers[1][3, 17] += 1e-2
    losses = [
        torch_losses(
            "cross_entropy",
            torch_logits(list(map(tensor, each)), record.activation_names, tensor(record.inputs)),
            record.targets,
        )[strongest.examples[0]].item()
        for each in (record.layers, layers)
    ]
    assert strongest.term < 0 and losses[1] < losses[0]


def test_pushes_are_ranked_by_strength_each_way(record):
    pushes = batch_pushes(record, RecordCell("weights", 1, (3, 17)))
    up, down = ([push.term for push in ranked] for ranked in (pushes.up(99), pushes.down(99)))
    assert up == sorted(up) and max(up) < 0
    assert down == sorted(down, reverse=True) and min(down) > 0
    assert len(up) + len(down) == np.count_nonzero(pushes.terms)
    assert [push.term for push in pushes.up(2)] == up[:2]


def test_windows_of_the_same_tokens_and_target_are_one_with_a_count(run, record):
    cell = RecordCell("biases", 1, (3,))
    *_, whole = training_set_pushes(record, cell, run.dataset)
    of_batch = zip(map(tuple, record.contexts.tolist()), record.targets.tolist(), strict=True)
    everything = run.dataset.__getitems__(np.arange(64))
    of_set = zip(map(tuple, everything[0].tolist()), everything[1].tolist(), strict=True)
    for pushes, windows in ((batch_pushes(record, cell), of_batch), (whole, of_set)):
        pushed = {
            (push.context, push.target): push.count for push in [*pushes.up(99), *pushes.down(99)]
        }
        assert pushed == Counter(windows)


def test_entries_know_their_places_in_the_master_sequences():
    # 'ab' follows 'c' twice in the first master and once in the second.
    run = TrainingRunManager().create(
        vocabulary=["a", "b", "c"],
        sequence_length=3,
        master_sequences=["cabcab", "bcab"],
        validation_fraction=0,
        num_samples=50,
    )
    data, record = run.dataset, run.trainer.run_batch()
    cell = RecordCell("biases", 0, (0,))
    *_, whole = training_set_pushes(record, cell, data)
    for pushes in (whole, batch_pushes(record, cell, data)):
        for push in [*pushes.up(99), *pushes.down(99)]:
            for sample, (master, offset) in zip(push.samples, push.origins, strict=True):
                assert tuple(data.masters[master][offset : offset + 2]) == push.context
                assert data.masters[master][offset + 2] == push.target
                assert tuple(data[sample][0]) == push.context
    pushed = {push.context: push for push in [*whole.up(99), *whole.down(99)]}
    assert pushed[(2, 0)].origins == ((0, 0), (0, 3), (1, 1))


def test_entries_of_a_batch_without_a_dataset_have_no_places(record):
    assert batch_pushes(record, RecordCell("biases", 0, (0,))).up(1)[0].origins == ()


def test_each_example_counts_by_itself_in_a_record_without_tokens(record):
    other = replace(record, contexts=np.empty((32, 0), int), samples=np.empty(0, int))
    pushes = batch_pushes(other, RecordCell("biases", 1, (3,)))
    assert pushes.counts.tolist() == [1] * 32
    assert pushes.up(1)[0].samples == pushes.up(1)[0].context == ()
    assert token_counts(pushes).all.tokens.shape[0] == 0


@pytest.mark.parametrize(
    ("cell", "same"),
    [
        (RecordCell("weight_updates", 1, (3, 17)), RecordCell("weights", 1, (3, 17))),
        (RecordCell("new_weights", 1, (3, 17)), RecordCell("weights", 1, (3, 17))),
        (RecordCell("bias_gradients", 1, (17,)), RecordCell("biases", 1, (17,))),
        (RecordCell("activations", 2, (5, 17)), RecordCell("deltas", 1, (0, 17))),
        (RecordCell("activation_slopes", 1, (5, 17)), RecordCell("deltas", 1, (0, 17))),
        (RecordCell("logits", None, (5, 2)), RecordCell("deltas", 2, (0, 2))),
        (RecordCell("probabilities", None, (5, 2)), RecordCell("deltas", 2, (0, 2))),
    ],
)
def test_what_belongs_to_a_parameter_or_unit_has_the_same_pushes(record, cell, same):
    np.testing.assert_array_equal(
        batch_pushes(record, cell).terms, batch_pushes(record, same).terms
    )


def test_a_moment_has_the_pushes_of_its_parameter():
    run = TrainingRunManager().create(num_samples=64, optimizer="adam")
    record = run.trainer.run_batch()
    for moment, same in (
        (RecordCell("mean", 1, (3, 17)), RecordCell("weights", 1, (3, 17))),
        (RecordCell("mean_square", 1, (32, 17)), RecordCell("biases", 1, (17,))),
    ):
        ours, theirs = batch_pushes(record, moment), batch_pushes(record, same)
        assert ours.name == theirs.name
        np.testing.assert_array_equal(ours.terms, theirs.terms)


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (RecordCell("weight_gradients", 1, (3, 17)), "W2[3, 17]"),
        (RecordCell("biases", 0, (3,)), "b1[3]"),
        (RecordCell("activations", 1, (9, 3)), "a1[:, 3]"),
        (RecordCell("deltas", 1, (9, 3)), "δ2[:, 3]"),
        (RecordCell("logits", None, (9, 3)), "ŷ[:, 3]"),
    ],
)
def test_pushes_name_what_is_pushed_as_the_map_does(record, cell, name):
    assert batch_pushes(record, cell).name == name


def test_the_training_set_comes_in_pieces_that_sum_to_the_whole(run, record, monkeypatch):
    cell = RecordCell("weights", 0, (3, 17))
    *_, whole = training_set_pushes(record, cell, run.dataset)
    monkeypatch.setattr("backprop_panel.analysis.data_attribution.MOST_AT_ONCE", 3)
    pieces = list(training_set_pushes(record, cell, run.dataset))
    assert [len(piece.terms) for piece in pieces[:3]] == [3, 6, 9]
    assert [piece.complete for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    np.testing.assert_allclose(pieces[-1].terms, whole.terms, atol=1e-12)
    np.testing.assert_array_equal(pieces[0].terms, pieces[-1].terms[:3])


def test_token_counts_are_those_of_the_strongest_windows_and_of_all(run, record):
    *_, pushes = training_set_pushes(record, RecordCell("weights", 1, (3, 17)), run.dataset)
    counts = token_counts(pushes, most=3)
    contexts, targets = run.dataset.__getitems__(np.arange(64))
    assert counts.all.windows == 64
    for position in range(4):
        expected = np.bincount(contexts[:, position], minlength=4)
        assert counts.all.tokens[position].tolist() == expected.tolist()
    assert counts.all.targets.tolist() == np.bincount(targets, minlength=4).tolist()
    for ranked, ours in ((pushes.up(3), counts.up), (pushes.down(3), counts.down)):
        assert ours.windows == sum(push.count for push in ranked)
        for push in ranked:
            assert ours.targets[push.target] >= push.count
        first = Counter()
        for push in ranked:
            first[push.context[0]] += push.count
        assert ours.tokens[0].tolist() == [first[token] for token in range(4)]


def test_what_pushes_have_in_common_stands_out_first():
    run = TrainingRunManager().create(num_samples=64, loss_type="cross_entropy")
    record = run.trainer.engine.look()
    # The weight of input 2, the token c at the first position: no other window pushes it.
    *_, pushes = training_set_pushes(record, RecordCell("weights", 0, (2, 5)), run.dataset)
    counts = token_counts(pushes, most=2)
    first = next(token for token in counts.common(counts.up) if token.position == 0)
    assert (first.token, first.share) == (2, 1.0)
    assert first.share_of_all == counts.all.tokens[0, 2] / 64
    assert all(token.share > token.share_of_all for token in counts.common(counts.down))


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (RecordCell("activations", 0, (0, 0)), r"X\[0, 0\] is none"),
        (RecordCell("loss"), "L is none"),
        (RecordCell("weights", 9, (0, 0)), "has the layers 0 to 2; got 9"),
        (RecordCell("weights", 1, (0,)), r"got the index \(0,\)"),
    ],
)
def test_a_number_that_no_data_push_is_refused(run, record, cell, message):
    for ask in (batch_pushes, training_set_pushes):
        with pytest.raises(SettingError, match=message):
            ask(record, cell, run.dataset)


def test_a_dataset_that_the_batch_is_not_from_is_refused(record):
    other = SequenceDataset(num_samples=64, seed=5)
    with pytest.raises(SettingError, match="is not from this dataset"):
        batch_pushes(record, RecordCell("biases", 0, (0,)), other)


def test_values_that_are_not_finite_push_neither_way(run):
    engine = run.replay(3).engine
    engine.network.weights[2][...] = np.nan
    record = engine.look()
    cell = RecordCell("biases", 1, (0,))
    *_, whole = training_set_pushes(record, cell, run.dataset)
    for pushes in (whole, batch_pushes(record, cell)):
        assert np.isnan(pushes.gradient)
        assert pushes.up() == pushes.down() == []


def test_a_dataset_that_does_not_fit_the_network_is_refused(record):
    other = SequenceDataset(num_samples=64, sequence_length=6)
    with pytest.raises(SettingError, match="takes 16 inputs to 4 outputs, the dataset has 20"):
        training_set_pushes(record, RecordCell("biases", 0, (0,)), other)
