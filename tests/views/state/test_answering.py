"""Answers are computed in a thread, and only those to the last question are shown."""

from threading import Event

import pytest

from backprop_panel.settings import SettingError
from backprop_panel.views.state import answering as module
from backprop_panel.views.state.answering import Answering


class Shown:
    """What a page was shown."""

    def __init__(self):
        self.answers, self.refusals = [], []
        self.answering = Answering(self.answers.append, self.refusals.append)


@pytest.fixture
def shown():
    return Shown()


@pytest.fixture
def impatient(monkeypatch):
    """No answer is quick enough to be shown at once."""
    monkeypatch.setattr(module, "QUICK_SECONDS", 0)


def held(gate, *answers):
    """A question whose answers come once a gate is open."""

    def answering():
        gate.wait()
        yield from answers

    return answering


def test_quick_answers_are_shown_at_once(shown, monkeypatch):
    monkeypatch.setattr(module, "QUICK_SECONDS", 60)
    shown.answering.ask("a", lambda: ["coarse", "fine"])
    assert shown.answers == ["fine"]
    assert not shown.answering.busy


def test_slow_answers_are_shown_when_they_are_there(shown, impatient):
    gate = Event()
    shown.answering.ask("a", held(gate, 1, 2))
    assert shown.answering.busy and shown.answers == []
    gate.set()
    shown.answering.finish()
    assert shown.answers[-1] == 2 and not shown.answering.busy


def test_another_question_takes_the_place_of_the_present_one(shown, impatient):
    gate = Event()
    shown.answering.ask("a", held(gate, "old"))
    shown.answering.ask("b", lambda: ["new"])
    shown.answering.finish()
    gate.set()
    assert shown.answers == ["new"]


def test_the_same_question_waits_and_only_its_last_version_is_asked(shown, impatient):
    gate = Event()
    shown.answering.ask("a", held(gate, "first"))
    shown.answering.ask("a", lambda: ["second"])
    shown.answering.ask("a", lambda: ["third"])
    gate.set()
    shown.answering.finish()
    assert shown.answers == ["first", "third"]


def test_a_question_that_is_given_up_is_computed_no_further(shown, impatient):
    first, second, reached = Event(), Event(), Event()

    def answers():
        yield 1
        first.set()
        second.wait()
        yield 2
        reached.set()

    shown.answering.ask("a", answers)
    job = shown.answering._job
    first.wait()
    shown.answering.stop()
    second.set()
    job.finished.wait()
    assert not reached.is_set() and not shown.answering.busy


def test_a_refusal_is_told_in_its_words(shown):
    def refused():
        raise SettingError("cell", "There is no such number.")

    shown.answering.ask("a", refused)
    shown.answering.finish()
    assert shown.refusals == ["There is no such number."]


def test_any_other_error_is_raised_on_the_page(shown, monkeypatch):
    monkeypatch.setattr(module, "QUICK_SECONDS", 60)
    with pytest.raises(ZeroDivisionError):
        shown.answering.ask("a", lambda: [1 / 0])
