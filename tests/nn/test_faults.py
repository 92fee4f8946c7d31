"""Each fault changes the numbers of a step as its sentence says, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel import Model, SequenceDataset, SettingError, Trainer
from backprop_panel.nn import reference
from backprop_panel.nn.faults import FAULTS
from backprop_panel.nn.losses import LOSSES
from backprop_panel.nn.network import Workspace
from backprop_panel.nn.optimizers import OPTIMIZERS
from tests.nn.test_reference import as_float64, assert_close, flat

quick = settings(max_examples=12)
keys = pytest.mark.parametrize("fault", FAULTS)

OF_CROSS_ENTROPY = {"no_softmax_derivative", "double_softmax"}
OF_ADAM = {"no_bias_correction", "inverted_bias_correction"}


@st.composite
def faulty_trainers(draw, fault):
    """A random trainer in which the fault can act, and the sizes of some batches."""
    width = draw(st.integers(2, 7))
    hidden = [draw(st.integers(1, 9)), width, width, *draw(st.lists(st.integers(1, 9), max_size=1))]
    names = st.sampled_from(sorted(reference.ACTIVATIONS))
    activation = [
        draw(st.sampled_from(["gelu", "tanh", "sigmoid"])),
        *(draw(names) for _ in hidden),
    ]
    data = SequenceDataset(num_samples=50, seed=draw(st.integers(0, 5)))
    model = Model(
        input_dimension=data.input_dimension,
        output_dimension=data.output_dimension,
        hidden_dimension=hidden,
        activation=activation[: len(hidden)],
        seed=draw(st.integers(0, 5)),
    )
    losses = ["cross_entropy"] if fault in OF_CROSS_ENTROPY else sorted(LOSSES)
    rules = ["adam", "adamw"] if fault in OF_ADAM else sorted(OPTIMIZERS)
    trainer = Trainer(
        model,
        data,
        batch_size=draw(st.sampled_from([3, 7, 9])),
        loss_type=draw(st.sampled_from(losses)),
        optimizer=draw(st.sampled_from(rules)),
        weight_decay=draw(st.sampled_from([0, 0.1])),
        # Inverted corrections make steps forty times as large: float32 would lose too many digits.
        learning_rate=0.0005 if fault in OF_ADAM else 0.01,
        fault=fault,
    )
    return trainer, draw(st.lists(st.booleans(), min_size=1, max_size=8))


def steps_of(trainer, singles):
    """The record of each step: of one example, or of a batch."""
    return [trainer.run_step() if single else trainer.run_batch() for single in singles]


def loss_and_derivative(fault, logits, targets, loss_type):
    """The loss of a batch and dL/dlogits, with a fault."""
    batch, outputs = logits.shape
    targets = np.roll(targets, 1) if fault == "shifted_targets" else targets
    one_hot = np.eye(outputs)[targets]
    loss, derivative = reference.LOSSES[loss_type](logits, one_hot)
    p = reference.softmax(logits)
    if fault == "no_softmax_derivative":
        return loss, p / batch
    if fault == "double_softmax":
        q = reference.softmax(p)
        jacobians = [np.diag(row) - np.outer(row, row) for row in p]
        rows = [(q_i - y) @ j / batch for q_i, y, j in zip(q, one_hot, jacobians, strict=True)]
        return -np.log(q[range(batch), targets]).mean(), np.array(rows)
    if fault == "no_batch_mean":
        return loss, batch * derivative
    if fault == "summed_loss":
        return batch * loss, batch * derivative
    return loss, derivative


def slopes_of(fault, name, z):
    phi, slope = reference.ACTIVATIONS[name]
    if fault == "no_activation_derivative":
        return np.ones_like(z)
    return slope(phi(z)) if fault == "derivative_at_activation" else slope(z)


def gradients_of(fault, record, before):
    """Loss, slopes, δ, dL/da and the gradients, (in + 1, out), of a record's batch.

    `before` is the record of the step before, None in the first.
    """
    weights, biases = as_float64(record.weights), as_float64(record.biases)
    a, z = [np.asarray(record.inputs, np.float64)], []
    for weight, bias, name in zip(weights, biases, names_of(record), strict=True):
        z.append(a[-1] @ weight + bias)
        a.append(reference.ACTIVATIONS[name][0](z[-1]))
    loss_type = record.settings["loss_type"]
    loss, derivative = loss_and_derivative(fault, z[-1], record.targets, loss_type)
    slopes = [
        slopes_of(fault, name, each) for name, each in zip(record.activation_names, z, strict=False)
    ] + [np.ones_like(z[-1])]
    deltas, da = [], [derivative]
    for weight, slope in zip(reversed(weights), reversed(slopes), strict=True):
        deltas.insert(0, da[0] * slope)
        square = weight.shape[0] == weight.shape[1]
        backwards = weight if fault == "untransposed_weights" and square else weight.T
        da.insert(0, deltas[0] @ backwards)
    inputs = a[:-1]
    if fault == "stale_activations" and before and before.inputs.shape == record.inputs.shape:
        inputs = as_float64(before.activations[:-1])
    gradients = [
        np.vstack([x.T @ delta, delta.sum(axis=0) * (fault != "no_bias_gradient")])
        for x, delta in zip(inputs, deltas, strict=True)
    ]
    if fault == "accumulated_gradients" and before:
        pairs = zip(gradients, before.layer_gradients, strict=True)
        gradients = [gradient + earlier for gradient, earlier in pairs]
    return loss, slopes, deltas, da, gradients


def names_of(record):
    return [*record.activation_names, "identity"]


def update_of(fault, record):
    """What the optimizer adds to all parameters, with a fault, given the record's gradients."""
    rule, t = record.settings["optimizer"], record.optimizer_steps + 1
    rate, decay = record.settings["learning_rate"], record.settings["weight_decay"]
    parameters, gradients = flat(record.layers), flat(record.layer_gradients)
    moments = {name: flat(each) for name, each in record.moments.items()}
    decoupled = rate * decay * parameters if rule == "adamw" else 0
    step, after = reference.update(rule, parameters, gradients, moments, t - 1, rate, decay)
    step = step + decoupled
    if fault in OF_ADAM:
        first, second = 1 - 0.9**t, 1 - 0.999**t
        power = 0 if fault == "no_bias_correction" else 1
        m, v = after["mean"] * first**power, after["mean_square"] * second**power
        step = -rate * m / (np.sqrt(v) + 1e-8)
    step = (-step if fault == "wrong_sign" else step) - decoupled
    if fault != "bias_per_weight":
        return step
    times = [np.ones_like(layer) for layer in record.layers]
    for layer in times:
        layer[-1] = len(layer) - 1
    return step * flat(times)


@keys
def test_a_step_with_a_fault_equals_the_reference_with_that_fault(fault):
    @quick
    @given(drawn=faulty_trainers(fault))
    def check(drawn):
        trainer, singles = drawn
        before = None
        for record in steps_of(trainer, singles):
            expected = gradients_of(fault, record, before)
            loss, slopes, deltas, activation_gradients, gradients = expected
            assert record.loss == pytest.approx(loss, rel=1e-5, abs=1e-7)
            np.testing.assert_allclose(
                trainer.engine.history["loss"][record.step - 1], record.loss, rtol=1e-6
            )
            for ours, theirs in zip(record.activation_slopes, slopes, strict=True):
                np.testing.assert_allclose(ours, theirs, atol=2e-5)
            assert_close(record.deltas, deltas)
            assert_close(record.activation_gradients, activation_gradients)
            assert_close(record.layer_gradients, gradients)
            assert_close([flat(record.layer_updates)], [update_of(fault, record)])
            if before is not None:
                assert_close(
                    record.layers,
                    [
                        np.add(layer, update, dtype=np.float64)
                        for layer, update in zip(before.layers, before.layer_updates, strict=True)
                    ],
                )
            before = record

    check()


@keys
def test_the_record_of_a_faulty_step_has_the_true_examples(fault):
    trainer = trainer_of(fault=fault)
    for record in steps_of(trainer, [False, False, True, False]):
        contexts, targets = trainer.dataset.__getitems__(record.samples)
        assert np.array_equal(record.contexts, contexts)
        assert np.array_equal(record.targets, targets)
        assert record.settings["fault"] == fault


def trainer_of(**settings):
    """A trainer in which any fault can act."""
    data = SequenceDataset(num_samples=50, seed=3)
    model = Model(
        input_dimension=data.input_dimension,
        output_dimension=data.output_dimension,
        hidden_dimension=6,
        activation="tanh",
        seed=5,
    )
    usual = {"loss_type": "cross_entropy", "optimizer": "adam", "learning_rate": 0.01}
    return Trainer(model, data, batch_size=8, **usual | settings)


def test_a_step_without_fault_is_the_network_the_loss_and_the_optimizer_bit_for_bit():
    trainer, twin = trainer_of(), trainer_of()
    network, rule = twin.model.network, OPTIMIZERS["adam"](0.01)
    state, gradients = rule.initial_state(network.size), np.zeros(network.size, np.float32)
    cursor = twin.engine.batches.cursor
    for _ in range(20):
        block = twin.engine.batches.loader.load(cursor, 8)
        work = Workspace(network, block.batch_size)
        work.activations[0][...] = block.inputs[0]
        list(network.forward(work))
        LOSSES["cross_entropy"].derivative(
            work.logits, block.one_hot_targets[0], work.deltas[-1], work.column
        )
        list(network.backward(work, network.by_layer(gradients)))
        rule.step(network.parameters, gradients, state)
        cursor.pass_by(block.batch_size)
        trainer.run_batch()
        assert np.array_equal(trainer.model.network.parameters, network.parameters)


@keys
def test_a_run_whose_fault_is_switched_off_goes_on_as_one_without(fault):
    trainer, twin = trainer_of(fault=fault), trainer_of()
    steps_of(trainer, [False] * 5)
    trainer.change(fault=None)
    twin.engine.restore(trainer.engine.state())
    steps = [False] * 9 + [True]
    for ours, theirs in zip(steps_of(trainer, steps), steps_of(twin, steps), strict=True):
        assert ours.loss == theirs.loss
        assert np.array_equal(ours.updates[0], theirs.updates[0])


@keys
def test_looking_and_viewing_leave_a_fault_as_it_is(fault):
    trainer, undisturbed = trainer_of(fault=fault), trainer_of(fault=fault)
    for _ in range(9):
        trainer.engine.look()
        trainer.change(mode="visualize")
        steps_of(trainer, [False, True])
        trainer.change(mode="train")
        assert trainer.run_batch().loss == undisturbed.run_batch().loss
    assert trainer.engine.state().digest() == undisturbed.engine.state().digest()


@keys
def test_silenced_units_and_frozen_layers_stay_so_under_a_fault(fault):
    trainer = trainer_of(fault=fault)
    trainer.engine.edits.silence(1, 2, True)
    trainer.engine.edits.freeze(1, True)
    for record in steps_of(trainer, [False] * 3):
        assert not record.activations[1][:, 2].any()
        assert not record.deltas[0][:, 2].any()
        assert not record.layer_updates[1].any()


def test_zero_weights_are_set_once_when_the_fault_is_switched_on():
    trainer = trainer_of()
    steps_of(trainer, [False] * 3)
    trainer.change(fault="zero_weights")
    assert not trainer.model.network.parameters.any()
    steps_of(trainer, [False] * 3)
    assert trainer.model.biases[-1].any()
    trainer.change(learning_rate=0.5)
    assert trainer.model.biases[-1].any()


def test_accumulated_gradients_begin_anew_when_the_fault_does():
    trainer = trainer_of(fault="accumulated_gradients")
    steps_of(trainer, [False] * 4)
    trainer.change(learning_rate=0.02)  # goes on accumulating
    *_, grown = steps_of(trainer, [False])
    assert_close(
        grown.layer_gradients,
        [a + b for a, b in zip(own_gradients(grown), accumulated(trainer, grown), strict=True)],
    )
    trainer.change(fault=None)
    trainer.change(fault="accumulated_gradients")
    (record,) = steps_of(trainer, [False])
    assert_close(record.layer_gradients, own_gradients(record))


def own_gradients(record):
    return gradients_of(None, record, None)[-1]


def accumulated(trainer, record):
    """The sum of the gradients of all steps before a record's, each made again by itself."""
    twin = trainer_of(fault="accumulated_gradients")
    records = steps_of(twin, [False] * (record.step - 1))
    return [np.sum(each, axis=0) for each in zip(*map(own_gradients, records), strict=True)]


def samples_of_epoch(trainer):
    """The samples that the steps of an epoch see, batch by batch."""
    epoch, seen = trainer.epoch, []
    while trainer.epoch == epoch:
        seen.append(trainer.run_batch().samples)
    return seen


def test_dropped_last_batch_ends_each_epoch_after_its_last_whole_batch():
    trainer = trainer_of(fault="dropped_last_batch")
    for epoch in range(3):
        batches = samples_of_epoch(trainer)
        assert [len(batch) for batch in batches] == [8] * 6  # 50 samples: 2 are left out
        assert np.array_equal(np.concatenate(batches), trainer.dataset.order(epoch)[:48])
        assert np.isfinite(trainer.engine.history["validation_loss"][-1])


def test_whole_epochs_and_blocks_drop_the_last_batch_too():
    trainer = trainer_of(fault="dropped_last_batch")
    trainer.run_epoch()
    assert (trainer.step, trainer.epoch) == (6, 1)
    engine = trainer.engine
    while engine.epoch == 1:
        engine.advance(8, 32)
    assert (engine.step, engine.batches.cursor.position) == (12, 0)


def test_single_steps_and_larger_batches_leave_no_smaller_batch_behind():
    trainer = trainer_of(fault="dropped_last_batch")
    steps_of(trainer, [False] * 5 + [True] * 3)  # 43 of 50: fewer than 8 are left
    assert (trainer.epoch, trainer.engine.batches.cursor.position) == (1, 0)
    steps_of(trainer, [False] * 3)  # 24
    trainer.change(batch_size=30)
    assert (trainer.epoch, trainer.engine.batches.cursor.position) == (2, 0)


needs = [
    ("no_activation_derivative", {"hidden_layers": 0}, "activation other than identity"),
    ("no_activation_derivative", {"activation": "identity"}, "activation other than identity"),
    ("derivative_at_activation", {"activation": "relu"}, "gelu, tanh or sigmoid"),
    ("untransposed_weights", {"hidden_dimension": [6, 7]}, "two levels of the same width"),
    ("no_batch_mean", {"batch_size": 1}, "more than one example"),
    ("summed_loss", {"batch_size": 1}, "more than one example"),
    ("shifted_targets", {"batch_size": 1}, "more than one example"),
    ("no_bias_correction", {"optimizer": "sgd"}, "the optimizer adam or adamw"),
    ("inverted_bias_correction", {"optimizer": "rmsprop"}, "the optimizer adam or adamw"),
    ("no_softmax_derivative", {"loss_type": "mse"}, "the loss function cross_entropy"),
    ("double_softmax", {"loss_type": "mse"}, "the loss function cross_entropy"),
    ("dropped_last_batch", {"batch_size": 25}, "does not divide"),
    ("dropped_last_batch", {"batch_size": 80}, "below the 50 training samples"),
]


@pytest.mark.parametrize(("fault", "lacking", "needed"), needs)
def test_a_fault_that_cannot_act_is_refused_with_what_it_needs(fault, lacking, needed):
    data = SequenceDataset(num_samples=50)
    shape = {"hidden_dimension": 6, "activation": "tanh", "hidden_layers": 2}
    training = {"loss_type": "cross_entropy", "optimizer": "adam", "batch_size": 8}
    if isinstance(lacking.get("hidden_dimension"), list):
        shape.pop("hidden_layers")
    shape |= {name: value for name, value in lacking.items() if name not in training}
    training |= {name: value for name, value in lacking.items() if name in training}
    model = Model(
        input_dimension=data.input_dimension, output_dimension=data.output_dimension, **shape
    )
    with pytest.raises(SettingError, match=f"fault '{fault}' needs .*{needed}"):
        Trainer(model, data, fault=fault, **training)


@pytest.mark.parametrize(
    ("fault", "lacking", "needed"),
    [each for each in needs if each[1].keys() <= {"batch_size", "optimizer", "loss_type"}],
)
def test_a_change_that_would_keep_a_fault_from_acting_is_refused(fault, lacking, needed):
    trainer = trainer_of(fault=fault)
    before = trainer.engine.state().digest()
    for change in (trainer.change, trainer.engine.change):
        with pytest.raises(SettingError, match=f"fault '{fault}' needs .*{needed}"):
            change(**lacking)
    assert trainer.engine.state().digest() == before
    trainer.change(fault=None, **lacking)  # both together: nothing is kept from acting


def test_an_unknown_fault_is_refused_with_the_nearest_known_one():
    with pytest.raises(SettingError, match="must be None, or one of .*Did you mean 'wrong_sign'"):
        trainer_of(fault="wrongsign")


@keys
def test_a_fault_says_what_it_is_where_it_was_met_and_what_reveals_it(fault):
    described = FAULTS[fault]
    assert described.key == fault
    for text in (described.sentence, described.met_in, described.reveals):
        assert text.endswith(".")
        assert text[0].isupper() or text.startswith("dL")
