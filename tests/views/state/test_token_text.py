"""Tokens as visible text, and back."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_panel.views.state.token_text import from_visible, visible

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
