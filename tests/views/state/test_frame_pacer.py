"""Frames: not more than are drawn, asked for, or affordable beside training."""

import gc
import weakref

import pytest

from backprop_panel.views.state import frame_pacer
from backprop_panel.views.state.frame_pacer import MAX_UNDRAWN, TIME_SHARE, TIMEOUT, FramePacer

COST = 0.01


class Clock:
    """A clock that goes on only as it is told to: a busy machine changes no time."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(frame_pacer, "monotonic", clock)
    monkeypatch.setattr(FramePacer, "_free_from", 0.0)
    return clock


@pytest.fixture
def pacers():
    """Return a function that starts pacers; they are stopped in the end."""
    made = []

    def start(count):
        made.extend(FramePacer() for _ in range(count))
        for pacer in made:
            pacer.start()
        return made

    yield start
    for pacer in made:
        pacer.stop()


def make_frame(pacer, clock):
    with pacer.frame():
        clock.sleep(COST)


def seconds_until_ready(pacer, clock):
    begin = clock()
    while not pacer.ready:
        clock.sleep(0.0005)
    return clock() - begin


def seconds_of_four_frames(pacer, clock):
    """Return how long four frames take, of which the first two may follow at once."""
    begin = clock()
    for _ in range(4):
        seconds_until_ready(pacer, clock)
        make_frame(pacer, clock)
    return clock() - begin


def test_sends_no_more_frames_than_the_browser_draws(pacers, clock):
    (pacer,) = pacers(1)
    pacer._handle_msg(0)
    for _ in range(MAX_UNDRAWN):
        seconds_until_ready(pacer, clock)
        make_frame(pacer, clock)
    clock.sleep(5 * COST)
    assert not pacer.ready
    pacer._handle_msg(1)
    assert pacer.ready


def test_sends_no_more_frames_than_asked_for(pacers, clock):
    (pacer,) = pacers(1)
    pacer.max_rate = 10
    assert 0.2 <= seconds_of_four_frames(pacer, clock) < 0.3


@pytest.mark.parametrize("pages", [1, 4])
def test_frames_of_all_pages_together_keep_to_their_share_of_time(pacers, pages, clock):
    pacer, *_ = pacers(pages)
    assert seconds_of_four_frames(pacer, clock) >= 2 * pages * COST / TIME_SHARE


def test_frames_of_two_pages_leave_time_for_user_input_between_them(pacers, clock):
    one, other = pacers(2)
    make_frame(one, clock)
    assert not other.ready
    assert seconds_until_ready(other, clock) >= 0.9 * COST


def test_a_browser_that_sleeps_is_sent_a_frame_now_and_then(pacers, clock):
    (pacer,) = pacers(1)
    pacer._handle_msg(0)
    begin, frames = clock(), 0
    while clock() < begin + 10 * TIMEOUT:
        if pacer.ready:
            make_frame(pacer, clock)
            frames += 1
        clock.sleep(COST)
    assert 1 < frames <= MAX_UNDRAWN + 10


def test_a_page_that_stops_leaves_its_share_to_the_others(pacers, clock):
    pacer, *others = pacers(200)
    make_frame(pacer, clock)
    assert not pacer.ready
    for other in others:
        other.stop()
    assert seconds_until_ready(pacer, clock) < 20 * COST / TIME_SHARE


def test_each_of_many_pages_gets_a_frame_before_the_timeout(pacers, clock):
    pacer, *_ = pacers(1000)
    make_frame(pacer, clock)
    assert pacer.due_in <= TIMEOUT


def test_one_slow_frame_does_not_set_a_page_back_for_long(pacers, clock):
    pacer, *_ = pacers(4)
    for _ in range(4):
        seconds_until_ready(pacer, clock)
        make_frame(pacer, clock)
    seconds_until_ready(pacer, clock)
    with pacer.frame():
        clock.sleep(10 * COST)
    assert pacer.due_in < 4 * 10 * COST / TIME_SHARE / 2


def test_a_page_that_stops_is_not_kept_in_memory(clock):
    pacer = FramePacer()
    pacer.start()
    make_frame(pacer, clock)
    pacer.stop()
    kept = weakref.ref(pacer)
    del pacer
    gc.collect()
    assert kept() is None
