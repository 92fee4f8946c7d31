"""What a store costs: the training rate with and without one, and the time to open many runs.

The page's default network trains in its worker, as it does behind the page, for a second at a time:
in turn kept in memory and in a file on the disk of the current folder. What others do on the
machine moves the rate more than a store does; the processor time, the saving thread's included, it
moves less. Run it with ``python benchmarks/storing.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, sleep

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # a checkout, not installed

from backprop_panel import TrainingRun, TrainingRunManager  # noqa: E402
from backprop_panel.training.worker import StopWhen  # noqa: E402

CONFIG = {"learning_rate": 0.01, "loss_type": "cross_entropy", "optimizer": "adam"}
BLOCKS = 40
BLOCK_SECONDS = 1.0
RUNS = 50
STEPS = 20_000


def train_a_while(run: TrainingRun) -> tuple[float, float]:
    """Return the steps a second of a run's worker, and the processor time of a step."""
    first, begin, begin_cpu = run.trainer.step, perf_counter(), process_time()
    run.worker.start(StopWhen())
    sleep(BLOCK_SECONDS)
    run.worker.stop()
    steps = run.trainer.step - first
    return steps / (perf_counter() - begin), (process_time() - begin_cpu) / steps


def measure_rates(folder: Path) -> None:
    """Print the rates side by side."""
    stored = TrainingRunManager(folder / "rates.sqlite")
    in_memory, in_store = TrainingRunManager().create(**CONFIG), stored.create(**CONFIG)
    rates, times = [], []
    for block in range(BLOCKS + 1):
        if block % 2:  # the order changes too, so that no drift favours one
            memory, store = train_a_while(in_memory), train_a_while(in_store)
        else:
            store, memory = train_a_while(in_store), train_a_while(in_memory)
        if block:  # the first warms up
            rates.append((memory[0], store[0]))
            times.append((memory[1], store[1]))
    stored.close()
    print_ratio("steps a second", rates, 1, "/s")
    print_ratio("processor time a step", times, 1e6, "µs")


def print_ratio(title: str, pairs: list[tuple[float, float]], scale: float, unit: str) -> None:
    """Print medians, and the median ratio of those measured one after the other."""
    memory, store = (median(column) * scale for column in zip(*pairs, strict=True))
    ratio = median(store / memory for memory, store in pairs)
    print(f"  {title:<24}in memory {memory:6.0f} {unit}, stored {store:6.0f} {unit}: {ratio:.3f} x")


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
