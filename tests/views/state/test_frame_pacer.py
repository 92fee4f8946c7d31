"""Frames: no more than are drawn, asked for, or that the server can make beside training."""

import gc
import time
import weakref

import pytest

from backprop_panel.views.state.frame_pacer import MOST_UNDRAWN, PATIENCE, SHARE, FrameClock

COST = 0.01


@pytest.fixture
def clocks():
    """Return a function that starts clocks; they are stopped in the end."""
    made = []

    def start(count):
        made.extend(FrameClock() for _ in range(count))
        for clock in made:
            clock.start()
        return made

    yield start
    for clock in made:
        clock.stop()


def make_frame(clock):
    with clock.frame():
        time.sleep(COST)


def seconds_until_ready(clock):
    begin = time.monotonic()
    while not clock.ready:
        time.sleep(0.0005)
    return time.monotonic() - begin


def seconds_of_four_frames(clock):
    """Return how long four frames take, of which the first two may follow at once."""
    begin = time.monotonic()
    for _ in range(4):
        seconds_until_ready(clock)
        make_frame(clock)
    return time.monotonic() - begin


def test_no_more_frames_are_under_way_than_are_drawn(clocks):
    (clock,) = clocks(1)
    clock._handle_msg(0)
    for _ in range(MOST_UNDRAWN):
        seconds_until_ready(clock)
        make_frame(clock)
    time.sleep(5 * COST)
    assert not clock.ready
    clock._handle_msg(1)
    assert clock.ready


def test_no_more_frames_are_sent_than_were_asked_for(clocks):
    (clock,) = clocks(1)
    clock.most_a_second = 10
    assert 0.2 <= seconds_of_four_frames(clock) < 0.3


@pytest.mark.parametrize("pages", [1, 4])
def test_frames_of_all_pages_together_take_no_more_than_their_share(clocks, pages):
    clock, *_ = clocks(pages)
    assert seconds_of_four_frames(clock) >= 2 * pages * COST / SHARE


def test_frames_of_two_pages_leave_time_between_them_for_what_people_do(clocks):
    one, other = clocks(2)
    make_frame(one)
    assert not other.ready
    assert seconds_until_ready(other) >= 0.9 * COST


def test_a_page_that_plays_no_longer_leaves_its_share_to_the_others(clocks):
    clock, *others = clocks(200)
    make_frame(clock)
    assert not clock.ready
    for other in others:
        other.stop()
    assert seconds_until_ready(clock) < 20 * COST / SHARE


def test_however_many_pages_play_each_has_a_frame_now_and_then(clocks):
    clock, *_ = clocks(10_000)
    make_frame(clock)
    assert clock.due_in <= PATIENCE


def test_one_frame_that_took_long_does_not_set_a_page_back_for_long(clocks):
    clock, *_ = clocks(4)
    for _ in range(4):
        seconds_until_ready(clock)
        make_frame(clock)
    seconds_until_ready(clock)
    with clock.frame():
        time.sleep(10 * COST)
    assert clock.due_in < 4 * 10 * COST / SHARE / 2


def test_a_page_that_plays_no_longer_is_not_kept_for_its_last_frame():
    clock = FrameClock()
    clock.start()
    make_frame(clock)
    clock.stop()
    kept = weakref.ref(clock)
    del clock
    gc.collect()
    assert kept() is None
