"""What another process does with a store: ``python tests/store_process.py KIND PATH SECONDS SEED``.

It says on its standard output what it did, a line of JSON each.
"""

import json
import os
import random
import sys
import time
from pathlib import Path

sys.modules["torch"] = None  # which would take most of the time; the batches are the same without
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from stores import SMALL, train  # noqa: E402

from backprop_panel import SettingError, TrainingRunManager  # noqa: E402
from backprop_panel.training.worker import StopWhen  # noqa: E402

STEPS_PER_SECOND = 2000


def say(*words):
    print(json.dumps(words), flush=True)


def keep_training(manager, seconds, seed):
    """Train the current run until killed, and say ever again how far it is saved and trained."""
    if manager.current is None:
        manager.create(**SMALL, optimizer="adam")
    run = manager.current
    run.worker.start(StopWhen(), STEPS_PER_SECOND)
    while True:
        saved = manager._link.autosave._entries[run.id].saved
        say(saved.rows if saved else 0, run.trainer.step)
        time.sleep(0.01)


def end_while_training(manager, seconds, seed):
    """Begin to train, and end without closing anything; so does a process forked meanwhile."""
    run = manager.create(**SMALL)
    run.worker.start(StopWhen())
    while run.trainer.step < 100:
        time.sleep(0.001)
    if not os.fork():
        sys.exit()
    os.wait()
    say(run.trainer.step)


def do_anything(manager, seconds, seed):
    """Create, train, fork, rename and delete runs at random until the time is over."""
    chance, end = random.Random(seed), time.monotonic() + seconds
    while time.monotonic() < end:
        manager.refresh()
        runs = manager.runs
        deed = chance.choice(["create", "train", "train", "train", "fork", "rename", "delete"])
        if deed in ("create", "fork") and len(runs) > 12:
            deed = "delete"
        try:
            if deed == "create" or not runs:
                run = manager.create(**SMALL, seed=chance.randrange(1000))
                say("created", run.id, 0)
            elif deed == "train":
                train_some(manager, chance.choice(runs), chance.randrange(1, 300))
            elif deed == "fork":
                run = manager.fork(chance.choice(runs).id)
                say("created", run.id, run.trainer.step)
            elif deed == "rename":
                manager.rename(chance.choice(runs).id, f"run {chance.random()}")
                say("renamed")
            else:
                run = chance.choice(runs)
                manager.delete(run.id)
                say("deleted", run.id)
        except SettingError as refusal:
            say("refused", str(refusal))
        time.sleep(chance.random() * 0.05)
    manager.close()
    say("problem", manager.store_problem)


def train_some(manager, run, steps):
    first = run.trainer.run_batch().step - 1  # this is where it may be refused
    train(run, steps)
    say("trained", run.id, first, run.trainer.step)


if __name__ == "__main__":
    kind, path, seconds, seed = sys.argv[1:]
    {"train": keep_training, "end": end_while_training, "anything": do_anything}[kind](
        TrainingRunManager(path), float(seconds), int(seed)
    )
