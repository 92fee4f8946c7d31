"""Tokens as visible text, and back."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel.views.state.token_text import (
    example,
    from_visible,
    label,
    legible,
    readable,
    visible,
)

quick = settings(derandomize=True, deadline=None, max_examples=300, database=None)


@pytest.mark.parametrize(
    ("token", "text"),
    [
        (" ", "␣"),
        ("\t", "␉"),
        ("\x00", "␀"),
        ("\x7f", "␡"),
        ("\u00a0", "U+00A0"),
        ("\ufeff", "U+FEFF"),
        ("\u202e", "U+202E"),
        ("\u0301", "◌\u0301"),
        ("␣", "U+2423"),
        ("New York", "New␣York"),
        ("e\u0301t\u00e9", "e\u0301t\u00e9"),
        ("🏳️‍🌈", "🏳️‍🌈"),
        ("ש", "ש"),
        ("ab\u202e", "abU+00202E"),
        ("\u200fש", "U+00200Fש"),
    ],
)
def test_a_token_that_cannot_be_seen_is_named(token, text):
    assert visible(token) == text
    assert from_visible(text) == token


@quick
@given(st.text(min_size=1, max_size=4) | st.text(" \t\u00a0\ufeff\u0301◌␣U+0A", min_size=1))
def test_every_token_is_read_from_its_visible_text(token):
    assert from_visible(visible(token)) == token


@quick
@given(st.text(st.characters(categories=["Cc", "Zs", "Zl", "Zp"]), min_size=1, max_size=3))
def test_visible_texts_hold_no_spaces(token):
    assert visible(token).split() == [visible(token)]


TURNS = {*"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067"}

ODD = st.text(
    "ab שل٣1\u0301\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)


@quick
@given(ODD.filter(bool))
def test_no_label_or_text_turns_the_direction_of_what_is_around_it(text):
    for shown in (label(text), legible(text), example([text], text)):
        depth = 0
        for character in shown:
            depth += (character == "\u2068") - (character == "\u2069")
            assert character not in TURNS
            assert depth or unicodedata.bidirectional(character) not in ("R", "AL", "AN")
        assert depth == 0


def test_a_text_is_legible_with_its_spaces_and_accents():
    assert legible("a re\u0301sume\u0301") == "a re\u0301sume\u0301"
    assert legible("नमस्ते 👩\u200d👧") == "नमस्ते 👩\u200d👧"
    assert legible("\t\x00\u00a0\ufeff") == "␉␀U+00A0U+FEFF"


def test_an_accent_without_a_letter_stands_on_a_circle():
    assert readable("\u0301 \u0301a\u0301\t\u0301") == [
        *("◌\u0301", " ", "◌\u0301", "a", "\u0301", "␉", "◌\u0301")
    ]
