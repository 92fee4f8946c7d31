"""The owner of a browser's runs follows from its key, and from nothing that can be guessed."""

import pytest

from backprop_panel.views.workspaces import COOKIE, owner_of

KEY = "0123456789abcdef" * 4


def test_each_key_has_an_owner_of_its_own_that_does_not_hold_it():
    owner, other = owner_of({COOKIE: KEY}), owner_of({COOKIE: KEY[::-1]})
    assert owner != other and owner == owner_of({COOKIE: KEY, "theme": "dark"})
    assert KEY not in owner and owner.startswith("browser ")


@pytest.mark.parametrize(
    "cookies", [{}, {COOKIE: ""}, {COOKIE: "1"}, {COOKIE: KEY.upper()}, {COOKIE: f"{KEY}\n"}]
)
def test_anything_but_a_key_has_no_owner(cookies):
    assert owner_of(cookies) == ""
