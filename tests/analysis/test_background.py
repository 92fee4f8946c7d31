"""Work in the background takes turns with training, and stops when it is told to."""

from threading import Event, Thread
from threading import enumerate as enumerate_threads

import pytest

from backprop_panel.analysis.background import Background, gathered, in_turns
from backprop_panel.training.worker import TURNS

PATIENCE = 60


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


@pytest.fixture
def finish():
    """A function that waits until a piece of work has ended."""

    def finish(work):
        for thread in threads():
            thread.join(PATIENCE)
        assert not work.running
        return work

    return finish


def threads():
    return [thread for thread in enumerate_threads() if thread.name == "background"]


def test_the_newest_piece_can_be_taken_once(finish):
    work = Background(iter(range(5)))
    work.start()
    assert finish(work).take() == 4
    assert work.take() is None and work.done


def test_stopped_work_goes_on_where_it_was(finish):
    made = []

    def pieces():
        for piece in range(3):
            made.append(piece)
            yield piece

    work = Background(pieces())
    with TURNS.withheld():  # no piece begins meanwhile
        work.start()
        work.stop()
    assert made in ([], [0]) and not finish(work).done
    work.start()
    assert finish(work).done and made == [0, 1, 2]
    assert not threads()


def test_work_that_is_done_starts_no_thread(finish):
    work = Background(iter([1]))
    work.start()
    finish(work).start()
    assert not threads()


def test_an_error_of_the_work_is_raised_where_it_is_taken(finish):
    def pieces():
        raise ZeroDivisionError
        yield

    work = Background(pieces())
    work.start()
    with pytest.raises(ZeroDivisionError):
        finish(work).take()
    assert work.take() is None and work.done


def test_short_pieces_share_a_turn_and_none_is_lost():
    turns = list(gathered(iter([None, 1, None, 2, 3])))
    assert turns[-1] == [1, 2, 3]
    assert len(turns) < 5


def test_nothing_found_is_an_empty_list():
    assert list(gathered(iter([])))[-1] == []
