"""The doctor: how many planted causes it names, and how often it is wrong.

Ten runs of each kind of finding and of each mistake of the fault lab, and a hundred healthy ones,
of varied data, depth, width, loss and optimizer; see ``planted.py``. What another finding explains
is not counted: it is told as its consequence. Run it with
``python benchmarks/diagnosing.py [seeds [first seed]]``. The rules were written with seeds 0 to 2
in sight.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from threading import Event
from time import perf_counter, sleep

from planted import Case, faulty, healthy, sick, train_to

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import diagnose
from backprop_panel.analysis.background import gathered, in_turns
from backprop_panel.analysis.diagnosis.doctor import examine
from backprop_panel.analysis.diagnosis.evidence import Measured
from backprop_panel.analysis.diagnosis.finding import FACT, SICK, SYMPTOM, TRIAL, Finding
from backprop_panel.runs.run import TrainingRun
from backprop_panel.training.worker import StopWhen
from backprop_panel.views.state.diagnosis import Diagnosis

LOOKS = (15, 30, 60, 120, 250, 500, 1000)
"""Steps after the onset at which a run is diagnosed, until the finding is there."""

PAIRS, WINDOW_SECONDS = 8, 8.0
"""Pairs of an examined and an unexamined stretch of training, and the length of each."""

LOOKED_AT = 3
"""Seeds whose runs are diagnosed again and again."""

PUBLISHED = """Published, on faults of their own (other programs and other faults: no comparison
like for like): DeepLocalize detects 34 of 40; NeuraLint 70.5%, precision 1.0; DeepFD diagnoses 52%;
DEFault detects 94%, root cause 63%; best recall of a 2025 study 0.55 at a precision of 0.37."""


@dataclass
class Tally:
    """What was counted over some runs."""

    runs: int = 0
    named: int = 0
    first: int = 0
    named_fault: int = 0
    after: list[int] = field(default_factory=list)


def told(found: list[Finding]) -> list[Finding]:
    """Return what is told as a fault of its own."""
    return [each for each in found if each.is_fault and not each.because]


def is_first(case: Case, found: list[Finding]) -> bool:
    """Return whether the right kind stands before all others of its weight."""
    faults = told(found) or [each for each in found if each.kind != "not_judged"]
    return bool(faults) and faults[0].kind == case.kind


def steps_until_found(case: Case, seed: int, onset: int) -> int | None:
    """Return after how many steps from the onset the kind is found."""
    run = case.begun(TrainingRunManager(), seed)
    for steps in LOOKS:
        train_to(run, onset + steps)
        if any(each.kind == case.kind for each in diagnose(run)):
            return steps
    return None


def judge(case: Case, seed: int, tally: Tally, right: Counter, wrong: Counter) -> list[Finding]:
    """Diagnose the run of a case and count what is found."""
    found = diagnose(case.run(TrainingRunManager(), seed))
    kinds = [each.kind for each in found]
    tally.runs += 1
    tally.named += case.kind in kinds
    tally.first += is_first(case, found)
    tally.named_fault += any(each.fault == case.name for each in found)
    for each in told(found):
        (right if each.kind in (case.kind, *case.allowed) else wrong)[each.basis] += 1
    return found


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    number, first = (*map(int, sys.argv[1:]), *(10, 0)[len(sys.argv) - 1 :])
    seeds = range(first, first + number)
    tallies: dict[str, Tally] = defaultdict(Tally)
    right, wrong, called_sick, begin = Counter(), Counter(), [], perf_counter()
    for seed in seeds:
        for case in (*sick(seed), *faulty(seed)):
            tally = tallies[case.name]
            found = judge(case, seed, tally, right, wrong)
            if not is_first(case, found):
                print(f"  {case.kind}, {case.name} {seed}: {[each.kind for each in found]}")
            if seed < first + LOOKED_AT:
                after = steps_until_found(case, seed, case.onset(seed))
                tally.after += [] if after is None else [after]
        for case in healthy(seed):
            found = judge(case, seed, tallies["healthy"], right, wrong)
            if any(each.severity == SICK for each in found) or told(found):
                called_sick.append(f"{case.name} {seed}: {[each.kind for each in told(found)]}")
    report(tallies, right, wrong, called_sick)
    print(f"{perf_counter() - begin:.0f} s")


def measure_watching() -> None:
    """Print at which rate a run trains while it is examined as the page does it, against alone."""
    run = TrainingRunManager().create(learning_rate=0.01, loss_type="cross_entropy")
    run.trainer.run_epoch()
    run.worker.start(StopWhen())
    rest, measured = Diagnosis.rest_of_piece, Measured(run)
    measured.hurried = True
    examinations = (
        piece
        for _ in count()
        for piece in in_turns(gathered(examine(run, None, measured)), Event(), rest)
    )
    ratios, alone = [], _rate(run)
    for _ in range(PAIRS):
        examined = _rate(run, examinations)
        before, alone = alone, _rate(run)
        ratios.append(examined / ((before + alone) / 2))
    run.worker.stop()
    # An examination is followed by a rest that is so many times longer.
    whole = (median(ratios) + Diagnosis.rest) / (1 + Diagnosis.rest)
    print(
        f"training rate during an examination, against alone: {median(ratios):.3f} "
        f"({min(ratios):.3f} to {max(ratios):.3f}); with its rest: {whole:.3f}"
    )


def _rate(run: TrainingRun, work: Iterator[object] | None = None) -> float:
    """Return the steps a second over some time, in which some work is done in pieces."""
    first, begin = run.trainer.step, perf_counter()
    while perf_counter() < begin + WINDOW_SECONDS:
        if work is None or next(work) is None:
            sleep(WINDOW_SECONDS / 100)
    return (run.trainer.step - first) / (perf_counter() - begin)


def report(
    tallies: dict[str, Tally], right: Counter, wrong: Counter, called_sick: list[str]
) -> None:
    """Print what was counted."""
    healthy_runs = tallies.pop("healthy")
    print(f"{'planted':40}{'named':>8}{'first':>8}{'steps':>8}")
    for name, tally in tallies.items():
        steps = f"{median(tally.after):.0f}" if tally.after else "-"
        named = f"{tally.named}/{tally.runs}"
        print(f"{name:40}{named:>8}{tally.first:>5}/{tally.runs}{steps:>8}")
    runs = sum(tally.runs for tally in tallies.values())
    named = sum(tally.named for tally in tallies.values())
    first = sum(tally.first for tally in tallies.values())
    total = sum(right.values()) + sum(wrong.values())
    print(f"recall {named / runs:.3f}, root cause first {first / runs:.3f} of {runs} runs")
    print(f"precision {sum(right.values()) / total:.3f} of {total} findings told as faults")
    for basis in (FACT, TRIAL, SYMPTOM):
        findings = right[basis] + wrong[basis]
        print(f"  {basis}: {right[basis] / max(findings, 1):.3f} of {findings}")
    print(f"healthy runs with a fault: {len(called_sick)} of {healthy_runs.runs}")
    for line in called_sick:
        print(f"  {line}")
    print(PUBLISHED)


if __name__ == "__main__":
    measure_watching()
    main()
