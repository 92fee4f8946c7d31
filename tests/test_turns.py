"""Threads that train take turns."""

import threading
import time

from backprop_panel import TrainingRunManager
from backprop_panel.turns import Turns
from backprop_panel.worker import TURNS, StopWhen

PATIENCE = 10


def in_threads(deeds):
    threads = [threading.Thread(target=deed, daemon=True) for deed in deeds]
    for thread in threads:
        thread.start()
    return threads


def test_one_works_at_a_time():
    turns, at_work, most = Turns(), [], []

    def work():
        awake = threading.Event()
        for _ in range(50):
            with turns.turn(awake):
                at_work.append(1)
                time.sleep(0.0002)
                most.append(len(at_work))
                at_work.pop()

    for thread in in_threads([work] * 4):
        thread.join(PATIENCE)
    assert set(most) == {1}
    assert len(most) == 200


def test_turns_come_in_the_order_in_which_they_were_asked_for():
    turns, order, had = Turns(), [], threading.Event()

    def work(name):
        with turns.turn(threading.Event()):
            order.append(name)

    def first():
        with turns.turn(threading.Event()):
            had.wait(PATIENCE)

    threads = in_threads([first])
    for name in "abcd":
        time.sleep(0.02)
        threads += in_threads([lambda name=name: work(name)])
    time.sleep(0.02)
    had.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert order == list("abcd")


def test_who_is_awoken_need_not_wait_and_takes_nobodys_turn():
    turns, awake, had = Turns(), threading.Event(), threading.Event()
    done = []

    def first():
        with turns.turn(threading.Event()):
            had.wait(PATIENCE)
            done.append("first")

    def awoken():
        with turns.turn(awake):
            done.append("awoken")

    def last():
        with turns.turn(threading.Event()):
            done.append("last")

    threads = []
    for deed in (first, awoken, last):
        threads += in_threads([deed])
        time.sleep(0.02)
    awake.set()
    threads[1].join(PATIENCE)
    had.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert done == ["awoken", "first", "last"]


def test_runs_that_train_beside_each_other_get_on_alike():
    runs = [TrainingRunManager().create(hidden_dimension=4) for _ in range(4)]

    def when_all_have_made(steps):
        end = time.monotonic() + PATIENCE
        while min(run.trainer.step for run in runs) < steps and time.monotonic() < end:
            time.sleep(0.005)
        return [run.trainer.step for run in runs]

    for run in runs:
        run.worker.start(StopWhen())
    before = when_all_have_made(20)
    after = when_all_have_made(max(before) + 500)
    for run in runs:
        run.worker.stop()
    made = [late - early for early, late in zip(before, after, strict=True)]
    assert min(made) >= 500
    assert max(made) < 2 * min(made)


def test_one_that_stops_does_not_wait_for_its_turn():
    run = TrainingRunManager().create(hidden_dimension=4)
    run.worker.start(StopWhen())
    with TURNS.turn(threading.Event()):
        run.worker.stop()
        assert not run.worker.running
