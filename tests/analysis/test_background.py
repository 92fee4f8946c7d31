"""Work in the background takes turns with training, and stops when it is told to."""

from threading import Event, Thread

import pytest

from backprop_panel.analysis.background import in_turns
from backprop_panel.training.worker import TURNS

PATIENCE = 10


class Rests(Event):
    """An event that records for how long it was waited for, and never makes anyone wait."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def wait(self, timeout=None):
        self.seconds.append(timeout)
        return self.is_set()


def test_all_pieces_come_in_order():
    assert list(in_turns(iter(range(5)), Event())) == [0, 1, 2, 3, 4]


def test_work_that_nothing_waits_for_never_rests():
    rests = Rests()
    list(in_turns(iter(range(5)), rests))
    assert rests.seconds == []


def test_work_rests_sixteen_times_a_piece_if_a_thread_waits():
    rests, waiting, done = Rests(), Event(), Event()

    def other():
        with TURNS.turn(Event()):
            done.wait(PATIENCE)

    def pieces():
        Thread(target=other, daemon=True).start()
        while not (waiting.wait(0.002) or TURNS.contended):
            pass
        yield "piece"

    work = in_turns(pieces(), rests)
    assert next(work) == "piece"
    done.set()
    assert next(work, "end") == "end"
    assert len(rests.seconds) == 1 and rests.seconds[0] >= 16 * 0.001


def test_a_piece_is_computed_within_a_turn_and_used_outside_it():
    inside = []

    def pieces():
        inside.append(len(TURNS._queues[False]))
        yield

    for _ in in_turns(pieces(), Event()):
        inside.append(len(TURNS._queues[False]))
    assert inside == [1, 0]


def test_work_stops_before_the_next_piece():
    stopping, made = Event(), []

    def pieces():
        for piece in range(5):
            made.append(piece)
            yield piece

    for piece in in_turns(pieces(), stopping):
        if piece == 1:
            stopping.set()
    assert made == [0, 1]


def test_a_piece_that_raises_gives_its_turn_back():
    def pieces():
        raise ZeroDivisionError
        yield

    with pytest.raises(ZeroDivisionError):
        next(in_turns(pieces(), Event()))
    assert list(in_turns(iter([1]), Event())) == [1]
