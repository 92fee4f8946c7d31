"""What a run's keeping costs: training with and without a store and the layers' measures; opening.

The page's default network trains in its worker, as it does behind the page, for a second at a time:
in turn kept in memory and in a file on the disk of the current folder. What others do on the
machine moves the rate more than a store does; the processor time, the saving thread's included, it
moves less. Opening a store with a thousand runs is held against loading fifty, in one interleaved
run; ``--opening`` measures this alone, ``--measures`` the cost of the layers' measures. Run it with
``python benchmarks/storing.py``.
"""

from __future__ import annotations

import gc
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, sleep

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # a checkout, not installed

from backprop_panel import TrainingRun, TrainingRunManager  # noqa: E402
from backprop_panel.training.worker import StopWhen  # noqa: E402

CONFIG = {"learning_rate": 0.01, "loss_type": "cross_entropy", "optimizer": "adam"}
WIDE = CONFIG | {"hidden_dimension": 512, "hidden_layers": 3, "batch_size": 256}
BLOCKS = 30
BLOCK_SECONDS = 1.0
LEAD_SECONDS = 1.0
OPENINGS = 9
LOADED_RUNS = 50
LISTED_RUNS = 1000
STEPS = 20_000
KEYS = {"runs": "id"} | dict.fromkeys(
    ("states", "checkpoints", "events", "history", "health"), "run"
)
"""The column with a run's id in each table of a store."""


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


def print_ratio(
    title: str,
    pairs: list[tuple[float, float]],
    scale: float,
    unit: str,
    names: tuple[str, str] = ("in memory", "stored"),
) -> None:
    """Print medians, and the median ratio of those measured one after the other."""
    first, second = (median(column) * scale for column in zip(*pairs, strict=True))
    ratio = median(later / former for former, later in pairs)
    print(
        f"  {title:<24}{names[0]} {first:6.0f} {unit}, {names[1]} {second:6.0f} {unit}: "
        f"{ratio:.3f} x"
    )


def processor_time_of_a_step(run: TrainingRun, seconds: float) -> float:
    """Return the processor time of a step of a run that trains on this thread."""
    engine, size = run.trainer.engine, run.trainer.batch_size
    first, begin, end = engine.step, process_time(), perf_counter() + seconds
    while perf_counter() < end:
        engine.advance(size, 100)
    return (process_time() - begin) / (engine.step - first)


def measure_measures() -> None:
    """Print the processor time of a step with and without the measures of the layers.

    One run is measured in every second block: two runs differ by more than that for the places
    that their arrays have in memory.
    """
    for title, config in {"default": CONFIG, "3 layers of 512": WIDE}.items():
        run = TrainingRun("measured", config)
        engine, times = run.trainer.engine, {False: [], True: []}
        processor_time_of_a_step(run, LEAD_SECONDS)
        for block in range(2 * BLOCKS):
            engine.measuring = block % 4 in (1, 2)  # the order changes too
            engine._meter._time.restart()  # the block before this one saved nothing up
            times[engine.measuring].append(processor_time_of_a_step(run, BLOCK_SECONDS))
        pairs = list(zip(times[False], times[True], strict=True))
        print_ratio(title, pairs, 1e6, "µs", ("without", "measured"))
        print(f"  {len(engine.health.moments)} moments in {BLOCKS * BLOCK_SECONDS:.0f} s")


def store_with(path: Path, runs: int) -> None:
    """Make a store with runs of one history, each with its own rows in the file."""
    manager = TrainingRunManager(path)
    first = manager.create(**CONFIG)
    while first.trainer.step < STEPS:
        first.trainer.run_epoch()
    manager.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN")
        for number in range(1, runs):
            for table, key in KEYS.items():
                names = [name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")]
                changed = {
                    key: f"'{number:032}'",
                    "name": f"'{number}'",
                    "position": str(number + 1),
                }
                values = ", ".join(changed.get(name, name) for name in names)
                db.execute(
                    f"INSERT INTO {table} SELECT {values} FROM {table} WHERE {key} = ?", (first.id,)
                )
        db.execute("COMMIT")


def seconds_to_open(path: Path, whole: bool) -> float:
    """Return how long it takes to open a store; whole: with every run loaded, as it once was."""
    gc.collect()
    begin = perf_counter()
    manager = TrainingRunManager(path)
    if whole:
        for run in manager.runs:
            run.load()
    seconds = perf_counter() - begin
    manager.close()
    return seconds


def measure_opening(folder: Path) -> None:
    """Print how long it takes to list many runs, beside loading all of a few; then a look back."""
    few, many = folder / "few.sqlite", folder / "many.sqlite"
    store_with(few, LOADED_RUNS)
    store_with(many, LISTED_RUNS)
    pairs = [
        (seconds_to_open(few, whole=True), seconds_to_open(many, whole=False))
        for _ in range(OPENINGS + 1)
    ][1:]
    loaded, listed = (1e3 * median(column) for column in zip(*pairs, strict=True))
    ratio = median(many / few for few, many in pairs)
    print(f"  {LOADED_RUNS} runs of {STEPS} steps, all loaded: {loaded:.0f} ms")
    print(f"  {LISTED_RUNS} of them, listed: {listed:.0f} ms, {ratio:.2f} x")
    manager = TrainingRunManager(few)
    begin = perf_counter()
    manager.current.at(STEPS // 2)
    looking = perf_counter() - begin
    manager.close()
    print(f"  a look back into one, reading its checkpoints: {looking * 1e3:.0f} ms")


def main() -> None:
    """Measure and print."""
    only = set(sys.argv) & {"--opening", "--measures"}
    with TemporaryDirectory(dir=".") as folder:
        if not only:
            print("Training the default network")
            measure_rates(Path(folder))
        if not only or "--measures" in only:
            print("Training with the measures of the layers, processor time a step")
            measure_measures()
        if not only or "--opening" in only:
            print("Opening a store")
            measure_opening(Path(folder))


if __name__ == "__main__":
    main()
