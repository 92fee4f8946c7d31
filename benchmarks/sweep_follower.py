"""A sweep in a thread of its own, which runs while a file says so and tells how far it is."""

import json
import os
import threading
import time
from functools import cache
from pathlib import Path

from backprop_panel.sweeps import Sweep

FOLDER = Path(os.environ["SWEEP_FOLDER"])
WANTED, STATE = FOLDER / "wanted", FOLDER / "state.json"


def follow() -> None:
    """Run and pause the sweep as the file says; tell how far it is."""
    sweep = Sweep(store=FOLDER / "runs.sqlite", seeds=20_000, budget={"steps": 10**9})
    while True:
        wanted = WANTED.read_text() == "run"
        if wanted and not sweep.running:
            sweep.start(os.environ["SWEEP_SCHEDULER"])
        elif not wanted and sweep.running:
            sweep.pause()
        runs = [trial.run for trial in sweep.begun]
        histories = [run.history for run in runs if run is not None]
        state = {
            "running": sweep.counts["running"],
            "rows": sum(history.rows for history in histories),
            "bytes": sum(len(h._columns["step"]) * 20 for h in histories),
            "time": time.time(),
            "problem": sweep.problem,
        }
        STATE.with_suffix(".new").write_text(json.dumps(state))
        STATE.with_suffix(".new").replace(STATE)
        time.sleep(1)


@cache
def start() -> None:
    """Start the thread, once in a process."""
    threading.Thread(target=follow, daemon=True).start()
