"""Threads that train take turns."""

import time
from threading import Event, Thread

from stores import wait_until

from backprop_panel import TrainingRunManager
from backprop_panel.training.turnstile import Turnstile
from backprop_panel.training.worker import TURNS, StopWhen

PATIENCE = 60


def in_threads(deeds):
    threads = [Thread(target=deed, daemon=True) for deed in deeds]
    for thread in threads:
        thread.start()
    return threads


def wait_for_requests(turns, count):
    """Wait until so many threads have a short turn or have asked for one."""
    wait_until(lambda: len(turns._queues[False]) == count)


def test_one_thread_works_at_a_time():
    turns, at_work, most = Turnstile(), [], []

    def work():
        awake = Event()
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


def test_turns_come_in_the_order_of_the_requests():
    turns, order, had = Turnstile(), [], Event()

    def work(name):
        with turns.turn(Event()):
            order.append(name)

    def first():
        with turns.turn(Event()):
            had.wait(PATIENCE)

    threads = in_threads([first])
    for name in "abcd":
        wait_for_requests(turns, len(threads))
        threads += in_threads([lambda name=name: work(name)])
    wait_for_requests(turns, len(threads))
    had.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert order == list("abcd")


def test_turns_are_contended_while_another_thread_has_one_or_waits():
    turns = Turnstile()
    with turns.turn(Event()):
        assert not turns.contended
        with turns.turn(Event(), long=True):
            assert turns.contended
    assert not turns.contended


def test_woken_thread_returns_without_taking_a_turn():
    turns, awake, had = Turnstile(), Event(), Event()
    done = []

    def first():
        with turns.turn(Event()):
            had.wait(PATIENCE)
            done.append("first")

    def woken():
        with turns.turn(awake):
            done.append("woken")

    def last():
        with turns.turn(Event()):
            done.append("last")

    threads = []
    for deed in (first, woken, last):
        threads += in_threads([deed])
        wait_for_requests(turns, len(threads))
    awake.set()
    threads[1].join(PATIENCE)
    had.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert done == ["woken", "first", "last"]


def test_runs_that_train_at_once_progress_alike():
    runs = [TrainingRunManager().create(hidden_dimension=4) for _ in range(4)]

    def when_all_have_made(steps):
        end = time.monotonic() + PATIENCE
        while min(run.trainer.step for run in runs) < steps and time.monotonic() < end:
            time.sleep(0.005)
        with TURNS.withheld():  # on a busy machine steps would pass between two of them
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


def training(count=1, **config):
    """Return training runs, each of which has made a step."""
    runs = [TrainingRunManager().create(**config) for _ in range(count)]
    for run in runs:
        run.worker.start(StopWhen())
    end = time.monotonic() + PATIENCE
    while any(run.trainer.step == 0 for run in runs) and time.monotonic() < end:
        time.sleep(0.005)
    return runs


def test_stopped_worker_does_not_wait_for_its_turn():
    (run,) = training(hidden_dimension=4)
    with TURNS.turn(Event()):
        (stopping,) = in_threads([run.worker.stop])
        stopping.join(PATIENCE)
        assert not run.worker.running


def test_worker_stopped_during_its_turn_does_not_wait_for_another(monkeypatch):
    (run,) = training(hidden_dimension=4)
    advance, at_work, go_on, done = run.trainer.engine.advance, *(Event() for _ in range(3))

    def slowly(*arguments):
        at_work.set()
        go_on.wait(PATIENCE)
        return advance(*arguments)

    def keep_others_waiting(long):
        with TURNS.turn(Event(), long):
            done.wait(PATIENCE)

    monkeypatch.setattr(run.trainer.engine, "advance", slowly)
    at_work.wait(PATIENCE)
    threads = in_threads([lambda: keep_others_waiting(False), lambda: keep_others_waiting(True)])
    (stopping,) = in_threads([run.worker.stop])
    time.sleep(0.05)
    go_on.set()
    stopping.join(PATIENCE / 2)  # those who keep it waiting do so for twice that
    stopped = not stopping.is_alive()
    done.set()
    for thread in [*threads, stopping]:
        thread.join(PATIENCE)
    assert stopped


def test_wide_network_does_not_delay_small_ones():
    wide, *_ = training(hidden_dimension=1000, batch_size=1000, num_samples=1000)
    (small,) = training(hidden_dimension=4)
    before = wide.trainer.step, small.trainer.step
    end = time.monotonic() + PATIENCE
    while wide.trainer.step < before[0] + 3 and time.monotonic() < end:
        time.sleep(0.01)
    made = wide.trainer.step - before[0], small.trainer.step - before[1]
    for run in (wide, small):
        run.worker.stop()
    assert made[0] >= 3
    assert made[1] > 5 * made[0]  # alone, hundreds
