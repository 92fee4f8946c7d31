"""Steps, batches and epochs; changes of settings; viewing without training."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel import Model, SequenceDataset, SettingError, Trainer, TrainingRunManager
from backprop_panel.nn.optimizers import OPTIMIZERS
from backprop_panel.training import model as model_module

quick = settings(derandomize=True, deadline=None, max_examples=25, database=None)
every_optimizer = pytest.mark.parametrize("optimizer", OPTIMIZERS)


def trainer_of(num_samples=50, seed=0, **trainer_settings):
    """A small trainer; 50 samples make a batch of 32 and one of 18."""
    data = SequenceDataset(num_samples=num_samples, seed=seed)
    model = Model(
        input_dimension=data.input_dimension,
        output_dimension=data.output_dimension,
        hidden_dimension=8,
        seed=seed,
    )
    usual = {"loss_type": "cross_entropy", "learning_rate": 0.1}
    return Trainer(model=model, dataset=data, **{**usual, **trainer_settings})


def parameters(trainer):
    return trainer.model.network.parameters.copy()


def losses(trainer, batches):
    return [trainer.run_batch().loss for _ in range(batches)]


def state(trainer):
    """Everything that training depends on, for comparison."""
    engine = trainer.engine
    moments = {
        (rule, name): moment.tolist()
        for rule, optimizer_state in engine.state().optimizers.items()
        for name, moment in optimizer_state.moments.items()
    }
    return {
        "parameters": parameters(trainer).tolist(),
        "moments": moments,
        "place": (engine.step, engine.batches.cursor.epoch, engine.batches.cursor.position),
        "history": {name: column.tolist() for name, column in engine.history.items()},
        "events": list(map(repr, engine.events)),
        "settings": engine.settings,
        "shown": {name: getattr(trainer, name) for name in (*engine.settings.__dict__, "mode")},
    }


def unchanging(before):
    """`state` as text, in which all NaNs are equal."""
    return repr(before)


def arrays_of(record):
    """All arrays of a record by name."""
    names = [field.name for field in dataclasses.fields(record)] + [
        name for name in dir(type(record)) if isinstance(getattr(type(record), name), property)
    ]
    for name in names:
        value = getattr(record, name)
        if isinstance(value, np.ndarray):
            yield name, value
        elif isinstance(value, tuple):
            named = ((f"{name}[{number}]", item) for number, item in enumerate(value))
            yield from (pair for pair in named if isinstance(pair[1], np.ndarray))


def test_a_step_takes_one_example():
    trainer = trainer_of()
    record = trainer.run_step()
    assert record.inputs.shape == (1, 16)
    assert record.samples.tolist() == trainer.dataset.order(0)[:1].tolist()
    assert (trainer.step, trainer.epoch) == (1, 0)


def test_a_batch_takes_the_next_batch_size_examples():
    trainer = trainer_of(batch_size=20)
    samples = [trainer.run_batch().samples.tolist() for _ in range(3)]
    order = trainer.dataset.order(0).tolist()
    assert samples == [order[:20], order[20:40], order[40:]]
    assert (trainer.step, trainer.epoch) == (3, 1)


def test_steps_and_batches_share_one_cursor():
    trainer = trainer_of(batch_size=20)
    taken = np.concatenate(
        [step().samples for step in (trainer.run_step, trainer.run_batch, trainer.run_step)]
    )
    assert taken.tolist() == trainer.dataset.order(0)[:22].tolist()


def test_record_holds_the_inputs_of_its_samples():
    trainer = trainer_of()
    record = trainer.run_batch()
    contexts, targets = trainer.dataset.__getitems__(record.samples)
    assert np.array_equal(record.contexts, contexts)
    assert np.array_equal(record.targets, targets)
    assert np.array_equal(record.inputs, np.eye(4)[contexts].reshape(32, 16))


@pytest.mark.parametrize(("batches_before", "batches_of_it"), [(0, 3), (1, 2), (2, 1), (3, 3)])
def test_run_epoch_ends_the_epoch_in_progress(batches_before, batches_of_it):
    trainer = trainer_of(batch_size=20)
    losses(trainer, batches_before)
    record = trainer.run_epoch()
    assert trainer.step == batches_before + batches_of_it
    assert trainer.epoch == (batches_before + batches_of_it) // 3
    assert trainer.engine.batches.cursor.position == 0
    assert len(record.samples) == 10


def test_run_epoch_after_single_steps_takes_the_remaining_samples():
    trainer = trainer_of(batch_size=20)
    trainer.run_step()
    record = trainer.run_epoch()
    assert (trainer.step, trainer.epoch, len(record.samples)) == (4, 1, 9)


def test_an_epoch_equals_its_batches_one_by_one():
    at_once, one_by_one = trainer_of(), trainer_of()
    at_once.run_epoch()
    losses(one_by_one, 2)
    assert unchanging(state(at_once)) == unchanging(state(one_by_one))


@pytest.mark.parametrize("batch_size", [50, 51, 10**9])
def test_a_batch_larger_than_the_data_is_the_whole_set(batch_size):
    trainer = trainer_of(batch_size=batch_size)
    record = trainer.run_batch()
    assert sorted(record.samples.tolist()) == list(range(50))
    assert (trainer.step, trainer.epoch) == (1, 1)


def test_validation_loss_is_computed_at_the_end_of_each_epoch():
    trainer = trainer_of(batch_size=20)
    trainer.run_epoch()
    trainer.run_step()
    data = trainer.dataset
    column = trainer.engine.history["validation_loss"]
    assert np.isnan(column).tolist() == [True, True, False, True]
    fresh = trainer_of(batch_size=20)
    fresh.run_epoch()
    contexts, targets = data.context_and_target(data.validation_windows)
    logits = fresh.engine.predict(contexts).astype(float)
    expected = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(targets)), targets]
    assert column[2] == pytest.approx(expected.mean(), rel=1e-5)


def test_validation_loss_is_nan_without_validation_windows():
    data = SequenceDataset(num_samples=50, validation_fraction=0)
    trainer = Trainer(Model(), data)
    trainer.run_epoch()
    assert np.isnan(trainer.engine.history["validation_loss"]).all()


def test_history_has_a_row_for_each_update():
    trainer = trainer_of(batch_size=20)
    records = [trainer.run_step(), trainer.run_batch(), trainer.run_epoch()]
    history = trainer.engine.history
    assert history["step"].tolist() == [1, 2, 3, 4]
    assert history["epoch"].tolist() == [0, 0, 0, 0]
    for record in records:
        assert history["loss"][record.step - 1] == np.float32(record.loss)
        assert history["accuracy"][record.step - 1] == np.float32(record.accuracy)


def test_history_is_read_only_and_grows():
    trainer = trainer_of(num_samples=1)
    for _ in range(2500):
        trainer.engine.advance(1)
    assert trainer.engine.history["step"].tolist() == list(range(1, 2501))
    with pytest.raises(ValueError, match="read-only"):
        trainer.engine.history["loss"][0] = 0


@every_optimizer
def test_record_holds_the_weights_before_the_update(optimizer):
    trainer = trainer_of(optimizer=optimizer)
    losses(trainer, 3)
    before = [array.copy() for array in trainer.model.weights + trainer.model.biases]
    record = trainer.run_batch()
    for kept, was in zip(record.weights + record.biases, before, strict=True):
        assert np.array_equal(kept, was)


@every_optimizer
def test_weights_of_a_record_plus_its_updates_are_the_next_weights(optimizer):
    trainer = trainer_of(optimizer=optimizer, weight_decay=0.01)
    losses(trainer, 3)
    record = trainer.run_batch()
    for layer in range(3):
        weights = record.weights[layer] + record.weight_updates[layer]
        biases = record.biases[layer] + record.bias_updates[layer]
        assert np.array_equal(weights, trainer.model.weights[layer])
        assert np.array_equal(biases, trainer.model.biases[layer])


def test_updates_are_ordered_weights_then_bias_layer_by_layer():
    record = trainer_of().run_batch()
    shapes = [update.shape for update in record.updates]
    assert shapes == [(16, 8), (8,), (8, 8), (8,), (8, 4), (4,)]


def test_sgd_update_is_minus_learning_rate_times_gradient():
    record = trainer_of(learning_rate=0.25).run_batch()
    for update, gradient in zip(record.weight_updates, record.weight_gradients, strict=True):
        np.testing.assert_allclose(update, -0.25 * gradient, rtol=1e-6)


def test_record_holds_loss_and_accuracy_before_the_update():
    trainer = trainer_of()
    before = Model(**trainer.model.settings())
    record = trainer.run_batch()
    logits = before.forward(record.inputs)
    assert np.array_equal(record.logits, logits)
    assert record.accuracy == (logits.argmax(axis=1) == record.targets).mean()
    rows = np.arange(32)
    expected = -np.log(record.probabilities[rows, record.targets]).mean()
    assert record.loss == pytest.approx(expected, rel=1e-5)


def test_record_does_not_change_during_later_training():
    trainer = trainer_of()
    record = trainer.run_batch()
    before = {name: array.copy() for name, array in arrays_of(record)}
    trainer.run_epoch()
    losses(trainer, 5)
    for name, array in arrays_of(record):
        assert np.array_equal(array, before[name]), name


@pytest.mark.parametrize("mode", ["train", "visualize"])
def test_arrays_of_a_record_are_read_only(mode):
    record = trainer_of(mode=mode).run_batch()
    writable = {name for name, array in arrays_of(record) if array.flags.writeable}
    assert writable <= {"probabilities"}  # made anew each time it is asked for


def test_record_holds_the_settings_of_its_step():
    trainer = trainer_of()
    record = trainer.run_batch()
    trainer.learning_rate = 0.5
    assert record.settings["learning_rate"] == 0.1
    assert trainer.run_batch().settings["learning_rate"] == 0.5


def test_look_shows_the_next_batch_and_changes_nothing():
    trainer = trainer_of()
    losses(trainer, 3)
    before = unchanging(state(trainer))
    look = trainer.engine.look()
    assert unchanging(state(trainer)) == before
    record = trainer.run_batch()
    assert look.loss == record.loss
    assert np.array_equal(look.samples, record.samples)
    for ours, theirs in zip(look.layer_gradients, record.layer_gradients, strict=True):
        assert np.array_equal(ours, theirs)


@every_optimizer
def test_visualize_mode_changes_no_weight_and_logs_nothing(optimizer):
    trainer = trainer_of(optimizer=optimizer)
    losses(trainer, 3)
    before = state(trainer)
    trainer.mode = "visualize"
    for step in (trainer.run_step, trainer.run_batch, trainer.run_epoch, trainer.run_batch):
        record = step()
        assert not record.updated
        assert not any(update.any() for update in record.updates)
    trainer.mode = "train"
    assert unchanging(state(trainer)) == unchanging(before)


@every_optimizer
def test_visualize_mode_does_not_change_later_losses(optimizer):
    looked, trained = trainer_of(optimizer=optimizer), trainer_of(optimizer=optimizer)
    without = losses(trained, 10)
    first = losses(looked, 3)
    looked.mode = "visualize"
    losses(looked, 4)
    looked.run_epoch()
    looked.mode = "train"
    assert first + losses(looked, 7) == without
    assert np.array_equal(parameters(looked), parameters(trained))


def test_visualize_mode_starts_with_the_next_training_batch():
    trainer = trainer_of(batch_size=20)
    trainer.run_batch()
    trainer.mode = "visualize"
    order = trainer.dataset.order(0).tolist()
    assert trainer.run_batch().samples.tolist() == order[20:40]
    assert trainer.run_batch().samples.tolist() == order[40:]
    assert trainer.run_batch().samples.tolist() == trainer.dataset.order(1)[:20].tolist()


def test_run_epoch_in_visualize_mode_ends_with_the_epoch():
    trainer = trainer_of(batch_size=20, mode="visualize")
    trainer.run_batch()
    assert len(trainer.run_epoch().samples) == 10
    assert (trainer.step, trainer.epoch) == (0, 0)


def test_visualize_mode_computes_everything_that_training_does():
    looked = trainer_of(mode="visualize").run_batch()
    trained = trainer_of().run_batch()
    assert looked.loss == trained.loss
    for name in ("pre_activations", "activations", "deltas", "layer_gradients"):
        for ours, theirs in zip(getattr(looked, name), getattr(trained, name), strict=True):
            assert np.array_equal(ours, theirs)


changes = st.fixed_dictionaries(
    {},
    optional={
        "learning_rate": st.floats(0.001, 1),
        "batch_size": st.integers(1, 70),
        "loss_type": st.sampled_from(["mse", "cross_entropy"]),
        "optimizer": st.sampled_from(sorted(OPTIMIZERS)),
        "weight_decay": st.floats(0, 0.1),
    },
)


@quick
@given(st.lists(changes, min_size=1, max_size=4))
def test_changed_settings_keep_weights_momentum_position_and_history(many):
    trainer = trainer_of(optimizer="adam", batch_size=20)
    losses(trainer, 4)
    for change in many:
        before = state(trainer)
        trainer.change(**change)
        after = state(trainer)
        for kept in ("parameters", "moments", "place", "history"):
            assert repr(after[kept]) == repr(before[kept])
        record = trainer.run_batch()
        assert record.settings == {
            name: getattr(trainer, name) for name in trainer.engine.settings.__dict__
        }


def test_momentum_is_kept_when_the_learning_rate_changes():
    trainer = trainer_of(optimizer="momentum", learning_rate=0.1)
    losses(trainer, 5)
    velocity = trainer.engine.optimizer_state.moments["velocity"].copy()
    trainer.learning_rate = 0.01
    record = trainer.run_batch()
    gradient = np.concatenate([layer.ravel() for layer in record.layer_gradients])
    update = np.concatenate([layer.ravel() for layer in record.layer_updates])
    np.testing.assert_allclose(update, -0.01 * (0.9 * velocity + gradient), rtol=1e-4, atol=1e-8)


def test_changed_batch_size_continues_from_the_cursor():
    trainer = trainer_of(batch_size=20)
    trainer.run_batch()
    trainer.batch_size = 7
    assert trainer.run_batch().samples.tolist() == trainer.dataset.order(0)[20:27].tolist()


@pytest.mark.parametrize(
    "bad",
    [0, -0.1, math.nan, math.inf, -math.inf, "fast", None, True, pytest.param(10**400, id="huge")],
)
def test_invalid_learning_rate_is_refused_and_nothing_changes(bad):
    trainer = trainer_of()
    losses(trainer, 2)
    before = unchanging(state(trainer))
    with pytest.raises(SettingError) as caught:
        trainer.learning_rate = bad
    assert caught.value.setting == "learning_rate"
    assert unchanging(state(trainer)) == before


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("batch_size", 0),
        ("batch_size", -1),
        ("batch_size", 2.5),
        ("loss_type", "mes"),
        ("optimizer", "adm"),
        ("weight_decay", -1),
        ("weight_decay", math.nan),
        ("mode", "look"),
    ],
)
def test_invalid_setting_is_refused_by_name_and_nothing_changes(name, bad):
    trainer = trainer_of()
    losses(trainer, 2)
    before = unchanging(state(trainer))
    with pytest.raises(SettingError) as caught:
        setattr(trainer, name, bad)
    assert caught.value.setting == name
    assert unchanging(state(trainer)) == before


def test_unknown_setting_is_refused_with_the_nearest_name():
    with pytest.raises(SettingError, match="Did you mean 'learning_rate'"):
        trainer_of(learning_rat=0.1)


def test_model_of_other_dimensions_than_the_data_is_refused():
    with pytest.raises(SettingError, match="input_dimension is 7, but the dataset's is 16"):
        Trainer(Model(input_dimension=7), SequenceDataset())
    with pytest.raises(SettingError, match="output_dimension is 7, but the dataset's is 4"):
        Trainer(Model(output_dimension=7), SequenceDataset())


def memory_for_batches_of(size, monkeypatch):
    """Let the machine have just enough memory to train the small network with that size."""
    needed = model_module.memory_needed([16, 8, 8, 4], size)
    monkeypatch.setattr(model_module, "physical_memory", lambda: 2 * needed)


def test_batch_too_large_for_memory_is_refused_with_its_size(monkeypatch):
    memory_for_batches_of(40, monkeypatch)
    trainer_of(batch_size=40)
    with pytest.raises(SettingError, match="KiB to train with batches of 41") as caught:
        trainer_of(batch_size=41)
    assert caught.value.setting == "batch_size"


def test_change_to_a_batch_too_large_for_memory_is_refused(monkeypatch):
    trainer = trainer_of(batch_size=40)
    memory_for_batches_of(40, monkeypatch)
    with pytest.raises(SettingError, match="batches of 41"):
        trainer.batch_size = 41
    assert trainer.batch_size == trainer.engine.settings.batch_size == 40


def test_the_phases_of_a_step_run_forward_then_backward_then_update():
    trainer = trainer_of()
    phases = trainer.engine.phases(trainer.engine.batches.load(4))
    assert [(phase.name, phase.layer) for phase in phases] == [
        ("forward", 0),
        ("forward", 1),
        ("forward", 2),
        ("loss", None),
        ("backward", 2),
        ("backward", 1),
        ("backward", 0),
        ("update", None),
    ]


@every_optimizer
@pytest.mark.parametrize("loss_type", ["mse", "cross_entropy"])
@pytest.mark.parametrize("batch_size", [1, 7, 32])
def test_steps_in_a_block_equal_single_steps_bit_for_bit(optimizer, loss_type, batch_size):
    settings = {"optimizer": optimizer, "loss_type": loss_type, "batch_size": batch_size}
    together, single = (trainer_of(num_samples=300, **settings) for _ in range(2))
    while together.step < 100:
        together.engine.advance(batch_size, 100 - together.step)
    while single.step < 100:
        single.engine.advance(batch_size)
    for name, column in single.engine.history.items():
        assert np.array_equal(column, together.engine.history[name], equal_nan=True)
    assert np.array_equal(parameters(together), parameters(single))
    assert together.engine.events == single.engine.events


def test_block_of_steps_ends_with_the_epoch():
    trainer = trainer_of(num_samples=100)
    assert [trainer.engine.advance(32, 10) for _ in range(3)] == [3, 1, 3]
    assert trainer.epoch == 1


def test_prediction_during_a_step_does_not_disturb_it():
    disturbed, usual = trainer_of(batch_size=20), trainer_of(batch_size=20)
    other_contexts, _ = disturbed.dataset.__getitems__(range(20))
    block = disturbed.engine.batches.load(20)
    for _ in disturbed.engine.phases(block):
        disturbed.engine.predict(other_contexts)
    usual.run_batch()
    assert np.array_equal(parameters(disturbed), parameters(usual))


def test_prediction_during_validation_does_not_disturb_it(monkeypatch):
    trainer = trainer_of()
    data, usual = trainer.dataset, trainer.engine.validation_loss()
    contexts, _ = data.context_and_target(data.validation_windows)
    one_hot_targets = data.one_hot_targets

    def after_a_prediction(targets, out):
        trainer.engine.predict(np.zeros_like(contexts))
        one_hot_targets(targets, out=out)

    monkeypatch.setattr(data, "one_hot_targets", after_a_prediction)
    assert trainer.engine.validation_loss() == usual


def test_predictions_equal_the_models_for_any_number_of_contexts():
    trainer = trainer_of(num_samples=3000)
    contexts, _ = trainer.dataset.__getitems__(range(3000))
    inputs = np.eye(4)[contexts].reshape(3000, 16)
    np.testing.assert_allclose(
        trainer.engine.predict(contexts), trainer.model.forward(inputs), rtol=1e-5, atol=1e-6
    )


@every_optimizer
def test_training_depends_on_the_seed_alone(optimizer):
    def trained(seed):
        trainer = trainer_of(seed=seed, optimizer=optimizer)
        return losses(trainer, 10), parameters(trainer).tolist()

    assert trained(1) == trained(1)
    assert trained(1) != trained(2)


def test_trainers_do_not_disturb_each_other():
    alone = losses(trainer_of(), 6)
    one, other = trainer_of(), trainer_of(seed=7, optimizer="adam")
    together = []
    for _ in range(6):
        together.append(one.run_batch().loss)
        other.run_batch()
    assert together == alone


def test_a_run_that_diverges_says_so_by_its_numbers_and_not_by_warnings():
    settings = {"optimizer": "sgd", "learning_rate": 1e9, "activation": "identity"}
    run = TrainingRunManager().create(loss_type="mse", **settings)
    run.trainer.run_epoch()  # a warning would be an error here, as in all tests
    record = run.trainer.run_step()
    engine = run.trainer.engine
    losses = record.loss, engine.validation_loss(), engine.look().loss
    assert not np.isfinite(losses).any()
