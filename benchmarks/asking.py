"""What questions cost beside a training step, and training while a loss surface is computed.

The page's default network answers in turn: the loss along a weight, an input, a token and the
learning rate at 41 points, the pushes of a batch, and the first 15 by 15 points of a loss surface.
Then a worker trains it at full speed while a thread refines a surface again and again, in turns,
and without that, in alternation. Run it with ``python benchmarks/asking.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import perf_counter, sleep

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # a checkout, not installed

from side_by_side import interleaved, table  # noqa: E402

from backprop_panel import TrainingRun, TrainingRunManager  # noqa: E402
from backprop_panel.analysis import (  # noqa: E402
    LossSurface,
    RecordCell,
    activation_points,
    batch_pushes,
    directions_of,
    loss_along,
    loss_along_learning_rate,
    token_losses,
    training_set_pushes,
)
from backprop_panel.analysis.background import in_turns  # noqa: E402
from backprop_panel.training.worker import StopWhen  # noqa: E402

CONFIG = {"learning_rate": 0.01, "loss_type": "cross_entropy", "optimizer": "adam"}
STEPS = 500
BLOCKS = 60
STEPS_IN_A_BLOCK = 32
PAIRS = 60
PAIR_SECONDS = 0.5


def measure_questions(run: TrainingRun) -> None:
    """Print the time of each question beside that of a training step."""
    engine = run.trainer.engine
    record = run.trainer.run_batch()
    surface = LossSurface(run, directions_of(run))
    cell = RecordCell("weights", 1, (3, 17))

    def steps() -> None:
        end = engine.step + STEPS_IN_A_BLOCK
        while engine.step < end:
            engine.advance(engine.settings.batch_size, end - engine.step)

    def first_surface() -> None:
        next(grid for grid in surface.refine() if grid.complete)

    seconds = interleaved(
        {
            "a training step": steps,
            "a step with its record": run.trainer.run_batch,
            "41 points: weight": lambda: loss_along(record, cell),
            "first layer's weight": lambda: loss_along(record, RecordCell("weights", 0, (3, 17))),
            "41 points: input": lambda: loss_along(record, RecordCell("activations", 0, (3, 4))),
            "41 points: rate": lambda: loss_along_learning_rate(record),
            "all tokens in a place": lambda: token_losses(record, 3, 1, 4),
            "activation points": lambda: activation_points(record, 1),
            "pushes of the batch": lambda: batch_pushes(record, cell, run.dataset),
            "of the training set": lambda: list(training_set_pushes(record, cell, run.dataset)),
            "two directions": lambda: directions_of(run),
            "surface, first 15 x 15": first_surface,
        },
        BLOCKS,
    )
    seconds["a training step"] /= STEPS_IN_A_BLOCK
    print(*table("Questions beside a training step", seconds, 1e3, "ms"), sep="\n")


def steps_a_second(run: TrainingRun) -> float:
    """Return the rate of a run's worker over a short while."""
    first, begin = run.trainer.step, perf_counter()
    sleep(PAIR_SECONDS)
    return (run.trainer.step - first) / (perf_counter() - begin)


def measure_training(run: TrainingRun) -> None:
    """Print the training rate with and without a surface that is refined in another thread."""
    surface = LossSurface(run, directions_of(run))
    firsts, wholes, rates = [], [], []

    def refine(stopping: Event) -> None:
        while not stopping.is_set():
            begin = perf_counter()
            for grid in in_turns(surface.refine(), stopping):
                if grid.complete:
                    times = {15: firsts, 57: wholes}.get(len(grid.x), [])
                    times.append(perf_counter() - begin)

    run.worker.start(StopWhen())
    before = steps_a_second(run)
    for _ in range(PAIRS):
        stopping = Event()
        thread = Thread(target=refine, args=(stopping,))
        thread.start()
        beside = steps_a_second(run)
        stopping.set()
        thread.join()
        after = steps_a_second(run)
        rates.append(((before + after) / 2, beside))
        before = after
    stopping = Event()
    thread = Thread(target=refine, args=(stopping,))
    thread.start()
    while not wholes:
        sleep(PAIR_SECONDS)
    stopping.set()
    thread.join()
    run.worker.stop()
    alone, beside = (median(column) for column in zip(*rates, strict=True))
    ratio = median(beside / alone for alone, beside in rates)
    print("\nTraining while a surface is refined")
    print(f"  steps a second: alone {alone:.0f}, beside it {beside:.0f}: {ratio:.2f} x")
    print(f"  first 15 x 15: {median(firsts):.2f} s; 57 x 57: {median(wholes):.1f} s")


def main() -> None:
    """Measure and print."""
    run = TrainingRunManager().create(**CONFIG)
    while run.trainer.step < STEPS:
        run.trainer.run_epoch()
    measure_questions(run)
    measure_training(run)


if __name__ == "__main__":
    main()
