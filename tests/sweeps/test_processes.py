"""A sweep on a scheduler and workers that were started as processes of their own."""

import logging
import os
import subprocess
import sys

import pytest
from dask_processes import kill, scheduler_process, worker_processes
from interpreters import ROOT
from stores import SMALL, same, train, wait_until

from backprop_panel import SettingError, TrainingRunManager
from backprop_panel.sweeps import Sweep
from backprop_panel.sweeps.cluster import connected
from backprop_panel.sweeps.trial import FINISHED, RUNNING, WAITING

BASE = {**SMALL, "num_samples": 512, "validation_fraction": 0.0, "batch_size": 16}
STEPS = 6000

pytest.importorskip("distributed")


def address_in(file):
    import json

    return json.loads(file.read_text())["address"]


@pytest.fixture
def logged():
    """What Dask's client logs of errors, and the exceptions in it."""
    records, handler, logger = [], logging.Handler(), logging.getLogger("distributed.client")
    handler.emit = records.append
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


def test_a_sweep_outlives_its_scheduler(tmp_path, logged):
    manager = TrainingRunManager(tmp_path / "runs.sqlite")
    sweep = Sweep(BASE, manager=manager, seeds=6, budget={"steps": STEPS})
    with scheduler_process(tmp_path) as (scheduler, file), worker_processes(file, 2):
        with connected(address_in(file)) as client:
            sweep.start(client)
            wait_until(lambda: sweep.counts[FINISHED] >= 1)
            kill(scheduler)
            with pytest.raises(SettingError, match=r"scheduler .* is gone.*resume"):
                sweep.wait()
    assert not [record for record in logged if record.levelno >= logging.ERROR]
    finished = sweep.counts[FINISHED]
    assert sweep.counts[WAITING] == 6 - finished > 0
    manager.refresh()
    assert len(manager.runs) >= finished
    with scheduler_process(tmp_path) as (_, file), worker_processes(file, 2):
        with connected(address_in(file)) as client:
            sweep.resume(client)
    assert sweep.counts[FINISHED] == 6
    assert same(
        sweep.open(sweep.trials[5]).history["loss"],
        train(TrainingRunManager().create(**{**BASE, "seed": 5}), STEPS),
    )
    manager.close()


def test_a_run_whose_worker_has_left_waits_and_goes_on_with_the_next(tmp_path):
    manager = TrainingRunManager(tmp_path / "runs.sqlite")
    sweep = Sweep(BASE, manager=manager, budget={"steps": 4 * STEPS})
    with scheduler_process(tmp_path) as (_, file), connected(address_in(file)) as client:
        sweep.start(client)
        wait_until(lambda: sweep.awaits_workers)
        with worker_processes(file, 1):
            wait_until(lambda: sweep.counts[RUNNING] == 1 and not sweep.awaits_workers)
        wait_until(lambda: sweep.awaits_workers and sweep.counts[WAITING] == 1)
        with worker_processes(file, 1):
            sweep.wait()
    assert sweep.counts[FINISHED] == 1
    manager.close()


def test_a_scheduler_that_does_not_answer_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setattr("backprop_panel.sweeps.cluster.START_SECONDS", 0.2)
    with pytest.raises(SettingError, match=r"No Dask scheduler answers at tcp://127.0.0.1:9"):
        connected("tcp://127.0.0.1:9")


ENDING = """
import atexit
import logging
from time import monotonic, sleep
from backprop_panel.sweeps import Sweep
from backprop_panel.sweeps.trial import FINISHED

if __name__ == "__main__":
    logging.basicConfig()  # as a server has its log
    sweep = Sweep({base}, store={store!r}, seeds=2000, budget={{"steps": 20}})
    sweep.start()
    deadline = monotonic() + 120
    while sweep.counts[FINISHED] < 20 and monotonic() < deadline:
        sleep(0.05)
    print(sweep.running)

    @atexit.register
    def save():  # as a server saves all runs, which takes a while
        print(sweep.running and sweep._ended.wait(20) is False)
"""


def test_a_sweep_ends_with_its_process(tmp_path):
    script = tmp_path / "ending.py"
    script.write_text(ENDING.format(base=BASE, store=str(tmp_path / "runs.sqlite")))
    done = subprocess.run(
        [sys.executable, script],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert (done.stdout, done.returncode) == ("True\nFalse\n", 0)
    assert "Traceback" not in done.stderr
