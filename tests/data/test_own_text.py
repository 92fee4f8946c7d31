"""Datasets of own texts: boundary, words, labels, whole lines held out, all of the data."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel import SequenceDataset, SettingError
from tests.texts import NAMES

quick = settings(derandomize=True, deadline=None, max_examples=60, database=None)

PLAY = "The king: Who's there?\nThe fool: It is I, the fool.\nThe king: Come in, well-known fool!"

lines = st.lists(st.text("abc", max_size=6), min_size=1, max_size=12).filter(any)


def windows_of(data):
    """Each window as a list of tokens."""
    return data.tokens(data.windows[:]).tolist()


def contents(data, windows):
    """The windows with these numbers, as tuples of token ids."""
    return [tuple(row) for row in data.windows[windows].tolist()]


def lines_of_windows(data, windows):
    """The lines that the windows with these numbers are from."""
    masters = np.unique(data.origin[np.asarray(windows), 0])
    return {"".join(data.tokens(data.masters[master])) for master in masters}


def refusal(action):
    with pytest.raises(SettingError) as caught:
        action()
    return caught.value


def test_a_boundary_makes_the_first_character_of_a_line_a_target():
    data = SequenceDataset.from_text("emma\nbo", sequence_length=4, boundary=".")
    assert ["".join(window) for window in windows_of(data)] == [
        *("...e", "..em", ".emm", "emma", "mma."),
        *("...b", "..bo", ".bo."),
    ]
    assert data.vocabulary == [".", "a", "b", "e", "m", "o"]
    assert data.skipped == 0


def test_names_are_too_short_for_a_window_without_a_boundary():
    without = SequenceDataset.from_text(NAMES, sequence_length=5)
    assert (without.skipped, len(without.masters)) == (9, 2)
    assert SequenceDataset.from_text(NAMES, sequence_length=5, boundary=".").skipped == 0


def test_lines_without_a_token_are_counted_among_those_that_are_skipped():
    data = SequenceDataset.from_text(f"{NAMES}\n\n", sequence_length=5)
    assert (data.skipped, data.empty) == (11, 2)


@quick
@given(lines, st.integers(2, 5))
def test_a_boundary_makes_a_window_of_every_character_and_every_end(rows, length):
    data = SequenceDataset.from_text("\n".join(rows), sequence_length=length, boundary=".")
    assert data.n_windows == sum(len(row) + 1 for row in rows if row)
    assert data.skipped == rows.count("")
    assert {window[-1] for window in windows_of(data)} == {*"".join(rows), "."}


def test_a_boundary_that_the_text_contains_is_refused_with_another():
    error = refusal(lambda: SequenceDataset.from_text("a. b.\nc", boundary="."))
    assert error.setting == "boundary"
    assert "such as '|'" in str(error)


@pytest.mark.parametrize("boundary", ["", 3, "x"])
def test_a_boundary_that_is_no_token_of_the_vocabulary_is_refused(boundary):
    given = {"master_sequences": ["abcdabcd"], "boundary": boundary}
    assert refusal(lambda: SequenceDataset(**given)).setting == "boundary"


@pytest.mark.parametrize("setting", ["boundary", "unknown"])
def test_generated_masters_have_no_boundary_and_nothing_unknown(setting):
    assert refusal(lambda: SequenceDataset(**{setting: "a"})).setting == setting


def test_a_text_is_divided_into_words_and_punctuation_marks():
    data = SequenceDataset.from_text(PLAY, tokens="words", sequence_length=3, boundary="¶")
    assert data.tokens(data.masters[0]).tolist() == [
        *("¶", "¶", "The", "king", ":", "Who's", "there", "?", "¶")
    ]
    assert "well-known" in data.vocabulary


def test_words_keep_their_combining_characters():
    text = "नमस्ते दुनिया e\u0301t\u00e9 naïve"
    data = SequenceDataset.from_text(text, tokens="words", sequence_length=2, split="windows")
    assert data.tokens(data.masters[0]).tolist() == text.split()


def test_a_limited_vocabulary_keeps_the_most_frequent_tokens():
    data = SequenceDataset.from_text(
        "aaabbbccd\naaabbbcce", sequence_length=3, boundary=".", max_vocabulary=4
    )
    assert data.vocabulary == [".", "a", "b", "<unknown>"]
    assert data.unknown == "<unknown>"
    assert data.tokens(data.masters[0]).tolist()[-4:] == ["<unknown>"] * 3 + ["."]


def test_a_vocabulary_within_its_limit_has_no_unknown_token():
    data = SequenceDataset.from_text(NAMES, sequence_length=3, max_vocabulary=100)
    assert data.unknown is None
    assert "<unknown>" not in data.vocabulary


@pytest.mark.parametrize("most", [2, 0, -1, "many", 2.5, True])
def test_a_vocabulary_without_room_for_a_token_is_refused(most):
    error = refusal(lambda: SequenceDataset.from_text(NAMES, boundary=".", max_vocabulary=most))
    assert error.setting == "max_vocabulary"
    assert "at least 3" in str(error)


def test_the_vocabulary_is_inferred_from_lists_of_tokens():
    data = SequenceDataset.from_lines([["the", "cat", "sat"], ["a", "dog"]], sequence_length=2)
    assert data.vocabulary == ["a", "cat", "dog", "sat", "the"]


def test_lines_of_several_texts_have_the_label_of_their_text():
    data = SequenceDataset.from_lines(
        ["anna\nida\n\nella", "leo\r\nbo", "mia"], labels=["x", "y", "x"], sequence_length=2
    )
    assert data.task_type == "sequence_classification"
    assert data.output_labels == ["x", "y"]
    assert data.master_labels == ["x", "x", "x", "y", "y", "x"]
    _, targets = data.context_and_target(np.arange(data.n_windows))
    assert targets.tolist() == [0] * (3 + 2 + 3) + [1] * (2 + 1) + [0] * 2


def test_the_classes_are_those_of_the_lines_that_are_long_enough():
    data = SequenceDataset.from_lines(
        [list("ab"), list("abab"), list("baba")], labels=["short", "x", "y"], sequence_length=3
    )
    assert data.output_labels == ["x", "y"]


@pytest.mark.parametrize("labels", [["x"], ["x", 1], "xy", [], {"x": 1}])
def test_labels_that_are_none_for_each_text_are_refused(labels):
    error = refusal(lambda: SequenceDataset.from_lines(["abc", "abd"], labels=labels))
    assert error.setting in ("labels", "master_labels")


@pytest.mark.parametrize("texts", [None, "abc", [], [1], ["abc", ["a"]], [["a", ""]]])
def test_lines_that_are_neither_texts_nor_lists_of_tokens_are_refused(texts):
    assert refusal(lambda: SequenceDataset.from_lines(texts)).setting == "master_sequences"


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        (["abc", None], "texts[1] is None"),
        ([["a"], "b"], "texts[1] is 'b'"),
        ([["ab", "b"], ["b", ""]], "at least one character; texts[1][1] is ''"),
    ],
)
def test_the_first_text_of_another_kind_is_named(texts, named):
    assert named in str(refusal(lambda: SequenceDataset.from_lines(texts)))


def test_a_label_for_each_master_is_needed():
    given = {"master_sequences": ["abcda", "abcdb"], "master_labels": ["x"]}
    assert "each of the 2 masters, got 1" in str(refusal(lambda: SequenceDataset(**given)))


def test_whole_lines_without_labels_are_no_classes_to_hold_out():
    given = {"task_type": "sequence_classification", "split": "lines"}
    assert refusal(lambda: SequenceDataset(**given)).setting == "split"
    by_default = SequenceDataset.from_text(NAMES, 3, task_type="sequence_classification")
    assert by_default.split == "windows"


@quick
@given(lines, st.sampled_from([0, 0.1, 0.5]), st.sampled_from([0, 0.2]), st.integers(0, 99))
def test_whole_lines_are_held_out_and_equal_ones_together(rows, validation, test, seed):
    data = SequenceDataset.from_text(
        "\n".join(rows),
        sequence_length=3,
        boundary=".",
        validation_fraction=validation,
        test_fraction=test,
        seed=seed,
    )
    parts = [
        lines_of_windows(data, windows)
        for windows in (data.sample_windows, data.validation_windows, data.test_windows)
    ]
    distinct = len(set(filter(None, rows)))
    held_out = [max(round(share * distinct), share > 0) for share in (validation, test)]
    held_out[0] = min(held_out[0], distinct - 1)
    held_out[1] = min(held_out[1], distinct - 1 - held_out[0])
    assert [len(part) for part in parts] == [distinct - sum(held_out), *held_out]
    assert len(set.union(*parts)) == distinct


@quick
@given(lines, st.sampled_from(["lines", "windows"]), st.integers(0, 99))
def test_all_samples_are_every_training_window_as_often_as_it_occurs(rows, split, seed):
    data = SequenceDataset.from_text(
        "\n".join(rows), sequence_length=3, boundary=".", split=split, seed=seed
    )
    parts = (data.sample_windows, data.validation_windows, data.test_windows)
    drawn = sorted(number for part in parts for number in np.asarray(part).tolist())
    assert drawn == list(range(data.n_windows))
    assert len(data) == len(data.sample_windows)
    contexts, targets = data.__getitems__(np.arange(len(data)))
    expected = contents(data, np.asarray(data.sample_windows))
    assert np.column_stack([contexts, targets]).tolist() == [list(row) for row in expected]


@quick
@given(lines, st.integers(0, 99))
def test_distinct_windows_are_held_out_by_content_with_all_samples(rows, seed):
    data = SequenceDataset.from_text(
        "\n".join(rows), sequence_length=3, boundary=".", split="windows", seed=seed
    )
    parts = (data.sample_windows, data.validation_windows, data.test_windows)
    distinct = [set(contents(data, np.asarray(part))) for part in parts]
    assert sum(map(len, distinct)) == len(set.union(*distinct))


def test_a_number_of_samples_is_drawn_evenly_from_the_training_lines():
    data = SequenceDataset.from_text(NAMES, sequence_length=3, boundary=".", num_samples=100)
    every = SequenceDataset.from_text(NAMES, sequence_length=3, boundary=".")
    drawn = Counter(data.sample_windows.tolist())
    assert set(drawn) == set(np.asarray(every.sample_windows).tolist())
    assert (len(data), max(drawn.values()) - min(drawn.values())) == (100, 1)


def test_whole_lines_are_held_out_alike_with_the_same_seed():
    def held_out(seed):
        data = SequenceDataset.from_text(NAMES, sequence_length=3, boundary=".", seed=seed)
        return np.asarray(data.validation_windows).tolist()

    assert held_out(3) == held_out(3)
    assert len({tuple(held_out(seed)) for seed in range(8)}) > 1


def test_a_text_of_one_line_is_trained_on_whole():
    data = SequenceDataset.from_text("to be or not to be", sequence_length=4)
    assert (len(data.validation_windows), len(data.test_windows)) == (0, 0)


def test_a_very_long_line_is_held_out_or_trained_on_as_any_other():
    long = "abcd" * 40_000
    data = SequenceDataset.from_text(f"{long}\nabab\n{long}\nbcbc", sequence_length=3, boundary=".")
    assert data.masters.lengths.tolist() == [160_003, 7, 160_003, 7]
    assert "".join(data.tokens(data.masters[2])) == f"..{long}."
    parts = (data.sample_windows, data.validation_windows, data.test_windows)
    assert [len(lines_of_windows(data, part)) for part in parts] == [1, 1, 1]


def test_fractions_that_leave_nothing_to_train_on_are_refused():
    given = {"validation_fraction": 0.5, "test_fraction": 0.5}
    assert refusal(lambda: SequenceDataset(**given)).setting == "test_fraction"


def test_a_byte_order_mark_and_carriage_returns_are_no_tokens():
    data = SequenceDataset.from_text("\ufeffabcab\rcabca\r\ncab\n", sequence_length=3)
    assert data.vocabulary == ["a", "b", "c"]
    assert data.masters.lengths.tolist() == [5, 5, 3]


@pytest.mark.parametrize("num_samples", ["al", "ALL", 0, None])
def test_a_number_of_samples_is_a_number_or_all(num_samples):
    error = refusal(lambda: SequenceDataset(num_samples=num_samples))
    assert "or 'all'" in str(error)


def test_naughty_strings_are_lines_like_any_other():
    naughty = (
        "שָׁלוֹם עולם\n\u202eabc\u202c\u200d\nZ̢̡̧a̷l͝g̸o\n🏳️‍🌈👩‍👩‍👧\n\x00\x07\ttab\u00a0\n<b>&amp;</b>"
    )
    data = SequenceDataset.from_text(naughty, sequence_length=3, boundary="|")
    shown = ["".join(data.tokens(master)).strip("|") for master in data.masters]
    assert shown == naughty.split("\n")
