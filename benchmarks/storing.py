"""What a store costs: the training rate with and without one, and the time to open many runs.

The page's default network trains in its worker, as it does behind the page, for a few seconds at a
time: in turn kept in memory and in a file on the disk of the current folder's machine. Run it with
``python benchmarks/storing.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, sleep

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # a checkout, not installed

from backprop_panel import TrainingRun, TrainingRunManager  # noqa: E402
from backprop_panel.worker import StopWhen  # noqa: E402

CONFIG = {"learning_rate": 0.01, "loss_type": "cross_entropy", "optimizer": "adam"}
BLOCKS = 15
BLOCK_SECONDS = 2.0
RUNS = 50
STEPS = 20_000


def rate(run: TrainingRun) -> float:
    """Return the steps a second of a run's worker."""
    first, begin = run.trainer.step, perf_counter()
    run.worker.start(StopWhen())
    sleep(BLOCK_SECONDS)
    run.worker.stop()
    return (run.trainer.step - first) / (perf_counter() - begin)


def measure_rates(folder: Path) -> None:
    """Print the rates side by side."""
    stored = TrainingRunManager(folder / "rates.sqlite")
    runs = {
        "in memory": TrainingRunManager().create(**CONFIG),
        "in a store": stored.create(**CONFIG),
    }
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        rate(run)  # warm up
    for _ in range(BLOCKS):
        for name, run in runs.items():
            rates[name].append(rate(run))
    stored.close()
    memory, store = rates.values()
    ratios = sorted(b / a for a, b in zip(memory, store, strict=True))
    for name, measured in rates.items():
        print(f"  {name:<24}{median(measured):>9.0f} steps/s")
    print(
        f"  ratio of neighbours: median {median(ratios):.3f}, "
        f"from {ratios[0]:.3f} to {ratios[-1]:.3f}"
    )


def measure_opening(folder: Path) -> None:
    """Print how long it takes to have runs with a long history again."""
    path = folder / "many.sqlite"
    manager = TrainingRunManager(path)
    first = manager.create(**CONFIG)
    while first.trainer.step < STEPS:
        first.trainer.run_epoch()
    for _ in range(RUNS - 1):
        manager.fork(first.id)
    manager.close()
    begin = perf_counter()
    manager = TrainingRunManager(path)
    seconds = perf_counter() - begin
    size = path.stat().st_size / 2**20
    begin = perf_counter()
    manager.current.at(first.trainer.step // 2)
    looking = perf_counter() - begin
    manager.close()
    print(f"  {RUNS} runs of {STEPS} steps, {size:.0f} MiB: {seconds * 1e3:.0f} ms")
    print(f"  a look back into one, reading its checkpoints: {looking * 1e3:.0f} ms")


def main() -> None:
    """Measure and print."""
    with TemporaryDirectory(dir=".") as folder:
        print("Training the default network")
        measure_rates(Path(folder))
        print("Opening a store")
        measure_opening(Path(folder))


if __name__ == "__main__":
    main()
