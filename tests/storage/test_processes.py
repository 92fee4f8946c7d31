"""Processes that are killed while they train, and many that work in one file."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from stores import PATIENCE, SMALL, train

from backprop_panel import TrainingRunManager
from tests.bundles import weights_file

soak = pytest.mark.skipif("SOAK" not in os.environ, reason="takes minutes: make soak")

PROCESS = Path(__file__).parents[1] / "store_process.py"


def start(kind, path, seconds=0.0, seed=0):
    command = [sys.executable, "-W", "error", str(PROCESS), kind, path, seconds, seed]
    return subprocess.Popen(map(str, command), stdout=subprocess.PIPE, text=True)


def said(process):
    """The remaining output of a process; its last line may be incomplete."""
    lines = process.communicate()[0].splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def load_elsewhere(path, file):
    """Load weights into the current run in another process, and train ten steps with them."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from backprop_panel import TrainingRunManager\n"
        f"manager = TrainingRunManager({str(path)!r})\n"
        "manager.current.load_weights(sys.stdin.buffer)\n"
        "for _ in range(10): manager.current.trainer.run_batch()\n"
        "manager.close()\n"
    )
    root = PROCESS.parent.parent
    command = [sys.executable, "-W", "error", "-c", code]
    subprocess.run(command, input=file, cwd=root, check=True, timeout=PATIENCE)


def integrity(path):
    db = sqlite3.connect(path)
    (answer,) = db.execute("PRAGMA integrity_check").fetchone()
    assert not db.execute("PRAGMA foreign_key_check").fetchall()
    db.close()
    return answer


class Undisturbed:
    """A run trained in memory, to compare with the one that is killed repeatedly."""

    def __init__(self):
        self.run = TrainingRunManager().create(**SMALL, optimizer="adam")

    def losses(self, steps):
        train(self.run, max(0, steps - self.run.trainer.step))
        return self.run.history["loss"][:steps]


def test_weights_loaded_in_another_process_are_seen_with_every_step_after(tmp_path):
    path = tmp_path / "runs.sqlite"
    manager, beside = TrainingRunManager(path), TrainingRunManager()
    for run in (manager.create(**SMALL), beside.create(**SMALL)):
        train(run, 10)
    manager.close()
    seen, file = TrainingRunManager(path), weights_file(run.model.network)
    load_elsewhere(path, file)
    assert seen.refresh() == [seen.current]
    run.load_weights(file)
    train(run, 10)
    for step in range(21):
        again = seen.current.replay(step).engine
        assert again.state().digest() == run.replay(step).engine.state().digest()
    assert train(seen.current, 5) == train(run, 5)
    seen.close()


@pytest.mark.parametrize("kills", [3, pytest.param(200, marks=soak, id="soak")])
def test_a_process_killed_at_any_moment_loses_nothing_that_was_saved(kills, tmp_path):
    path, chance, reference = tmp_path / "runs.sqlite", random.Random(kills), Undisturbed()
    gone, before = [], 0
    for _ in range(kills):
        process = start("train", path)
        process.stdout.readline()  # it trains
        time.sleep(chance.random() * 2)
        os.kill(process.pid, signal.SIGKILL)
        reports = said(process)
        before = max([before, *(saved for saved, _ in reports)])
        assert integrity(path) == "ok"
        manager = TrainingRunManager(path)
        run = manager.current
        assert run.trainer.step >= before
        gone.append(max([step for _, step in reports], default=before) - run.trainer.step)
        losses = run.history["loss"].copy()
        assert losses.tobytes() == reference.losses(run.trainer.step).tobytes()
        before = run.trainer.step
        manager.close()
    manager = TrainingRunManager(path)
    train(manager.current, 50)
    assert manager.current.history["loss"].tobytes() == reference.losses(before + 50).tobytes()
    engine = manager.current.trainer.engine
    assert manager.current.replay(engine.step).engine.state().digest() == engine.state().digest()
    manager.close()
    print(f"{kills} kills, {before} steps survived; gone: at most {max(gone)} steps at 2000/s")


def test_a_process_that_ends_without_closing_its_store_has_saved_all(tmp_path):
    process = start("end", tmp_path / "runs.sqlite")
    ((step,),) = said(process)
    assert process.returncode == 0
    manager = TrainingRunManager(tmp_path / "runs.sqlite")
    assert manager.current.trainer.step >= step
    manager.close()


@pytest.mark.parametrize("seconds", [1, pytest.param(60, marks=soak, id="soak")])
def test_eight_processes_work_in_one_file(seconds, tmp_path):
    path = tmp_path / "runs.sqlite"
    processes = [start("anything", path, seconds, seed) for seed in range(8)]
    reports = [report for process in processes for report in said(process)]
    assert [process.returncode for process in processes] == [0] * 8
    assert integrity(path) == "ok"
    print(dict(Counter(kind for kind, *_ in reports)))
    refusals = {detail[0] for kind, *detail in reports if kind == "refused"}
    assert not {text for text in refusals if not is_expected(text)}
    assert [detail for kind, *detail in reports if kind == "problem"] == [[""]] * 8
    created = {run: step for kind, run, step in of_kind(reports, "created")}
    deleted = {run for kind, run in of_kind(reports, "deleted")}
    manager = TrainingRunManager(path)
    assert {run.id for run in manager.runs} == set(created) - deleted
    trained = defaultdict(list)
    for _, run, first, end in of_kind(reports, "trained"):
        trained[run].append((first, end))
    for run in manager.runs:
        step = created[run.id]
        for first, end in sorted(trained[run.id]):
            assert first == step  # nothing was lost, and nothing trained twice
            step = end
        assert run.trainer.step == step
        assert run.replay(step).engine.state().digest() == run.trainer.engine.state().digest()
        replayed = TrainingRunManager().create(**run.config)
        train(replayed, step)
        assert replayed.history["loss"].tobytes() == run.history["loss"].tobytes()
    manager.close()


def of_kind(reports, kind):
    return [report for report in reports if report[0] == kind]


def is_expected(refusal):
    return any(
        text in refusal
        for text in (
            "is being trained in another window or process",
            "is the only run",
            "was deleted in another window or process",
        )
    )
