"""Loading weights into a run is an event like any other."""

import io

import numpy as np
import pytest
from safetensors.numpy import load, save
from stores import SMALL, train, wait_until

from backprop_panel import Model, SequenceDataset, SettingError, Trainer, TrainingRunManager
from backprop_panel.interchange import InterchangeError, load_weights, save_weights
from backprop_panel.nn.network import Network
from backprop_panel.training.events import WeightsLoaded
from backprop_panel.training.pytorch_weights import digest_of
from backprop_panel.training.worker import StopWhen
from tests.bundles import weights_file, with_loaded_weights

CHANGES = {
    "nan": lambda tensors: {**tensors, "2.bias": tensors["2.bias"] * np.float32("nan")},
    "infinite": lambda tensors: {**tensors, "0.bias": tensors["0.bias"] + np.float32("inf")},
    "turned": lambda tensors: {**tensors, "0.weight": tensors["0.weight"].T.copy()},
    "incomplete": lambda tensors: {"0.bias": tensors["0.bias"]},
    "whole numbers": lambda tensors: {name: values.astype(int) for name, values in tensors.items()},
}


@pytest.fixture
def manager():
    return TrainingRunManager()


@pytest.fixture
def run(manager):
    """A run with ten steps before weights were loaded, and ten after."""
    return with_loaded_weights(manager)


def parameters_in(file):
    """The flat vector of a file's weights, layer by layer, the bias as the last row."""
    tensors = load(file)
    layers = [
        np.vstack([tensors[f"{2 * layer}.weight"].T, tensors[f"{2 * layer}.bias"]])
        for layer in range(len(tensors) // 2)
    ]
    return np.concatenate([layer.ravel() for layer in layers])


def loads(run):
    return [event for event in run.trainer.engine.events if isinstance(event, WeightsLoaded)]


def test_path_bytes_and_file_are_loaded_alike(run, tmp_path):
    file = weights_file(run.model.network, seed=5)
    (tmp_path / "weights.safetensors").write_bytes(file)
    for source in (file, io.BytesIO(file), tmp_path / "weights.safetensors"):
        run.model.network.parameters[...] = 0
        run.load_weights(source)
        assert np.array_equal(run.model.network.parameters, parameters_in(file))


def test_loading_is_logged_with_its_step(run):
    assert [event.step for event in loads(run)] == [10]


def test_digest_depends_on_the_tensors_alone(run):
    file = weights_file(run.model.network)
    reordered = save(dict(reversed(load(file).items())), {"in": "another order"})
    run.load_weights(reordered, transposed=True)
    run.load_weights(weights_file(run.model.network, seed=1))
    first, again, other = (event.digest for event in loads(run))
    assert first == again != other


def test_digest_depends_on_the_shapes():
    zeros = np.zeros(8, np.float32)
    assert digest_of(Network([3, 2], []), zeros) != digest_of(Network([1, 4], []), zeros)


def test_replay_to_the_step_of_loading_has_the_loaded_weights(run):
    state = run.at(10)
    expected = run.model.network.by_layer(parameters_in(weights_file(run.model.network)))
    for weights, bias, layer in zip(state.weights, state.biases, expected, strict=True):
        assert np.array_equal(weights, layer[:-1])
        assert np.array_equal(bias, layer[-1])


def test_replay_past_loading_gives_the_recorded_losses(run):
    again, deviation = run.replay(20)
    assert np.array_equal(again.history["loss"], run.history["loss"])
    assert deviation == ""


def test_repeated_step_before_loading_has_its_own_weights(run):
    engine, record, _ = run.step_again(10)
    assert np.array_equal(record.weights[0], run.at(9).weights[0])
    assert np.array_equal(engine.network.weights[0], run.at(10).weights[0])


def test_optimizer_keeps_its_state_when_weights_are_loaded(run):
    before = {name: moment.copy() for name, moment in moments(run).items()}
    run.load_weights(weights_file(run.model.network))
    assert moments(run).keys() == before.keys()
    assert all(np.array_equal(moments(run)[name], moment) for name, moment in before.items())


def moments(run):
    return run.trainer.engine.optimizer_state.moments


def test_frozen_layer_gets_and_keeps_loaded_weights(run):
    run.trainer.engine.edits.freeze(0, True)
    file = weights_file(run.model.network, seed=4)
    run.load_weights(file)
    train(run, 3)
    assert np.array_equal(run.model.weights[0].T, load(file)["0.weight"])


def test_fork_after_loading_trains_as_the_run_did(manager, run):
    fork = manager.fork(run.id, step=12)
    assert train(fork, 8) == run.history["loss"][12:].tolist()
    assert np.array_equal(fork.at(10).weights[0], run.at(10).weights[0])


def test_fork_before_loading_keeps_no_tensors(manager, run):
    assert manager.fork(run.id, step=9).trainer.engine.tensors == {}


def test_reset_drops_the_loaded_tensors(manager, run):
    manager.reset(run.id)
    assert (loads(run), run.trainer.engine.tensors) == ([], {})
    fresh = manager.create(**SMALL, optimizer="adam")
    assert train(run, 15) == train(fresh, 15)


def test_kept_tensors_are_read_only(run):
    (kept,) = run.trainer.engine.tensors.values()
    with pytest.raises(ValueError, match="read-only"):
        kept[0] = 1


@pytest.mark.parametrize("change", CHANGES)
def test_tensors_that_do_not_fit_are_refused_and_nothing_changes(run, change):
    before = run.trainer.engine.state().digest(), list(run.trainer.engine.events)
    with pytest.raises(InterchangeError) as refused:
        run.load_weights(save(CHANGES[change](load(weights_file(run.model.network)))))
    assert refused.value.setting == "weights"
    assert (run.trainer.engine.state().digest(), run.trainer.engine.events) == before


@pytest.mark.parametrize("parameters", [np.zeros(3, np.float32), np.zeros(10), None])
def test_engine_refuses_a_vector_of_another_network(run, parameters):
    engine = run.trainer.engine
    if parameters is None:
        parameters = np.full(engine.network.size, np.nan, np.float32)
    before = engine.state().digest()
    with pytest.raises(SettingError):
        engine.edits.load_weights(parameters)
    assert engine.state().digest() == before


def test_loading_waits_for_the_end_of_a_step(run):
    before = run.trainer.engine.state().digest()
    with run.trainer.stepping():
        run.load_weights(weights_file(run.model.network, seed=2))
        assert run.trainer.engine.state().digest() == before
    assert len(loads(run)) == 2


def test_loading_during_training_is_logged_between_two_steps(run):
    run.worker.start(StopWhen())
    wait_until(lambda: run.trainer.step > 40)
    run.load_weights(weights_file(run.model.network, seed=2))
    wait_until(lambda: len(loads(run)) == 2)
    step = loads(run)[1].step
    wait_until(lambda: run.trainer.step > step + 20)
    run.worker.stop()
    expected = parameters_in(weights_file(run.model.network, seed=2))
    assert np.array_equal(run.replay(step).engine.network.parameters, expected)
    again, deviation = run.replay(run.trainer.step)
    assert np.array_equal(again.history["loss"], run.history["loss"])
    assert deviation == ""


def test_model_of_a_run_refuses_weights_outside_of_its_events(manager, run):
    before = run.trainer.engine.state().digest()
    manager.rename(run.id, "renamed")
    with pytest.raises(InterchangeError, match=r"the run 'renamed': use run\.load_weights\("):
        load_weights(run.model, weights_file(run.model.network))
    assert run.trainer.engine.state().digest() == before


def test_model_of_a_fork_names_the_fork(manager, run):
    fork = manager.fork(run.id, name="hotter")
    with pytest.raises(InterchangeError, match="the run 'hotter'"):
        load_weights(fork.model, weights_file(run.model.network))


def test_model_without_a_run_takes_weights():
    data = SequenceDataset(num_samples=60)
    model = Model(input_dimension=data.input_dimension, output_dimension=data.output_dimension)
    trainer = Trainer(model, data)
    trainer.run_batch()
    file = weights_file(model.network)
    load_weights(model, file)
    assert np.array_equal(trainer.engine.network.parameters, parameters_in(file))


def test_run_loads_weights_saved_from_another_run(manager, run):
    other = manager.create(**SMALL, seed=3)
    buffer = io.BytesIO()
    save_weights(run.model, buffer)
    other.load_weights(buffer.getvalue())
    assert np.array_equal(other.model.network.parameters, run.model.network.parameters)
