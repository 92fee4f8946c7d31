"""Frames: not more than are drawn, asked for, or affordable beside training."""

import gc
import time
import weakref

import pytest

from backprop_panel.views.state.frame_pacer import MAX_UNDRAWN, TIME_SHARE, TIMEOUT, FramePacer

COST = 0.01


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


def make_frame(pacer):
    with pacer.frame():
        time.sleep(COST)


def seconds_until_ready(pacer):
    begin = time.monotonic()
    while not pacer.ready:
        time.sleep(0.0005)
    return time.monotonic() - begin


def seconds_of_four_frames(pacer):
    """Return how long four frames take, of which the first two may follow at once."""
    begin = time.monotonic()
    for _ in range(4):
        seconds_until_ready(pacer)
        make_frame(pacer)
    return time.monotonic() - begin


def test_sends_no_more_frames_than_the_browser_draws(pacers):
    (pacer,) = pacers(1)
    pacer._handle_msg(0)
    for _ in range(MAX_UNDRAWN):
        seconds_until_ready(pacer)
        make_frame(pacer)
    time.sleep(5 * COST)
    assert not pacer.ready
    pacer._handle_msg(1)
    assert pacer.ready


def test_sends_no_more_frames_than_asked_for(pacers):
    (pacer,) = pacers(1)
    pacer.max_rate = 10
    assert 0.2 <= seconds_of_four_frames(pacer) < 0.3


@pytest.mark.parametrize("pages", [1, 4])
def test_frames_of_all_pages_together_keep_to_their_share_of_time(pacers, pages):
    pacer, *_ = pacers(pages)
    assert seconds_of_four_frames(pacer) >= 2 * pages * COST / TIME_SHARE


def test_frames_of_two_pages_leave_time_for_user_input_between_them(pacers):
    one, other = pacers(2)
    make_frame(one)
    assert not other.ready
    assert seconds_until_ready(other) >= 0.9 * COST


def test_a_page_that_stops_leaves_its_share_to_the_others(pacers):
    pacer, *others = pacers(200)
    make_frame(pacer)
    assert not pacer.ready
    for other in others:
        other.stop()
    assert seconds_until_ready(pacer) < 20 * COST / TIME_SHARE


def test_each_of_many_pages_gets_a_frame_before_the_timeout(pacers):
    pacer, *_ = pacers(1000)
    make_frame(pacer)
    assert pacer.due_in <= TIMEOUT


def test_one_slow_frame_does_not_set_a_page_back_for_long(pacers):
    pacer, *_ = pacers(4)
    for _ in range(4):
        seconds_until_ready(pacer)
        make_frame(pacer)
    seconds_until_ready(pacer)
    with pacer.frame():
        time.sleep(10 * COST)
    assert pacer.due_in < 4 * 10 * COST / TIME_SHARE / 2


def test_a_page_that_stops_is_not_kept_in_memory():
    pacer = FramePacer()
    pacer.start()
    make_frame(pacer)
    pacer.stop()
    kept = weakref.ref(pacer)
    del pacer
    gc.collect()
    assert kept() is None
