"""Sweeps: many runs on two cores against one after another, and a client that takes many reports.

Run it with ``python benchmarks/sweeping.py``; ``--runs`` or ``--reports`` alone takes one of them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
from distributed import Client
from playwright.sync_api import Browser, Page
from serving import ROOT, browser, resident_bytes, served
from simulated_runs import STEPS as ROWS

from backprop_panel import TrainingRunManager
from backprop_panel.sweeps import Sweep
from backprop_panel.sweeps.cluster import local_client
from backprop_panel.training.stop_conditions import StopWhen

RUNS, STEPS = 64, 2000
ROUNDS = 3
WORKERS = 2

CONCURRENT = 1000
PRESSES = 30
TAKING_SECONDS = 10


def one_after_another(folder: Path) -> float:
    """Return the seconds of the runs in this process, each kept in a store as a person's are."""
    begin = perf_counter()
    with closing(TrainingRunManager(folder / "alone.sqlite")) as manager:
        for seed in range(RUNS):
            run = manager.create(seed=seed)
            run.worker.start(StopWhen(step=STEPS))
            run.worker._thread.join()
    return perf_counter() - begin


def stepped(folder: Path) -> float:
    """Return the same without a thread for each: nothing but the steps and the store."""
    begin = perf_counter()
    with closing(TrainingRunManager(folder / "stepped.sqlite")) as manager:
        for seed in range(RUNS):
            run = manager.create(seed=seed)
            with run.trainer.stepping():
                while run.trainer.step < STEPS:
                    run.trainer.engine.advance(32, STEPS - run.trainer.step)
    return perf_counter() - begin


def swept(folder: Path, client: Client) -> float:
    """Return the seconds of a sweep of the runs, with all of them in its store."""
    begin = perf_counter()
    with closing(TrainingRunManager(folder / "swept.sqlite")) as manager:
        sweep = Sweep(manager=manager, seeds=RUNS, budget={"steps": STEPS}).run(client)
        assert sweep.counts["finished"] == RUNS
    return perf_counter() - begin


def compare_runs() -> None:
    """Measure the sweep and the two ways without it, in turn."""
    seconds: dict[str, list[float]] = {"stepped": [], "alone": [], "sweep": [], "started": []}
    with local_client(WORKERS) as client:
        for _ in range(ROUNDS):
            for name, task in (("stepped", stepped), ("alone", one_after_another)):
                with tempfile.TemporaryDirectory() as folder:
                    seconds[name].append(task(Path(folder)))
            with tempfile.TemporaryDirectory() as folder:
                seconds["sweep"].append(swept(Path(folder), client))
    for _ in range(ROUNDS):
        begin = perf_counter()
        with local_client(WORKERS):
            seconds["started"].append(perf_counter() - begin)
    print(f"{RUNS} default runs of {STEPS} steps, each kept in a store, median of {ROUNDS}:")
    first = median(seconds["stepped"])
    for name, times in seconds.items():
        each = ", ".join(f"{time:.2f}" for time in times)
        print(f"  {name:<10}{median(times):6.2f} s  {median(times) / first:5.2f} x   ({each})")


def take_reports() -> None:
    """Measure a page's answer while its server takes the reports of a thousand runs, in turn.

    So is that of a page of another server, which takes none: what it has become slower by is the
    share of the scheduler, the simulation and the browser in the cores, not the client's work.
    """
    with tempfile.TemporaryDirectory() as name, cluster(Path(name)) as address:
        folder = Path(name)
        wanted = folder / "wanted"
        wanted.write_text("stop")
        app = "benchmarks/apps/sweep_client.py"
        with ExitStack() as stack:
            other, _ = stack.enter_context(served(app))
            os.environ |= {"SWEEP_FOLDER": name, "SWEEP_SCHEDULER": address}
            url, process = stack.enter_context(served(app))
            chromium = stack.enter_context(browser())
            pages = {"client": opened_page(chromium, url), "beside": opened_page(chromium, other)}
            answers: dict[str, list[float]] = defaultdict(list)
            for round_ in range(ROUNDS):
                for which, page in pages.items():
                    answers[f"{which}, idle"] += presses(page)
                wanted.write_text("run")
                began = state_when(folder, lambda state: state["running"] >= CONCURRENT)
                memory = resident_bytes(process)
                for which, page in pages.items():
                    answers[f"{which}, reports"] += presses(page)
                time.sleep(TAKING_SECONDS)
                ended = state_when(folder, lambda state: state["time"] > time.time() - 2)
                grown = resident_bytes(process) - memory
                rate = (ended["rows"] - began["rows"]) / (ended["time"] - began["time"]) / ROWS
                print(
                    f"round {round_ + 1}: {ended['running']} runs, {rate:,.0f} reports a second, "
                    f"{(ended['bytes'] - began['bytes']) / 1e6:.0f} MB of histories, memory "
                    f"{grown / 1e6:+.0f} MB {ended['problem']}"
                )
                wanted.write_text("stop")
                state_when(folder, lambda state: not state["running"])
    for name, seconds in answers.items():
        p50, p95 = (1000 * quantile for quantile in np.quantile(seconds, [0.5, 0.95]))
        print(f"  answer to a press, {name:<15} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms")


def opened_page(chromium: Browser, url: str) -> Page:
    """Open a page and wait for its button."""
    page = chromium.new_page()
    page.goto(url)
    page.get_by_role("button").first.wait_for()
    return page


def state_when(folder: Path, holds: Callable[[dict], bool]) -> dict:
    """Wait until the server's sweep is in such a state, and return it."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with suppress(OSError, ValueError):
            state = json.loads((folder / "state.json").read_text())
            if state["time"] > time.time() - 5 and holds(state):
                return state
        time.sleep(0.2)
    raise TimeoutError((folder / "state.json").read_text())


def presses(page: Page) -> list[float]:
    """Return the seconds from each of some presses of the button until its label has changed."""
    page.bring_to_front()
    return [
        page.evaluate(
            """() => new Promise((done) => {
              const find = (root) => root.querySelector("button") ?? [...root.querySelectorAll("*")]
                .map((each) => each.shadowRoot && find(each.shadowRoot)).find(Boolean)
              const button = find(document), before = button.innerText, begin = performance.now()
              const look = () => button.innerText !== before
                ? done((performance.now() - begin) / 1000) : setTimeout(look, 1)
              button.click()
              look()
            })"""
        )
        for _ in range(PRESSES)
        if not time.sleep(0.1)
    ]


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """Start a scheduler and two workers that simulate runs; give the scheduler's address."""
    file = folder / "scheduler.json"
    environment = os.environ | {
        "PYTHONPATH": f"{ROOT}:{ROOT / 'benchmarks'}",
        "DASK_DISTRIBUTED__ADMIN__LOW_LEVEL_LOG_LENGTH": "1000",
        "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    }
    where = ["--scheduler-file", str(file), "--no-dashboard"]
    threads = ["--no-nanny", "--nthreads", str(CONCURRENT // WORKERS)]
    commands = [["scheduler", "--port", "0", *where]] + WORKERS * [["worker", *where, *threads]]
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "dask", *command],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        while not file.exists():
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        with Client(address) as client:
            client.wait_for_workers(WORKERS, timeout=60)
            simulate = "import backprop_panel.sweeps.cluster as c, simulated_runs as s"
            client.run(exec, f"{simulate}; c.train = s.train; s.example()", {})
        yield address
    finally:
        for process in started:
            process.kill()
            process.wait()


def main() -> None:
    """Measure and print."""
    if "--reports" not in sys.argv:
        compare_runs()
    if "--runs" not in sys.argv:
        take_reports()


if __name__ == "__main__":
    main()
