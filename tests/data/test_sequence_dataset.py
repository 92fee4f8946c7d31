"""Windows, where they come from, the samples drawn from them, and the floor that they set."""

import copy
import pickle
from collections import Counter, defaultdict
from hashlib import sha256
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interpreters import said_by_fresh_interpreter

from backprop_panel import SequenceDataset, SettingError

MEGABYTE = 1_000_000

quick = settings(derandomize=True, deadline=None, max_examples=60, database=None)
every_task = pytest.mark.parametrize("task_type", ["next_token", "sequence_classification"])

LOAD = """
import json, re
import numpy as np
from backprop_panel import SequenceDataset

text = {text}
data = SequenceDataset.from_text(text, sequence_length=8)
seen = data.tokens(data.windows[data.n_windows - 1]).tolist()
print(json.dumps({{
    "windows": data.n_windows,
    "id_bytes": data.windows.dtype.itemsize,
    "seen": seen,
    "peak": 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]),
}}))
"""


@st.composite
def datasets(draw, **fixed):
    """Small datasets with explicit masters of few tokens, so that contexts repeat."""
    task_type = draw(st.sampled_from(["next_token", "sequence_classification"]))
    sequence_length = draw(st.integers(1 + (task_type == "next_token"), 4))
    given_masters = draw(
        st.lists(st.text("abc", max_size=12), min_size=1, max_size=5).filter(
            lambda sequences: max(map(len, sequences)) >= sequence_length
        )
    )
    return SequenceDataset(
        vocabulary=["a", "b", "c"],
        master_sequences=given_masters,
        sequence_length=sequence_length,
        task_type=task_type,
        num_samples=draw(st.integers(1, 60)),
        validation_fraction=draw(st.sampled_from([0, 0.2, 0.5, 0.99])),
        seed=draw(st.integers(0, 1000)),
        **fixed,
    )


def contents(data, windows):
    """The windows with these numbers, as tuples of token ids."""
    return [tuple(row) for row in data.windows[windows].tolist()]


def targets_by_context(data):
    """For each context of the training samples, how often each target follows it."""
    followers = defaultdict(Counter)
    for sample in range(len(data)):
        context, target = data[sample]
        followers[tuple(context.tolist())][target] += 1
    return followers


def refusal(**dataset_settings):
    with pytest.raises(SettingError) as caught:
        SequenceDataset(**dataset_settings)
    return caught.value


LISTS = {
    "vocabulary": [*"ab"],
    "master_sequences": [[*"aabbab"], [*"bbaab"]],
    "master_labels": ["x", "y"],
}


@pytest.mark.parametrize("name", [*LISTS, "output_labels"])
def test_the_lists_of_a_dataset_refuse_changes(name):
    data = SequenceDataset(**LISTS, task_type="sequence_classification")
    for found in (getattr(data, name), SequenceDataset().vocabulary):
        before = list(found)
        for change in (lambda of: of.append("z"), lambda of: of.__setitem__(0, "z")):
            with pytest.raises(SettingError, match="This list never changes"):
                change(found)
        assert found == before
    with pytest.raises(SettingError, match="This list never changes"):
        data.master_sequences[0].pop()


def test_a_list_that_was_given_to_a_dataset_or_copied_from_it_stays_the_users():
    tokens = [*"ab"]
    data = SequenceDataset(vocabulary=tokens)
    tokens.append("c")
    copies = (data.settings()["vocabulary"], data.vocabulary[:], copy.deepcopy(data.vocabulary))
    for copied in copies:
        copied.append("d")
    assert data.vocabulary == [*"ab"] == pickle.loads(pickle.dumps(data.vocabulary))


@pytest.mark.parametrize("held_out", ["windows", "lines"])
def test_the_arrays_of_a_dataset_are_read_only(held_out):
    data = SequenceDataset(**LISTS, task_type="sequence_classification", split=held_out)
    masters = data.masters
    for array in (
        *(data.class_of_masters, masters.ids, masters.starts, masters.lengths, masters[0]),
        *(data.sample_windows, data.validation_windows, data.test_windows),
    ):
        with pytest.raises((ValueError, TypeError), match="read-only|item assignment"):
            array[0] = 0


HALF = "\ud800"


@pytest.mark.parametrize(
    ("setting", "settings"),
    [
        ("vocabulary", {"vocabulary": ["a", HALF]}),
        (
            "master_labels",
            {
                "master_sequences": ["aaaaaaa", "bbbbbbb"],
                "master_labels": ["x", HALF],
                "task_type": "sequence_classification",
            },
        ),
        *(
            ("master_sequences", {"unknown": "a", "master_sequences": given, "token_type": kind})
            for given in ("aaaaaa" + HALF, ["aaaaaa" + HALF], [["a", "a", "a", "a", "a", HALF]])
            for kind in ("characters", "words")
        ),
    ],
)
def test_half_a_surrogate_pair_is_refused_in_any_text(setting, settings):
    refused = refusal(**settings)
    assert refused.setting == setting
    assert "has U+D800, half a surrogate pair" in str(refused)


@pytest.mark.parametrize("tokens", ["characters", "words"])
def test_half_a_surrogate_pair_is_refused_in_an_own_text(tokens):
    with pytest.raises(SettingError, match="half a surrogate pair"):
        SequenceDataset.from_text(f"a b c d e f g h {HALF}", tokens=tokens)


def test_the_default_data_has_the_dimensions_of_the_default_network():
    data = SequenceDataset()
    assert (data.input_dimension, data.output_dimension) == (16, 4)
    assert len(data) == data.num_samples == 512


@quick
@given(datasets())
def test_every_window_equals_the_tokens_at_its_origin(data):
    for window, (master, offset) in zip(data.windows, data.origin, strict=True):
        at_origin = data.masters[master][offset : offset + data.sequence_length]
        assert window.tolist() == at_origin.tolist()


@quick
@given(datasets())
def test_every_place_of_every_master_is_a_window_once(data):
    places = [
        [master, offset]
        for master in range(len(data.masters))
        for offset in range(len(data.masters[master]) - data.sequence_length + 1)
    ]
    assert np.asarray(data.origin).tolist() == places
    assert data.windows.shape == (len(places), data.sequence_length)


@quick
@given(datasets(), st.data())
def test_windows_are_indexed_as_an_array_is(data, draw):
    windows, whole = data.windows, np.asarray(data.windows)
    number = draw.draw(st.integers(-len(windows), len(windows) - 1))
    start, stop = (draw.draw(st.integers(0, len(windows))) for _ in range(2))
    numbers = draw.draw(st.lists(st.integers(0, len(windows) - 1), min_size=1))
    for key in [number, slice(start, stop), numbers, (number, 0), (slice(None), -1), ...]:
        assert np.array_equal(windows[key], whole[key])


@pytest.mark.parametrize("number", [8, -9])
def test_a_window_that_is_not_there_is_an_index_error(number):
    data = SequenceDataset(master_sequences=["abcdabcdabcd"])
    assert len(data.windows) == 8
    with pytest.raises(IndexError):
        data.windows[number]


def test_windows_share_the_memory_of_the_token_ids():
    data = SequenceDataset.from_text("to be or not to be " * 1000)
    assert np.shares_memory(data._index.by_start, data.masters.ids)


@quick
@given(datasets())
def test_tokens_follow_from_the_ids(data):
    ids = np.asarray(data.windows)
    assert data.tokens(ids).shape == ids.shape
    assert data.tokens(ids).tolist() == [[data.vocabulary[token] for token in row] for row in ids]


@quick
@given(datasets())
def test_validation_windows_differ_from_all_training_samples(data):
    validation = contents(data, data.validation_windows)
    assert not set(validation) & set(contents(data, data.sample_windows))


@quick
@given(datasets())
def test_validation_windows_are_distinct(data):
    validation = contents(data, data.validation_windows)
    assert len(set(validation)) == len(validation)


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5, 0.9])
def test_the_held_out_share_is_that_of_the_distinct_windows(fraction):
    data = SequenceDataset(
        num_master_sequences=20, num_samples=5000, validation_fraction=fraction, seed=1
    )
    distinct = len(set(contents(data, range(data.n_windows))))
    assert len(data.validation_windows) == round(fraction * distinct)


def test_nothing_is_held_out_if_none_is_asked_for():
    assert len(SequenceDataset(validation_fraction=0).validation_windows) == 0


def test_at_least_one_window_is_held_out_if_any_is_asked_for():
    data = SequenceDataset(master_sequences=["abcdab"], validation_fraction=0.01)
    assert len(data.validation_windows) == 1


def test_the_only_distinct_window_is_trained_on():
    data = SequenceDataset(master_sequences=["aaaaaaaa"], validation_fraction=0.9)
    assert len(data.validation_windows) == 0
    assert set(contents(data, data.sample_windows)) == {(0, 0, 0, 0, 0)}


@quick
@given(datasets())
def test_training_windows_are_drawn_evenly(data):
    validation = set(contents(data, data.validation_windows))
    if data.num_samples / (1 - data.validation_fraction) < data.n_windows:
        return  # only some of the windows are looked at, then none is drawn twice
    training = [
        number
        for number, content in enumerate(contents(data, range(data.n_windows)))
        if content not in validation
    ]
    drawn = Counter(data.sample_windows.tolist())
    times = [drawn[number] for number in training]
    assert sum(times) == data.num_samples
    assert max(times) - min(times) <= 1


def test_no_window_of_a_long_text_is_drawn_twice_before_every_other_was():
    text = "\n".join(
        "".join(map(chr, np.random.default_rng(row).integers(97, 123, 60))) for row in range(50)
    )
    data = SequenceDataset.from_text(text, num_samples=500)
    assert len(data.sample_windows) == len(set(data.sample_windows.tolist())) == 500


@every_task
def test_the_same_seed_draws_the_same_samples_and_another_one_others(task_type):
    def drawn(seed):
        data = SequenceDataset(
            master_sequences=["abcddcbaabdc" * 3], task_type=task_type, num_samples=7, seed=seed
        )
        return [*data.sample_windows.tolist(), *data.validation_windows.tolist()]

    assert drawn(5) == drawn(5)
    assert drawn(5) != drawn(6)


@quick
@given(datasets())
def test_a_sample_is_the_context_and_target_of_its_window(data):
    assert len(data) == len(data.sample_windows) == data.num_samples
    for sample in range(len(data)):
        window = data.windows[data.sample_windows[sample]]
        context, target = data[sample]
        if data.task_type == "next_token":
            assert [*context.tolist(), target] == window.tolist()
        else:
            assert context.tolist() == window.tolist()
            assert target == data.origin[data.sample_windows[sample]][0]


@quick
@given(datasets(), st.data())
def test_many_samples_are_the_single_ones_stacked(data, draw):
    numbers = draw.draw(st.lists(st.integers(0, len(data) - 1), min_size=1))
    contexts, targets = data.__getitems__(numbers)
    singles = [data[number] for number in numbers]
    assert contexts.tolist() == [context.tolist() for context, _ in singles]
    assert targets.tolist() == [target for _, target in singles]


def test_next_token_has_one_output_a_token_and_one_token_less_as_input():
    data = SequenceDataset(vocabulary=list("abcdef"), sequence_length=4)
    assert (data.context_length, data.input_dimension, data.output_dimension) == (3, 18, 6)
    assert data.output_labels == list("abcdef")


def test_sequence_classification_predicts_the_master_from_all_tokens():
    data = SequenceDataset(
        task_type="sequence_classification", num_master_sequences=7, sequence_length=4
    )
    assert (data.context_length, data.input_dimension, data.output_dimension) == (4, 16, 7)
    assert data.output_labels == ["#1", "#2", "#3", "#4", "#5", "#6", "#7"]


@quick
@given(datasets())
def test_one_hot_rows_have_a_one_for_each_token(data):
    contexts, _ = data.__getitems__(range(len(data)))
    rows = np.full((len(data), data.input_dimension), np.nan, np.float32)
    data.one_hot(contexts, out=rows)
    assert np.array_equal(rows, np.eye(len(data.vocabulary))[contexts].reshape(len(data), -1))


@quick
@given(datasets())
def test_the_optimal_cross_entropy_is_the_conditional_entropy(data):
    total = 0.0
    for followers in targets_by_context(data).values():
        times = followers.total()
        total -= sum(count * log(count / times) for count in followers.values())
    assert data.optimal_loss("cross_entropy") == pytest.approx(total / len(data), abs=1e-12)


@quick
@given(datasets())
def test_the_optimal_squared_error_is_that_of_the_mean_target(data):
    total = 0.0
    for followers in targets_by_context(data).values():
        one_hot = np.eye(data.output_dimension)[list(followers.elements())]
        total += ((one_hot - one_hot.mean(axis=0)) ** 2).sum()
    mean = total / (len(data) * data.output_dimension)
    assert data.optimal_loss("mse") == pytest.approx(mean, abs=1e-12)


@quick
@given(datasets())
def test_the_optimal_accuracy_is_that_of_the_commonest_target(data):
    right = sum(max(followers.values()) for followers in targets_by_context(data).values())
    assert data.optimal_accuracy == pytest.approx(right / len(data), abs=1e-12)


@pytest.mark.parametrize("loss_type", ["mse", "cross_entropy"])
def test_no_loss_is_left_where_every_context_has_one_target(loss_type):
    data = SequenceDataset(master_sequences=["abcdabcdabcd"])
    assert data.optimal_loss(loss_type) == 0
    assert data.optimal_accuracy == pytest.approx(1)


def test_a_context_with_two_equally_frequent_targets_leaves_one_bit():
    data = SequenceDataset(
        vocabulary=["a", "b"],
        master_sequences=["aa", "ab"],
        sequence_length=2,
        num_samples=10,
        validation_fraction=0,
    )
    assert data.optimal_loss("cross_entropy") == pytest.approx(log(2))
    assert data.optimal_loss("mse") == pytest.approx(1 / 4)
    assert data.optimal_accuracy == pytest.approx(1 / 2)


def test_the_floor_of_an_unknown_loss_is_refused_with_the_nearest():
    with pytest.raises(SettingError, match="Did you mean 'cross_entropy'"):
        SequenceDataset().optimal_loss("crossentropy")


@quick
@given(num_samples=st.integers(1, 300), seed=st.integers(0, 2**64), epoch=st.integers(0, 10**9))
def test_the_order_of_an_epoch_is_a_permutation_of_the_samples(num_samples, seed, epoch):
    data = SequenceDataset(num_samples=num_samples, seed=seed)
    assert sorted(data.order(epoch).tolist()) == list(range(num_samples))


@quick
@given(seed=st.integers(0, 2**64), epochs=st.lists(st.integers(0, 1000), min_size=1, max_size=5))
def test_the_order_of_an_epoch_depends_on_seed_and_epoch_alone(seed, epochs):
    data, fresh = (SequenceDataset(seed=seed) for _ in range(2))
    data.__getitems__([3, 1])
    orders = {epoch: data.order(epoch).tolist() for epoch in epochs}
    for epoch, order in orders.items():
        assert fresh.order(epoch).tolist() == order


def test_orders_of_other_epochs_and_seeds_are_others():
    orders = {
        tuple(SequenceDataset(seed=seed).order(epoch)) for seed in range(5) for epoch in range(5)
    }
    assert len(orders) == 25


@pytest.mark.parametrize(
    ("bad", "setting"),
    [
        ({"vocabulary": []}, "vocabulary"),
        ({"vocabulary": ["a", "b", "a"]}, "vocabulary"),
        ({"vocabulary": ["a", 1]}, "vocabulary"),
        ({"vocabulary": None}, "vocabulary"),
        ({"sequence_length": 1}, "sequence_length"),
        ({"sequence_length": 0}, "sequence_length"),
        ({"sequence_length": 13}, "sequence_length"),
        ({"num_samples": 0}, "num_samples"),
        ({"num_samples": -5}, "num_samples"),
        ({"num_samples": 1e3}, "num_samples"),
        ({"validation_fraction": 1}, "validation_fraction"),
        ({"validation_fraction": -0.1}, "validation_fraction"),
        ({"validation_fraction": float("nan")}, "validation_fraction"),
        ({"seed": -1}, "seed"),
        ({"seed": None}, "seed"),
        ({"task_type": "next_tokens"}, "task_type"),
        ({"sequence_lenght": 5}, "sequence_lenght"),
    ],
)
def test_a_bad_setting_is_refused_by_name(bad, setting):
    error = refusal(**bad)
    assert error.setting == setting
    assert setting in str(error)


def test_a_repeated_token_is_named():
    assert "'b' 3 times" in str(refusal(vocabulary=["a", "b", "b", "c", "b"]))


def test_an_unknown_setting_is_answered_with_the_nearest():
    assert "Did you mean 'sequence_length'?" in str(refusal(sequence_lenght=5))


def test_changing_a_list_that_was_given_changes_nothing():
    vocabulary = ["a", "b", "c", "d"]
    data = SequenceDataset(vocabulary=vocabulary)
    vocabulary.append("e")
    assert data.vocabulary == ["a", "b", "c", "d"]
    assert data.input_dimension == 16


def loaded(text):
    """What a fresh interpreter says of the data of the text that an expression makes."""
    return said_by_fresh_interpreter(LOAD.format(text=text))


def repeated(line):
    """An expression for a text of 50 megabytes of equal lines."""
    return f"{line!r} * {50 * MEGABYTE // len(line)}"


RANDOM_LINES = f"""np.concatenate([
    np.random.default_rng(0).integers(97, 123, ({50 * MEGABYTE // 9}, 8), np.uint8),
    np.full(({50 * MEGABYTE // 9}, 1), 10, np.uint8),
], axis=1).tobytes().decode()"""
LINE = "the quick brown fox jumps over the lazy dog, and the dog sleeps on through all of it\n"


def test_a_text_of_50_megabytes_loads_and_is_looked_at_within_400():
    said = loaded(repeated(LINE))
    assert said["seen"] == list(" all of it")[-8:]
    assert said["windows"] == 50 * MEGABYTE // len(LINE) * (len(LINE) - 8)
    assert said["id_bytes"] == 1
    assert said["peak"] < 400 * MEGABYTE


def test_a_text_of_50_megabytes_with_windows_line_breaks_loads_within_400():
    assert loaded(repeated(LINE.replace("\n", "\r\n")))["peak"] < 400 * MEGABYTE


def test_a_text_of_50_megabytes_in_very_short_lines_loads_within_600():
    said = loaded(RANDOM_LINES)
    assert said["windows"] == 50 * MEGABYTE // 9
    assert said["peak"] < 600 * MEGABYTE


TEXT_OF_OLD = "\n".join(
    "".join(map(chr, np.random.default_rng(row).integers(97, 103, 60))) for row in range(40)
)


@pytest.mark.parametrize(
    ("settings_given", "digest"),
    [
        ({}, "4a0212390eb09be1"),
        ({"validation_fraction": 0.5, "seed": 3}, "1796eaf936aae52d"),
        ({"task_type": "sequence_classification", "num_samples": 100}, "7a9d1006308d2d4c"),
        (
            {
                "master_sequences": TEXT_OF_OLD,
                "vocabulary": list("abcdef"),
                "num_samples": 500,
                "seed": 7,
            },
            "44cb58cb4cf4472f",
        ),
        (
            {
                "master_sequences": ["abcdabca", "dcbaab"],
                "sequence_length": 3,
                "validation_fraction": 0,
            },
            "38237a30309fe62a",
        ),
    ],
)
def test_settings_of_earlier_stores_and_links_draw_what_they_drew(settings_given, digest):
    data = SequenceDataset(**settings_given)
    drawn = (
        data.masters.ids,
        data.sample_windows,
        data.validation_windows,
        data.order(0),
        data.order(1),
    )
    joined = b"".join(np.asarray(part, np.int64).tobytes() for part in drawn)
    assert sha256(joined).hexdigest()[:16] == digest


def test_the_contexts_are_those_of_all_windows():
    data = SequenceDataset(sequence_length=4, num_master_sequences=20, seed=3)
    expected = {row.tobytes() for row in data.windows[:][:, :3]}
    assert data.contexts == expected


@pytest.mark.parametrize("windows", [[-1], [10**9], [0.5], 3, [[0]], ["a"], [[0], [0, 1]], [True]])
def test_windows_that_there_are_not_are_refused(windows):
    with pytest.raises(SettingError, match="windows must be a list of whole numbers from 0 to "):
        SequenceDataset().context_and_target(windows)


def test_no_windows_have_no_contexts():
    data = SequenceDataset()
    contexts, targets = data.context_and_target([])
    assert contexts.shape == (0, data.context_length) and targets.shape == (0,)
