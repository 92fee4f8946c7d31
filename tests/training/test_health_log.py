"""The health of layers, measured while an engine trains and kept with its run."""

from itertools import count

import numpy as np
import pytest

from backprop_panel import Model, SequenceDataset, TrainingRunManager
from backprop_panel.training import health_meter
from backprop_panel.training.health_log import (
    COLUMNS,
    DISTRIBUTIONS,
    MEASURES,
    MOST_MOMENTS,
    QUANTILES,
    HealthLog,
    StepHealth,
)
from backprop_panel.training.health_meter import BlockedUnits, is_flat
from backprop_panel.training.worker import StopWhen

SMALL = {"num_samples": 60, "hidden_dimension": 5, "loss_type": "cross_entropy"}


@pytest.fixture
def measured(monkeypatch):
    """Measure every step, whatever it costs."""
    monkeypatch.setattr(health_meter, "MOST_SAVED_SECONDS", 1e9)
    monkeypatch.setattr(health_meter, "TIME_SHARE", 1e9)


@pytest.fixture
def run(measured):
    return TrainingRunManager().create(**SMALL)


def moment(step):
    return StepHealth(step, np.full((3, COLUMNS), step, np.float32))


def steps_of(run):
    return run.trainer.engine.health.steps.tolist()


def test_every_step_of_a_short_training_is_measured_unwatched(run):
    run.trainer.engine.advance(10, 6)
    assert steps_of(run) == [1, 2, 3, 4, 5, 6]


def test_a_worker_measures_its_steps_while_nobody_asks_for_records(run):
    run.worker.start(StopWhen(epoch=5))
    run.worker._thread.join()
    assert run.trainer.step > 5
    assert steps_of(run) == list(range(1, run.trainer.step + 1))


def test_steps_with_and_without_a_record_are_measured_alike(run, measured):
    other = TrainingRunManager().create(**SMALL)
    for _ in range(4):
        run.trainer.engine.record_step(7)
    other.trainer.engine.advance(7, 4)
    ours, theirs = (each.trainer.engine.health.moments for each in (run, other))
    assert [moment.step for moment in ours] == [1, 2, 3, 4]
    for one, same in zip(ours, theirs, strict=True):
        assert one.values.tobytes() == same.values.tobytes()


@pytest.mark.parametrize("activation", ["gelu", "relu", "tanh"])
def test_measures_are_those_of_the_step_and_its_record(measured, activation):
    run = TrainingRunManager().create(**SMALL, activation=activation)
    run.trainer.engine.edits.silence(1, 2, True)
    run.trainer.run_epoch()
    before = run.replay(run.trainer.step).engine.network
    record, log = run.trainer.run_batch(), run.trainer.engine.health
    blocked = [flat.mean() for flat in BlockedUnits(before, run.dataset).now()] + [0]
    for layer, share in enumerate(blocked):
        weights = np.linalg.norm(record.layers[layer])
        values = {name: log.measure(name)[-1, layer] for name in MEASURES}
        assert values == {
            "gradient_norm": pytest.approx(np.linalg.norm(record.layer_gradients[layer])),
            "weight_norm": pytest.approx(weights),
            "update_ratio": pytest.approx(np.linalg.norm(record.layer_updates[layer]) / weights),
            "blocked_share": pytest.approx(share),
        }
    assert log.measure("blocked_share")[-1, 0] >= 0.2  # the silenced unit


def test_more_than_a_thousand_examples_are_looked_at_in_a_large_set():
    data = SequenceDataset(num_samples=5000)
    network = Model(hidden_dimension=4).network
    assert BlockedUnits(network, data).examples == 1024


def test_a_unit_that_fires_for_one_training_example_alone_is_not_blocked():
    data = SequenceDataset(num_samples=64)
    network = Model(hidden_dimension=8, activation="relu").network
    contexts, _ = data.__getitems__([17])
    inputs = np.empty((1, data.input_dimension), np.float32)
    data.one_hot(contexts, out=inputs)
    network.weights[0][:, 0] = inputs[0] - 0.5  # largest for this context
    network.biases[0][0] = 0.5 - inputs[0] @ (inputs[0] - 0.5)
    network.biases[0][1] = -100
    assert BlockedUnits(network, data).now()[0][:2].tolist() == [False, True]


def test_unit_is_flat_if_its_slope_is_so_for_all_examples():
    slopes = np.array([[0.0, 0.0, 1.0, 0.005], [0.0, 0.5, 1.0, -0.005]])
    assert is_flat(slopes).tolist() == [True, False, False, True]


def test_quantiles_are_of_the_batch_of_the_step(run):
    record, log = run.trainer.run_batch(), run.trainer.engine.health
    for kind, arrays in zip(
        DISTRIBUTIONS, (record.activations[1:], record.layer_gradients), strict=True
    ):
        for layer, values in enumerate(arrays):
            expected = np.quantile(values, QUANTILES, method="nearest")
            found = log.quantiles(kind, layer)[-1]
            spread = np.ptp(values)
            assert np.allclose(found, expected, atol=0.05 * spread)
            assert (np.diff(found) >= 0).all()


def test_measuring_changes_no_number_of_a_run(monkeypatch):
    digests = []
    for most in (0.0, 1e9):
        monkeypatch.setattr(health_meter, "MOST_SAVED_SECONDS", most)
        monkeypatch.setattr(health_meter, "MOST_OWED_SECONDS", most)
        run = TrainingRunManager().create(**SMALL, optimizer="adam", activation="relu")
        engine = run.trainer.engine
        for _ in range(5):
            engine.advance(7, 3)
            engine.record_step(9)
        assert (len(engine.health.moments) == 0) == (most == 0)
        digests.append((engine.state().digest(), engine.history["loss"].tobytes()))
    assert digests[0] == digests[1]


def test_steps_that_are_only_viewed_are_not_measured(run):
    run.trainer.change(mode="visualize")
    run.trainer.run_epoch()
    assert steps_of(run) == []


def test_measuring_keeps_to_its_share_of_the_time(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(health_meter, "perf_counter", lambda: clock[0])
    share = health_meter.TimeShare()
    spent, seconds = 0, 0.001
    for _ in range(10_000):
        clock[0] += 0.01
        for _ in range(share.affordable()):
            share.spend(seconds)
            spent += seconds
    allowed = health_meter.TIME_SHARE * clock[0] + health_meter.MOST_SAVED_SECONDS
    assert 0.9 * allowed < spent <= allowed + seconds


@pytest.mark.parametrize("first", [0, 3])
@pytest.mark.parametrize("affordable", [1, 3, 100])
def test_the_last_of_many_steps_is_measured(monkeypatch, first, affordable):
    run = TrainingRunManager().create(**SMALL)
    meter = run.trainer.engine._meter
    monkeypatch.setattr(meter._time, "affordable", lambda: affordable)
    places = meter.places(50, first, spacing=2, overdue=50)
    assert places[-1] == 49
    assert places[0] >= first
    assert len(places) <= affordable


def test_no_long_stretch_of_a_short_run_goes_unmeasured(monkeypatch):
    ticks = count()
    monkeypatch.setattr(health_meter, "thread_time", lambda: 1e-4 * next(ticks))
    # Training takes no time here, so that none is saved up for measuring.
    monkeypatch.setattr(health_meter, "perf_counter", lambda: 0.0)
    run = TrainingRunManager().create(**SMALL)
    while run.trainer.step < 300:
        run.trainer.engine.advance(7, 2)
    assert len(steps_of(run)) < 200
    assert max(np.diff([*steps_of(run), 300])) <= 300 / 32 + 2


def test_what_is_owed_for_measuring_is_bounded(monkeypatch):
    run = TrainingRunManager().create(**SMALL)
    meter = run.trainer.engine._meter
    monkeypatch.setattr(health_meter, "perf_counter", lambda: 0.0)
    meter._time.restart()
    meter._time.spend(health_meter.MOST_SAVED_SECONDS)
    assert meter.places(50, 0, spacing=1, overdue=10) == range(49, 50, 50)
    meter._time.spend(health_meter.MOST_OWED_SECONDS)
    assert not meter.places(50, 0, spacing=1, overdue=10)


def test_one_long_measurement_is_made_and_then_paid_off(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(health_meter, "perf_counter", lambda: clock[0])
    share = health_meter.TimeShare()
    share.spend(1.0)
    clock[0] = 0.5 / health_meter.TIME_SHARE
    assert share.affordable() == 0
    clock[0] = 1.5 / health_meter.TIME_SHARE
    assert share.affordable() == 1


def test_values_that_are_not_finite_are_measured_without_a_warning(run):
    run.trainer.engine.edits.set_weight(0, 0, 0, 3e38)
    run.trainer.engine.change(learning_rate=1e30)
    for _ in range(3):
        run.trainer.run_epoch()
    log = run.trainer.engine.health
    assert len(log.steps) >= 3
    assert not np.isfinite(log.measure("weight_norm")).all()


def test_a_full_log_is_thinned_evenly_and_stays_bounded():
    log = HealthLog()
    for step in range(1, 20_000):
        if step == log.next_step:
            log.add(moment(step))
        assert len(log.moments) <= MOST_MOMENTS
    gaps = np.diff(log.steps)
    assert len(log.moments) > MOST_MOMENTS / 3
    assert gaps.max() <= 3 * np.median(gaps)
    assert log.steps[0] == 1
    assert (log.measure("weight_norm")[:, 0] == log.steps).all()


def test_a_past_engine_has_the_health_up_to_its_step(run):
    run.trainer.engine.advance(7, 8)
    assert run.replay(5).engine.health.steps.tolist() == [1, 2, 3, 4, 5]
    assert run.step_again(5).engine.health.steps.tolist() == [1, 2, 3, 4, 5]
    assert len(steps_of(run)) == 8


def test_a_replay_measures_nothing_itself(run):
    run.trainer.engine.advance(7, 8)
    run.trainer.engine.health = HealthLog()
    assert run.replay(5).engine.health.steps.tolist() == []


def test_a_fork_has_its_parents_past_and_goes_on_from_it(run):
    run.trainer.engine.advance(7, 8)
    fork = run.fork("fork", 5)
    assert steps_of(fork) == [1, 2, 3, 4, 5]
    fork.trainer.engine.advance(7, 2)
    assert steps_of(fork) == [1, 2, 3, 4, 5, 6, 7]
    assert len(steps_of(run)) == 8


def test_a_reset_empties_the_log_and_one_of_a_fork_cuts_it(run):
    run.trainer.engine.advance(7, 8)
    fork = run.fork("fork", 5)
    fork.trainer.engine.advance(7, 2)
    fork.reset()
    run.reset()
    assert (steps_of(run), steps_of(fork)) == ([], [1, 2, 3, 4, 5])
