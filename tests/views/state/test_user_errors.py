"""Errors caused by user input become messages; other errors are raised."""

import pytest

from backprop_panel.settings import SettingError
from backprop_panel.views.state.user_errors import UserErrors


@pytest.fixture
def errors():
    return UserErrors()


def refuse(name, text):
    def action():
        raise SettingError(name, text)

    return action


def test_a_refusal_is_shown_beside_the_control_and_the_setting(errors):
    assert not errors.attempt("new run", refuse("seed", "too large"))
    assert errors.mistakes == {"new run": "too large", "seed": "too large"}


def test_a_later_success_removes_the_messages_of_the_control(errors):
    errors.attempt("new run", refuse("seed", "too large"))
    errors.attempt("rename", refuse("name", "taken"))
    assert errors.attempt("new run", lambda: None)
    assert errors.mistakes == {"rename": "taken", "name": "taken"}


def test_forgetting_a_setting_removes_its_message_everywhere(errors):
    errors.attempt("new run", refuse("seed", "too large"))
    errors.forget_mistake("seed")
    assert errors.mistakes == {}


def test_an_error_that_no_user_caused_is_raised(errors):
    with pytest.raises(ZeroDivisionError):
        errors.attempt("new run", lambda: 1 / 0)
    assert errors.mistakes == {}
