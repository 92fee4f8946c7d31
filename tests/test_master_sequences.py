"""Master sequences: generated ones, explicit ones, and those of a text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel import SequenceDataset, SettingError
from backprop_panel.data import master_sequences as masters
from backprop_panel.data import text_tokens
from backprop_panel.data.text_tokens import count_tokens
from backprop_panel.data.token_encoder import TokenEncoder

quick = settings(derandomize=True, deadline=None, max_examples=100, database=None)
any_seed = st.integers(0, 2**64)


@st.composite
def generation(draw):
    """Arguments of `generate` that ask for less than half of what there is."""
    vocabulary_size, low = draw(st.integers(2, 300)), draw(st.integers(1, 6))
    high = draw(st.integers(low, 12))
    count = draw(st.integers(1, min(vocabulary_size**low, 40) // 2 or 1))
    return vocabulary_size, count, (low, high), draw(any_seed)


def as_lists(sequences):
    return [sequences[number].tolist() for number in range(len(sequences))]


def tokens_of(data):
    """Each master of a dataset as a string."""
    return ["".join(data.tokens(data.masters[number])) for number in range(len(data.masters))]


def refusal(**dataset_settings):
    with pytest.raises(SettingError) as caught:
        SequenceDataset(**dataset_settings)
    return caught.value


@quick
@given(generation())
def test_generated_masters_are_as_many_as_asked_for_and_distinct(arguments):
    sequences = as_lists(masters.generate(*arguments))
    assert len(sequences) == arguments[1]
    assert len(set(map(tuple, sequences))) == len(sequences)


@quick
@given(generation())
def test_generated_masters_have_a_length_within_the_range(arguments):
    _, _, (low, high), _ = arguments
    assert all(low <= len(ids) <= high for ids in as_lists(masters.generate(*arguments)))


@quick
@given(generation())
def test_generated_masters_hold_only_ids_of_the_vocabulary(arguments):
    assert masters.generate(*arguments).ids.max() < arguments[0]


@quick
@given(generation())
def test_the_same_seed_makes_the_same_masters(arguments):
    assert as_lists(masters.generate(*arguments)) == as_lists(masters.generate(*arguments))


def test_another_seed_makes_other_masters():
    made = {tuple(masters.generate(4, 3, (8, 12), seed).ids) for seed in range(50)}
    assert len(made) == 50


def test_generated_masters_reach_both_ends_of_the_range():
    lengths = masters.generate(4, 200, (8, 12), seed=0).lengths
    assert set(lengths.tolist()) == {8, 9, 10, 11, 12}


def test_generated_masters_use_the_whole_vocabulary():
    assert set(masters.generate(5, 100, (8, 12), seed=0).ids.tolist()) == set(range(5))


def test_all_the_distinct_sequences_that_there_are_can_be_generated():
    sequences = as_lists(masters.generate(2, 14, (1, 3), seed=0))
    assert len(set(map(tuple, sequences))) == 2 + 4 + 8


@pytest.mark.parametrize(
    ("vocabulary_size", "count", "lengths", "possible"),
    [(1, 2, (5, 5), 1), (2, 15, (1, 3), 14), (1, 6, (8, 12), 5), (4, 300, (4, 4), 256)],
)
def test_more_distinct_masters_than_there_are_is_refused(vocabulary_size, count, lengths, possible):
    with pytest.raises(SettingError, match=f"make only {possible} distinct") as caught:
        masters.generate(vocabulary_size, count, lengths, seed=0)
    assert caught.value.setting == "num_master_sequences"


@pytest.mark.parametrize(
    "lengths", [(12, 8), (0, 5), (-3, 5), (8,), (8, 9, 10), 8, (8.0, 12.0), "ab", None, (True, 9)]
)
def test_a_range_of_lengths_that_is_none_is_refused(lengths):
    error = refusal(master_sequence_length=lengths)
    assert error.setting == "master_sequence_length"
    assert "1 <= shortest <= longest" in str(error)


def test_a_range_may_be_a_list_as_it_comes_from_json():
    assert len(SequenceDataset(master_sequence_length=[8, 12]).masters) == 3


@pytest.mark.parametrize("count", [0, -1, 2.5, None])
def test_no_generated_masters_at_all_is_refused(count):
    assert refusal(num_master_sequences=count).setting == "num_master_sequences"


def test_a_window_longer_than_every_generated_master_is_refused():
    error = refusal(sequence_length=13, master_sequence_length=(8, 12))
    assert error.setting == "sequence_length"
    assert "13" in str(error)
    assert "12" in str(error)


def test_explicit_masters_are_kept_as_they_are_given():
    assert tokens_of(SequenceDataset(master_sequences=["abccaabb", "ddddda"])) == [
        "abccaabb",
        "ddddda",
    ]


def test_explicit_masters_may_be_lists_of_tokens_of_any_length():
    data = SequenceDataset(
        vocabulary=["the", "cat", "sat"],
        master_sequences=[["the", "cat", "sat", "the", "cat"]],
        sequence_length=3,
    )
    assert data.tokens(data.windows).tolist() == [
        ["the", "cat", "sat"],
        ["cat", "sat", "the"],
        ["sat", "the", "cat"],
    ]


def test_explicit_masters_take_the_place_of_generated_ones():
    data = SequenceDataset(
        master_sequences=["abcdabcd"], num_master_sequences=7, master_sequence_length=(20, 30)
    )
    assert tokens_of(data) == ["abcdabcd"]


def test_explicit_masters_windows_stand_master_after_master_by_offset():
    data = SequenceDataset(master_sequences=["abcda", "ddcb"], sequence_length=4)
    windows = ["".join(row) for row in data.tokens(data.windows)]
    assert windows == ["abcd", "bcda", "ddcb"]
    assert np.asarray(data.origin).tolist() == [[0, 0], [0, 1], [1, 0]]


def test_explicit_masters_too_short_for_a_window_are_skipped_and_counted():
    data = SequenceDataset(master_sequences=["ab", "abcda", "", "dcba", "ddcba"], sequence_length=5)
    assert tokens_of(data) == ["abcda", "ddcba"]
    assert data.skipped == 3
    assert np.asarray(data.origin).tolist() == [[0, 0], [1, 0]]


def test_explicit_masters_exactly_as_long_as_a_window_are_kept():
    data = SequenceDataset(master_sequences=["abcda"], sequence_length=5)
    assert data.n_windows == 1
    assert data.skipped == 0


def test_explicit_masters_all_too_short_are_refused():
    error = refusal(master_sequences=["ab", "abcd"], sequence_length=5)
    assert error.setting == "sequence_length"
    assert "longest master sequence has only 4 tokens" in str(error)


@pytest.mark.parametrize("nothing", [[], [""], "", "\n\n"])
def test_explicit_masters_that_hold_nothing_are_refused(nothing):
    assert refusal(master_sequences=nothing).setting in ("sequence_length", "master_sequences")


def test_a_master_with_a_token_outside_the_vocabulary_is_refused():
    error = refusal(master_sequences=["abcda", "abxda"])
    assert error.setting == "master_sequences"
    assert "master_sequences[1] holds 'x'" in str(error)
    assert "['a', 'b', 'c', 'd']" in str(error)


@pytest.mark.parametrize("masters_given", [5, [5], [["a", ["b"]]], [None]])
def test_explicit_masters_that_are_no_sequences_of_tokens_are_refused(masters_given):
    assert refusal(master_sequences=masters_given).setting == "master_sequences"


def test_explicit_masters_may_be_a_text_with_one_master_a_line():
    assert tokens_of(SequenceDataset(master_sequences="abcda\nddcba")) == ["abcda", "ddcba"]


def test_explicit_text_with_a_character_outside_the_vocabulary_is_refused():
    error = refusal(master_sequences="abcda\nab?da")
    assert error.setting == "master_sequences"
    assert "'?'" in str(error)


def test_explicit_text_with_a_vocabulary_of_longer_tokens_is_refused():
    error = refusal(vocabulary=["ab", "c"], master_sequences="ababc", sequence_length=2)
    assert isinstance(error, SettingError)


def test_explicit_markup_is_a_token_like_any_other():
    tokens = ["<b>", "<script>alert(1)</script>", "&amp;"]
    data = SequenceDataset(
        vocabulary=tokens, master_sequences=[tokens * 2], sequence_length=3, num_samples=4
    )
    assert data.tokens(data.windows[0]).tolist() == tokens


@quick
@given(
    vocabulary=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=3),
        min_size=1,
        max_size=5,
        unique=True,
    ),
    data=st.data(),
)
def test_explicit_masters_are_encoded_by_their_place_in_the_vocabulary(vocabulary, data):
    given_masters = data.draw(
        st.lists(st.lists(st.sampled_from(vocabulary), max_size=8), min_size=1)
    )
    encoded = TokenEncoder(vocabulary).masters(given_masters)
    assert as_lists(encoded) == [
        [vocabulary.index(token) for token in master] for master in given_masters
    ]


line = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=8)
texts = st.lists(line, min_size=1, max_size=8).map("\n".join)


@quick
@given(texts)
def test_a_text_is_encoded_as_line_by_line_and_character_by_character(text):
    vocabulary = list(count_tokens(text)) or ["-"]
    encoded = TokenEncoder(vocabulary).masters(text)
    assert as_lists(encoded) == [
        [vocabulary.index(character) for character in row] for row in text.split("\n")
    ]


@quick
@given(texts, st.integers(1, 5))
def test_a_text_is_encoded_alike_however_much_is_decoded_at_a_time(text, at_once):
    vocabulary = list(count_tokens(text)) or ["-"]
    whole = as_lists(TokenEncoder(vocabulary).masters(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_tokens, "CHARACTERS_AT_ONCE", at_once)
        assert as_lists(TokenEncoder(vocabulary).masters(text)) == whole


@quick
@given(texts)
def test_the_vocabulary_of_a_text_is_its_distinct_characters_in_order(text):
    vocabulary = list(count_tokens(text))
    assert vocabulary == sorted(set(text.replace("\n", "")))


@quick
@given(
    rows=st.lists(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=8),
        min_size=1,
        max_size=8,
    ).filter(lambda rows: any(len(row) >= 3 for row in rows)),
    line_break=st.sampled_from(["\n", "\r\n"]),
)
def test_masters_of_a_text_are_its_lines_that_hold_a_window(rows, line_break):
    data = SequenceDataset.from_text(line_break.join(rows), sequence_length=3, num_samples=5)
    assert tokens_of(data) == [row for row in rows if len(row) >= 3]
    assert data.skipped == sum(len(row) < 3 for row in rows)


def test_a_windows_line_break_is_no_token():
    data = SequenceDataset.from_text("abcab\r\ncabca\r\n", sequence_length=4)
    assert data.vocabulary == ["a", "b", "c"]


def test_characters_beyond_the_basic_plane_are_one_token_each():
    data = SequenceDataset.from_text("🙂a🙃é🙂", sequence_length=2)
    assert data.vocabulary == ["a", "é", "🙂", "🙃"]
    assert data.tokens(data.windows[0]).tolist() == ["🙂", "a"]


@pytest.mark.parametrize("text", ["", "\n", "\r\n\r\n"])
def test_an_empty_text_is_refused(text):
    with pytest.raises(SettingError, match="empty"):
        SequenceDataset.from_text(text)


def test_a_text_without_a_line_long_enough_is_refused():
    with pytest.raises(SettingError, match="longest master sequence has only 5 tokens"):
        SequenceDataset.from_text("short\nones", sequence_length=8)


@pytest.mark.parametrize(
    ("vocabulary_size", "id_type"),
    [(1, np.uint8), (256, np.uint8), (257, np.uint16), (65_536, np.uint16)],
)
def test_ids_take_one_byte_up_to_256_tokens_and_two_beyond(vocabulary_size, id_type):
    assert masters.generate(vocabulary_size, 1, (8, 8), seed=0).ids.dtype == id_type


def test_more_than_256_tokens_take_two_bytes_each():
    characters = [chr(0x4E00 + number) for number in range(300)]
    for given_masters in ("".join(characters), [characters]):
        data = SequenceDataset(vocabulary=characters, master_sequences=given_masters)
        assert data.windows.dtype == np.uint16
        assert data.windows[-1].tolist() == [295, 296, 297, 298, 299]


def test_more_than_65536_tokens_are_refused():
    with pytest.raises(SettingError, match="at most 65536 tokens, got 65537"):
        masters.smallest_id_type(65_537)
