"""The line that tells how far a sweep is: in a terminal, in a notebook, and in neither."""

import sys
from types import SimpleNamespace

import pytest

from backprop_panel.sweeps.progress_line import show_until_end


class HalfDone:
    """A sweep that is half done at the first look, and has ended at the second."""

    plan = SimpleNamespace(name="sweep")
    seconds_left = 75.0
    awaits_workers = False

    def __init__(self):
        self.looks = 0

    @property
    def begun(self):
        return ["a run"] if self.looks else []

    @property
    def progress(self):
        return self.looks / 2

    def wait(self, seconds):
        self.looks += 1
        return self.looks == 2


@pytest.fixture
def sweep():
    return HalfDone()


@pytest.fixture
def shown_in_terminal(monkeypatch, capsys):
    """What is written to stderr while that is a terminal."""

    def shown(*arguments, **keywords):
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        show_until_end(*arguments, **keywords)
        return capsys.readouterr().err

    return shown


def test_a_terminal_shows_the_share_and_the_time_left(sweep, shown_in_terminal):
    shown = shown_in_terminal(sweep)
    assert "50%  0:01:15 left" in shown and "100%" in shown


def test_a_terminal_shows_that_workers_are_being_started(sweep, shown_in_terminal, monkeypatch):
    monkeypatch.setattr(HalfDone, "begun", [])
    assert "starting the workers" in shown_in_terminal(sweep)


def test_a_terminal_shows_that_no_worker_is_there(sweep, shown_in_terminal):
    sweep.awaits_workers = True
    assert "waiting for workers" in shown_in_terminal(sweep)


def test_a_file_in_place_of_a_terminal_gets_nothing(sweep, capsys):
    show_until_end(sweep)
    assert capsys.readouterr() == ("", "") and sweep.looks == 2


def test_what_is_hidden_is_waited_for(sweep, shown_in_terminal):
    looked = []
    shown = shown_in_terminal(sweep, hidden=True, on_look=lambda: looked.append(sweep.looks))
    assert shown == "" and looked == [1, 2]


def test_a_notebook_shows_one_line_in_place_of_the_one_before(sweep, monkeypatch):
    display = pytest.importorskip("IPython.display")
    shown = []

    class Handle:
        def display(self, data, raw):
            shown.append(("new", data["text/plain"]))

        def update(self, data, raw):
            shown.append(("again", data["text/plain"]))

    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(kernel=1))
    monkeypatch.setattr(display, "DisplayHandle", Handle)
    show_until_end(sweep)
    assert [kind for kind, _ in shown] == ["new", "again"]
    assert "50%  0:01:15 left" in shown[0][1] and "100%" in shown[1][1]


def test_a_process_without_a_terminal_at_all_waits_for_the_end(sweep, monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    show_until_end(sweep)
    assert sweep.looks == 2
