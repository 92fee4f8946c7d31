"""Measure things in turn, in one process, and print each beside the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter


def interleaved(tasks: dict[str, Callable[[], object]], blocks: int) -> dict[str, float]:
    """Return the median seconds of each task, all of them done in turn, `blocks` times."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()  # warm up: buffers, caches, lazy imports
    for _ in range(blocks):
        for name, task in tasks.items():
            begin = perf_counter()
            task()
            seconds[name].append(perf_counter() - begin)
    return {name: median(times) for name, times in seconds.items()}


def table(title: str, seconds: dict[str, float], scale: float, unit: str) -> Iterator[str]:
    """Yield the lines of a table of times, each with its ratio to the first."""
    first = next(iter(seconds.values()))
    yield title
    for name, time in seconds.items():
        yield f"  {name:<24}{time * scale:>9.1f} {unit}{time / first:>9.2f} x"
