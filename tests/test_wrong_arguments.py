"""Public functions refuse an argument of another kind: what it must be, and what was given."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from backprop_panel import Model, Store, Trainer, TrainingRun, analysis
from backprop_panel.analysis import RecordCell
from backprop_panel.interchange import from_query, to_query, to_query_within_limit
from backprop_panel.plain_values import plain
from backprop_panel.settings import SettingError, shown
from backprop_panel.sweeps import Plan, Sweep

CELL = RecordCell("weights", 0, (0, 0))


@pytest.fixture(scope="module")
def run():
    run = TrainingRun("a", {"num_samples": 64, "hidden_dimension": 3})
    run.trainer.run_epoch()
    return run


@pytest.fixture(scope="module")
def record(run):
    return run.step_again(2).record


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    return Sweep(seeds=2, store=tmp_path_factory.mktemp("sweep") / "runs.sqlite")


def refusal(function, *arguments, **more):
    with pytest.raises(SettingError) as refused:
        result = function(*arguments, **more)
        list(result)  # a generator refuses when it begins
    return str(refused.value)


def with_cell(function):
    return lambda record: function(record, CELL)


OF_A_RECORD = {
    "activation_points": lambda record: analysis.activation_points(record, 0),
    "audit": analysis.audit,
    "batch_pushes": with_cell(analysis.batch_pushes),
    "check_gradients": analysis.check_gradients,
    "explain": with_cell(analysis.explain),
    "loss_along": with_cell(analysis.loss_along),
    "loss_along_learning_rate": analysis.loss_along_learning_rate,
    "origin_of_non_finite": with_cell(analysis.origin_of_non_finite),
    "phases_of": analysis.phases_of,
    "token_losses": lambda record: analysis.token_losses(record, 0, 0, 4),
}


@pytest.mark.parametrize("name", OF_A_RECORD)
def test_a_run_in_place_of_a_record_is_refused(name, run):
    message = refusal(OF_A_RECORD[name], run)
    assert message.startswith("record must be a StepRecord, got ")


@pytest.mark.parametrize("name", ["audit_run", "diagnose", "directions_of"])
def test_a_trainer_in_place_of_a_run_is_refused(name, run):
    message = refusal(getattr(analysis, name), run.trainer)
    assert message.startswith("run must be a TrainingRun, got ")


@pytest.mark.parametrize("cell", ["weights", ("weights", 0, (0, 0)), None], ids=str)
@pytest.mark.parametrize("name", ["batch_pushes", "loss_along", "origin_of_non_finite"])
def test_what_is_no_cell_is_refused(name, cell, record):
    assert refusal(getattr(analysis, name), record, cell).startswith("cell must be a RecordCell")


@pytest.mark.parametrize("name", ["batch_pushes", "training_set_pushes"])
def test_a_run_in_place_of_its_dataset_is_refused(name, record, run):
    message = refusal(getattr(analysis, name), record, CELL, run)
    assert message.startswith("dataset must be a SequenceDataset, got ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"network": TrainingRun("b", {})}, "network must be a Model, or a function of contexts"),
        ({"dataset": 3}, "dataset must be a SequenceDataset, got 3"),
        ({"rng": 3}, "rng must be a Generator, got 3"),
    ],
)
def test_generating_says_what_it_needs(arguments, words, run):
    given = {"network": run.model, "dataset": run.dataset, **arguments}
    assert refusal(analysis.generate, **given).startswith(words)


@pytest.mark.parametrize("seed", ["x", -1, 1.5, None], ids=str)
def test_the_seed_of_a_sample_of_gradients_is_a_whole_number(seed, record):
    message = refusal(analysis.check_gradients, record, sample=3, seed=seed)
    assert message == f"seed must be a whole number of at least 0, got {seed!r}."


def test_counts_of_tokens_are_of_pushes(record):
    assert refusal(analysis.token_counts, record).startswith("pushes must be a Pushes, got")
    pushes = analysis.batch_pushes(record, CELL)
    message = refusal(analysis.token_counts, pushes, most="x")
    assert message == "most must be a whole number of at least 1, got 'x'."


@pytest.mark.parametrize("ids", ["x", -1, 4, [0.5], [True], [[0], [0, 1]], None], ids=str)
def test_what_is_no_id_of_a_token_is_refused(ids, run):
    message = refusal(run.dataset.tokens, ids)
    assert message.startswith("ids must be whole numbers from 0 to 3, got")


def test_no_ids_are_no_tokens(run):
    assert run.dataset.tokens([]).shape == (0,)
    assert run.dataset.tokens(np.empty((0, 5))).shape == (0, 5)


@pytest.mark.parametrize("epoch", [-1, "x", 0.5], ids=str)
def test_what_is_no_epoch_has_no_order(epoch, run):
    assert refusal(run.dataset.order, epoch).startswith(
        "epoch must be a whole number of at least 0"
    )


def test_a_step_in_place_of_several_is_refused(run):
    assert refusal(run.steps_again, 3) == "steps must be several steps, such as [1, 2], got 3."


@pytest.mark.parametrize("steps", [[0], [1, 1], [2, 1]], ids=str)
def test_steps_that_do_not_increase_from_1_on_are_refused(steps, run):
    for _ in range(2):
        run.trainer.run_batch()
    told = refusal(run.steps_again, steps)
    assert told == f"steps must be from 1 on and in increasing order, got {steps}."


NAMES = {
    "explain": lambda record, run, sweep, name: analysis.explain(record, name),
    "check_gradients": lambda record, run, sweep, name: analysis.check_gradients(record, name),
    "objective": lambda record, run, sweep, name: Plan(objective=name),
    "base": lambda record, run, sweep, name: Sweep(name),
    "load": lambda record, run, sweep, name: Sweep.load(name, manager=sweep.manager),
    "requested": lambda record, run, sweep, name: run.trainer.requested(name),
    "load_again": lambda record, run, sweep, name: run.trainer.engine.edits.load_again(name),
}


@pytest.mark.parametrize("wrong", [np.zeros(2), [], "wrong", 3], ids=repr)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_name_is_refused_as_another_name_is(name, wrong, record, run, sweep):
    assert shown(wrong) in refusal(NAMES[name], record, run, sweep, wrong)


@pytest.mark.parametrize("wrong", [0.1, np.array(0.1), b"1", bytearray(b"1"), "1"], ids=repr)
def test_what_is_no_list_of_values_is_refused(wrong):
    values = {"learning_rate": wrong}
    for plan in ({"grid": values}, {"ranges": values, "samples": 2}):
        assert "a list of values" in refusal(Plan, **plan)


@pytest.mark.parametrize("path", [None, 3, ""], ids=repr)
def test_a_store_without_a_path_is_refused(path):
    assert refusal(Store, path) == f"A store needs the path of a file, got {path!r}."


@pytest.mark.parametrize("wrong", [None, "x"])
def test_a_trainer_says_what_it_is_made_of(wrong, run):
    fitting = {"model": Model(hidden_dimension=3), "dataset": run.dataset}
    for name, kind in (("model", "Model"), ("dataset", "SequenceDataset")):
        message = refusal(Trainer, **{**fitting, name: wrong})
        assert message == f"{name} must be a {kind}, got {wrong!r}."


@pytest.mark.parametrize("wrong", ["runs.sqlite", Path("runs.sqlite")], ids=repr)
def test_a_path_in_place_of_a_manager_is_refused(wrong):
    for function in (Sweep, Sweep.load):
        message = refusal(function, manager=wrong)
        assert message == f"manager must be a TrainingRunManager, got {wrong!r}."


@pytest.mark.parametrize("wrong", ["3", 1.5, 0], ids=repr)
def test_a_sweep_takes_whole_numbers_for_counts(wrong, sweep):
    for name, function in (("count", sweep.best), ("workers", sweep.estimate)):
        message = refusal(function, wrong)
        assert message == f"{name} must be a whole number of at least 1, got {wrong!r}."


def test_what_is_no_configuration_has_no_link(run):
    for function in (to_query, to_query_within_limit):
        assert "is a mapping of settings" in refusal(function, run)
        assert "is a mapping of settings" in refusal(function, {}, run)
    assert "is a mapping of settings" in refusal(from_query, "", run)


def test_a_decimal_is_the_number_that_it_is():
    assert Plan(grid={"learning_rate": [Decimal("0.1")]}).grid == {"learning_rate": [0.1]}
    assert plain(Decimal("1e400")) == float("inf")
    with pytest.raises(SettingError, match="which is too small for a float"):
        Plan(base={"learning_rate": Decimal("1e-400")})


@pytest.mark.parametrize("number", ["NaN", "sNaN", "-Infinity"])
def test_a_decimal_that_is_not_finite_is_refused(number):
    with pytest.raises(SettingError, match="learning_rate must be a finite number"):
        Plan(base={"learning_rate": Decimal(number)})
