"""What a plan holds, and what it refuses before anything starts."""

import json
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_panel import SettingError
from backprop_panel.storage.run_names import sweep_and_number
from backprop_panel.sweeps import Plan, Sweep
from backprop_panel.sweeps.halving import rungs

GRID = {"learning_rate": [0.01, 0.1], "hidden_dimension": [8, 16, 32]}


def test_every_combination_of_the_grid_is_trained_with_every_seed():
    plan = Plan(grid=GRID, seeds=2)
    configs = [
        (plan.settings(combination), seed)
        for combination, seed in map(plan.place, range(plan.runs))
    ]
    assert plan.runs == len(configs) == 12
    assert configs[0] == ({"learning_rate": 0.01, "hidden_dimension": 8}, 0)
    assert configs[-1] == ({"learning_rate": 0.1, "hidden_dimension": 32}, 1)
    assert len({str(config) for config in configs}) == 12


def test_seeds_follow_that_of_the_base_or_are_given():
    assert Plan(base={"seed": 7}, seeds=3).seeds == [7, 8, 9]
    assert Plan(seeds=[4, 2]).seeds == [4, 2]
    assert Plan(seeds=range(5, 8)).seeds == [5, 6, 7]


def test_the_name_of_a_run_tells_its_sweep_and_its_number():
    assert Plan(name="a #2").run_name(11) == "a #2 #12"
    assert sweep_and_number(Plan(name="a #2").run_name(11)) == ("a #2", 12)


def test_all_runs_of_a_sweep_train():
    plan = Plan(base={"mode": "visualize"})
    assert plan.config({}, 0)["mode"] == "train"


@given(st.integers(0, 500))
def test_samples_lie_in_their_ranges_and_follow_from_their_number(number):
    ranges = {
        "learning_rate": (1e-5, 1.0),
        "hidden_dimension": (4, 6),
        "validation_fraction": (0.1, 0.3),
        "optimizer": ["sgd", "adam"],
    }
    plan = Plan(ranges=ranges, samples=501)
    settings = plan.settings(number)
    assert settings == Plan(ranges=ranges, samples=501).settings(number)
    assert 1e-5 <= settings["learning_rate"] <= 1
    assert settings["hidden_dimension"] in (4, 5, 6)
    assert 0.1 <= settings["validation_fraction"] <= 0.3
    assert settings["optimizer"] in ("sgd", "adam")


def test_rates_are_sampled_on_a_log_scale():
    plan = Plan(ranges={"learning_rate": (1e-4, 1.0)}, samples=400)
    rates = [plan.settings(number)["learning_rate"] for number in range(400)]
    assert 0.4 < sum(rate < 1e-2 for rate in rates) / 400 < 0.6


@pytest.mark.parametrize(
    "plan",
    [
        {"grid": GRID, "seeds": [3, 1], "budget": {"steps": 70}, "halving": 3, "name": "wide"},
        {"ranges": {"learning_rate": (1e-3, 1.0), "optimizer": ["adam"]}, "samples": 4},
        {"base": {"vocabulary": ["x", "y"], "master_sequence_length": (4, 6)}},
    ],
)
def test_a_plan_comes_back_from_json(plan):
    plan = Plan(**plan)
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_the_values_of_a_plan_are_those_that_a_store_gives_back_at_every_depth():
    masters = [[("a", "b", "c"), ("b", "a", "c")], [("c", "c", "a"), ("a", "b", "b")]]
    base = {"vocabulary": ["a", "b", "c"], "num_samples": "all", "sequence_length": 2}
    plan = Plan(base=base, grid={"master_sequences": masters})
    assert Plan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


@pytest.mark.parametrize(
    ("plan", "setting", "words"),
    [
        ({"grid": {"learning_rat": [1]}}, "learning_rat", "Did you mean 'learning_rate'?"),
        ({"base": {"hiden_layers": 2}}, "hiden_layers", "Did you mean 'hidden_layers'?"),
        ({"grid": {"learning_rate": [0.1, -1]}}, "learning_rate", "above 0"),
        ({"grid": {"hidden_dimension": [0]}}, "hidden_dimension", "at least 1"),
        ({"grid": {"optimizer": ["adm"]}}, "optimizer", "'adam'"),
        ({"grid": {"learning_rate": 0.1}}, "learning_rate", "list of values"),
        ({"grid": {"learning_rate": []}}, "learning_rate", "at least one value"),
        ({"grid": {"learning_rate": [0.1, 0.1]}}, "learning_rate", "twice"),
        ({"grid": {"seed": [1, 2]}}, "seed", "seeds="),
        ({"grid": {"learning_rate": [0.1]}, "seeds": 100_001}, "seeds", "100,000"),
        ({"grid": {"batch_size": range(1, 1002)}, "seeds": 100}, "grid", "100,100 runs"),
        ({"seeds": 0}, "seeds", "at least 1"),
        ({"seeds": range(0)}, "seeds", "at least 1"),
        ({"seeds": range(10**9)}, "seeds", "at most 100,000, got 1,000,000,000"),
        ({"seeds": [1, 1]}, "seeds", "different"),
        ({"budget": {"hours": 2}}, "budget", "epochs"),
        ({"budget": {"steps": 0}}, "steps", "at least 1"),
        ({"ranges": {"learning_rate": (0.1, 0.01)}, "samples": 3}, "learning_rate", "lowest"),
        ({"ranges": {"learning_rate": (-1, 0.01)}, "samples": 3}, "learning_rate", "above 0"),
        ({"ranges": {"batch_size": (4, 2**63)}, "samples": 3}, "batch_size", "up to 9,223"),
        ({"ranges": {"optimizer": (1, 2)}, "samples": 3}, "optimizer", "list of values"),
        ({"ranges": {"learning_rate": (0.1, 1)}}, "samples", "samples"),
        ({"grid": GRID, "samples": 3}, "samples", "samples"),
        ({"halving": 1}, "halving", "at least 2"),
        ({"name": ""}, "name", "needs a name"),
        ({"name": "x" * 118, "seeds": 1}, "name", "at most 117 characters"),
        ({"name": "x" * 117, "seeds": 11}, "name", "at most 116 characters"),
    ],
)
def test_a_plan_that_cannot_work_is_refused_with_the_setting(plan, setting, words):
    with pytest.raises(SettingError) as refused:
        Plan(**plan)
    assert refused.value.setting == setting
    assert words in str(refused.value)


STEPS = {"objective": "validation_loss", "budget": {"steps": 10}}


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        ({"base": {"validation_fraction": 0}, "objective": "validation_loss"}, "held out"),
        (STEPS, "at least 16 steps, and the budget is 10"),
        (STEPS | {"grid": {"batch_size": [32, 50]}}, "at least 11 steps"),
        (STEPS | {"ranges": {"batch_size": (8, 50)}, "samples": 2}, "at least 11 steps"),
    ],
)
def test_an_objective_that_no_run_can_have_is_refused(plan, words):
    with pytest.raises(SettingError, match=words):
        Plan(**plan)


@pytest.mark.parametrize(
    "plan",
    [
        {"budget": {"epochs": 1}},
        {"budget": {"steps": 16}},
        {"grid": {"batch_size": [32, 52]}, "budget": {"steps": 10}},
        {"base": {"num_samples": "all"}, "budget": {"steps": 1}},
        {"grid": {"validation_fraction": [0, 0.1]}},
    ],
)
def test_an_objective_that_some_run_may_have_is_taken(plan):
    assert Plan(objective="validation_loss", **plan).objective == "validation_loss"


@pytest.mark.parametrize("client", [-1, 0, 1.5, True, b"tcp://127.0.0.1:1", [1], {}])
def test_what_is_no_client_is_refused_before_anything_begins(client):
    with closing(Sweep(grid={"learning_rate": [0.1]}, budget={"steps": 1})) as sweep:
        with pytest.raises(SettingError, match="client must be a client of Dask") as refused:
            sweep.run(client)
    assert refused.value.setting == "client" and not sweep.running


def test_halving_that_would_compare_runs_before_their_first_epoch_is_refused():
    plan = {"grid": {"learning_rate": [0.001 * n for n in range(1, 10)]}, "halving": 3}
    plan["objective"] = "validation_loss"
    with pytest.raises(SettingError, match=r"after 5 steps.* takes up to 16 steps"):
        Plan(budget={"steps": 45}, **plan)
    assert Plan(budget={"steps": 144}, **plan).halving == 3
    assert Plan(budget={"epochs": 9}, **plan).halving == 3
    Plan(budget={"steps": 45}, **plan | {"objective": "loss"})
    few = plan | {"grid": {"batch_size": [512, 8]}}  # too few to be compared before the end
    assert Plan(budget={"steps": 10}, **few).halving == 3


def test_halving_by_a_validation_loss_that_a_run_never_has_is_refused():
    with pytest.raises(SettingError, match="holds nothing out has no validation_loss"):
        Plan(
            grid={"validation_fraction": [0, 0.2], "learning_rate": [0.1, 0.2]},
            halving=2,
            objective="validation_loss",
        )


@pytest.mark.parametrize("field", [{"name": "x" * 117}, STEPS], ids=lambda field: next(iter(field)))
def test_a_stored_plan_is_read_though_no_sweep_may_begin_with_it(field):
    assert vars(Plan.from_json(Plan(seeds=10).to_json() | field)).items() >= field.items()


def test_an_unknown_sampler_is_refused_with_the_nearest(tmp_path):
    store = tmp_path / "runs.sqlite"
    ranges = {"learning_rate": (0.01, 0.1)}
    with pytest.raises(SettingError, match="Did you mean 'TPESampler'"):
        Sweep(ranges=ranges, samples=2, sampler="TPESample", store=store)
    assert not store.exists()


def test_a_sampler_may_be_named_without_its_ending():
    with pytest.raises(SettingError, match="Did you mean 'TPESampler'"):
        Sweep(ranges={"learning_rate": (1e-3, 1.0)}, samples=4, sampler="TPE")


@pytest.mark.parametrize(
    "keyword, words",
    [
        ("epochs", 'budget={"epochs": ...}'),
        ("hidden_dimension", 'base={"hidden_dimension": 3}'),
        ("seed", 'base={"seed": 3}'),
        ("gird", "Did you mean 'grid'?"),
    ],
)
def test_a_keyword_that_no_sweep_has_is_refused_with_where_it_belongs(keyword, words):
    with pytest.raises(SettingError) as refused:
        Sweep(**{keyword: 3})
    assert words in str(refused.value)


def test_a_store_that_does_not_exist_has_no_sweep_and_is_not_made(tmp_path):
    with pytest.raises(SettingError, match="There is no store"):
        Sweep.load(store=tmp_path / "misspelt.sqlite")
    assert not list(tmp_path.iterdir())


def test_rungs_divide_the_budget():
    assert rungs(Plan(budget={"steps": 900}, halving=3, seeds=10)) == [100, 300, 900]
    assert rungs(Plan(budget={"epochs": 5}, halving=2, seeds=100)) == [1, 2, 5]
    assert rungs(Plan(budget={"epochs": 5})) == [5]
