"""A link carries a configuration, whole and within bounds."""

import contextlib
import json
import tracemalloc
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel import SettingError, TrainingRun
from backprop_panel.interchange import (
    InterchangeError,
    from_query,
    limits,
    to_query,
    to_query_within_limit,
)
from backprop_panel.interchange.config_validation import SETTINGS, estimate_resources
from backprop_panel.nn.activations import ACTIVATIONS
from backprop_panel.nn.initializers import INITIALIZATIONS
from backprop_panel.nn.losses import LOSSES
from backprop_panel.nn.optimizers import OPTIMIZERS

quick = settings(derandomize=True, deadline=None, max_examples=100, database=None)

characters = st.one_of(st.characters(), st.sampled_from('[]",\\ ab\n'))
tokens = st.text(characters, min_size=1, max_size=3)
counts = st.integers(1, 64)
activations = st.sampled_from(sorted(ACTIVATIONS))
configurations = st.fixed_dictionaries(
    {},
    optional={
        "vocabulary": st.lists(tokens, min_size=1, max_size=6),
        "sequence_length": counts,
        "task_type": st.sampled_from(["next_token", "sequence_classification"]),
        "num_master_sequences": counts,
        "master_sequence_length": st.tuples(counts, counts),
        "master_sequences": st.one_of(
            st.none(),
            st.text(characters, max_size=20),
            st.lists(tokens, min_size=1, max_size=4),
            st.lists(st.lists(tokens, max_size=4), min_size=1, max_size=4),
        ),
        "num_samples": st.integers(1, 10_000),
        "validation_fraction": st.floats(0, 0.9),
        "seed": st.integers(0, 2**70),
        "hidden_dimension": st.one_of(counts, st.lists(counts, max_size=4)),
        "hidden_layers": st.integers(0, 10),
        "activation": st.one_of(activations, st.lists(activations, max_size=4)),
        "initialization": st.sampled_from(sorted(INITIALIZATIONS)),
        "learning_rate": st.floats(0, 1e300, exclude_min=True),
        "batch_size": counts,
        "loss_type": st.sampled_from(sorted(LOSSES)),
        "optimizer": st.sampled_from(sorted(OPTIMIZERS)),
        "weight_decay": st.floats(0, 10),
        "mode": st.sampled_from(["train", "visualize"]),
    },
)


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda values: st.one_of(
        st.lists(values, max_size=3), st.dictionaries(st.text(max_size=3), values, max_size=2)
    ),
    max_leaves=5,
)
any_mapping = st.dictionaries(st.sampled_from(sorted(SETTINGS)), anything, max_size=3)


def different_from_the_defaults(config):
    defaults = TrainingRun("defaults", {}).config
    return {name: value for name, value in config.items() if value != defaults[name]}


@quick
@given(configurations)
def test_a_configuration_comes_back_from_its_link(config):
    assert from_query(to_query(config)) == different_from_the_defaults(config)


@quick
@given(configurations)
def test_a_link_is_plain_ascii_without_blanks(config):
    query = to_query(config)
    assert query.isascii()
    assert not set(query) & set(" \n\t\"'<>#?")


@quick
@given(configurations)
def test_a_configuration_comes_back_from_the_arguments_of_a_session(config):
    parsed = parse_qs(to_query(config), keep_blank_values=True)
    arguments = {name: [value.encode() for value in values] for name, values in parsed.items()}
    assert from_query(arguments) == different_from_the_defaults(config)


@quick
@given(st.one_of(any_mapping, st.text(max_size=30), any_mapping.map(urlencode)))
def test_any_text_of_a_link_is_read_or_refused(query):
    with contextlib.suppress(SettingError):
        assert set(from_query(query)) <= set(SETTINGS)


def test_default_settings_are_left_out_of_a_link():
    assert to_query(TrainingRun("defaults", {}).config) == ""


@pytest.mark.parametrize("query", ["", "?"])
def test_an_empty_link_gives_the_default_settings(query):
    assert from_query(query) == {}


@pytest.mark.parametrize(
    ("query", "config"),
    [
        (
            "?hidden_dimension=16&activation=gelu&loss_type=cross_entropy",
            {"hidden_dimension": 16, "activation": "gelu", "loss_type": "cross_entropy"},
        ),
        ("hidden_dimension=64,32", {"hidden_dimension": [64, 32]}),
        ("hidden_dimension=%5B64%2C32%5D", {"hidden_dimension": [64, 32]}),
        ("activation=gelu,tanh", {"activation": ["gelu", "tanh"]}),
        ("vocabulary=x", {"vocabulary": ["x"]}),
        ("master_sequence_length=8,20", {"master_sequence_length": (8, 20)}),
        ("master_sequences=aab%0Aabb", {"master_sequences": "aab\nabb"}),
        ("learning_rate=1e-3", {"learning_rate": 0.001}),
        ({"hidden_dimension": [64, 32], "seed": 3}, {"hidden_dimension": [64, 32], "seed": 3}),
    ],
)
def test_a_link_written_by_hand_is_read(query, config):
    assert from_query(query) == config


def test_lists_are_written_with_commas():
    assert to_query({"hidden_dimension": [64, 32]}) == "hidden_dimension=64,32"


def test_the_settings_of_a_link_make_a_run():
    run = TrainingRun("linked", {"hidden_dimension": [8, 4], "activation": "relu", "seed": 7})
    assert TrainingRun("again", from_query(to_query(run.config))).config == run.config


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("hiden_dimension=16", "Did you mean 'hidden_dimension'"),
        ("hidden_dimension=wide", "hidden_dimension must be a whole number, got 'wide'"),
        ("hidden_dimension=16,", "hidden_dimension must be a whole number, got ''"),
        ("seed=1.5", "seed must be a whole number"),
        ("seed=" + "9" * 5000, "seed must be a whole number"),
        ("learning_rate=fast", "learning_rate must be a number"),
        ("loss_type=mae", "Did you mean 'mse'"),
        ("vocabulary=[a", "not a list as JSON has it"),
        ("vocabulary=" + "[" * 50_000, "not a list as JSON has it"),
        ("seed=1&seed=2", "'seed' stands more than once"),
        ("seed", "cannot be read"),
        ("master_sequences=%ff", "cannot be read"),
        ({"master_sequences": [b"\xff"]}, "not UTF-8"),
        ("seed=" + "0" * limits.MOST_QUERY_LENGTH, "at most 65,536"),
        ("hidden_dimension=100000", "Weights and biases: at most"),
        ("num_samples=10000000&batch_size=10000000", "Activations of a layer"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_bad_link_is_refused_with_the_reason(query, reason):
    with pytest.raises(SettingError, match=reason):
        from_query(query)


def test_an_unknown_setting_is_not_written():
    with pytest.raises(SettingError, match="Did you mean 'seed'"):
        to_query({"sed": 1})


def test_an_unreadable_link_raises_an_interchange_error():
    with pytest.raises(InterchangeError):
        from_query("%%%")


def test_tokens_with_commas_are_written_as_json():
    query = parse_qs(to_query({"vocabulary": [",", "a"]}))
    assert json.loads(query["vocabulary"][0]) == [",", "a"]


@pytest.mark.parametrize("text", ["[", "[1]", '"', '"a"', "\\", "a,b", "1", ""])
def test_a_text_that_looks_like_another_type_stays_a_text(text):
    assert from_query(to_query({"master_sequences": text})) == {"master_sequences": text}


@pytest.mark.parametrize(
    "query",
    [
        "num_samples=200000",
        "hidden_dimension=512",
        "hidden_dimension=64&hidden_layers=20",
        "hidden_dimension=256&batch_size=512",
        "num_samples=20000&batch_size=5000",
        "num_master_sequences=9&master_sequence_length=2000,3000&sequence_length=9&num_samples=50000",
    ],
)
def test_the_memory_of_a_configuration_is_estimated(query):
    config = from_query(query)
    TrainingRun("first", {}).trainer.run_batch()  # imports what is imported once
    tracemalloc.start()
    run = TrainingRun("measured", config)
    run.trainer.run_batch()
    run.trainer.engine.validation_loss()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.95 * kept < estimate_resources(config).memory < 2 * peak


DEFAULTS = {"learning_rate": 0.01, "optimizer": "adam", "hidden_layers": 3}


def test_a_query_leaves_out_what_the_page_begins_with():
    config = TrainingRun("run", {"optimizer": "sgd", "learning_rate": 0.01}).config
    assert to_query(config, DEFAULTS) == "hidden_layers=2&optimizer=sgd"
    assert TrainingRun("again", from_query(to_query(config, DEFAULTS), DEFAULTS)).config == config


@pytest.mark.parametrize("widths", [8, [8, 7], [8, 7, 6], []])
def test_a_query_with_a_pages_defaults_gives_the_configuration_again(widths):
    config = TrainingRun("run", {"hidden_dimension": widths}).config
    again = from_query(to_query(config, DEFAULTS), DEFAULTS)
    assert TrainingRun("again", again).config == config


@pytest.mark.parametrize("text", ["ab" * 5000, "ä" * 3000, "ab" * 2_000_000])
def test_a_link_beyond_what_servers_take_is_refused_with_the_zip_instead(text):
    with pytest.raises(InterchangeError, match=r"characters; servers take about 8,000\. Export"):
        to_query_within_limit({"master_sequences": text})


def test_a_link_within_what_servers_take_is_the_query():
    config = {"master_sequences": "ab" * 3000}
    assert to_query_within_limit(config) == to_query(config)


def test_a_link_carries_a_fault_and_may_take_one_off():
    assert to_query({"fault": "wrong_sign"}) == "fault=wrong_sign"
    assert from_query("fault=wrong_sign") == {"fault": "wrong_sign"}
    assert to_query({"fault": None}) == ""
    of_page = {"fault": "wrong_sign"}
    assert from_query(to_query({"fault": None}, of_page), of_page) == {"fault": None}
    with pytest.raises(SettingError, match="Did you mean 'wrong_sign'"):
        from_query("fault=wrongsign")
