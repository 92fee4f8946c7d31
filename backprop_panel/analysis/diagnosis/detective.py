"""The detective: a run with a hidden cause, a few checks to spend, and a score for the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...nn.faults import FAULTS
from ...rng import random_stream
from ...runs.demonstrations import DEMONSTRATIONS, GOOD, demonstration_run
from ...runs.manager import TrainingRunManager
from ...runs.run import TrainingRun
from ...settings import SettingError, refuse_unlisted
from ...training.event_json import to_json
from ..checks.gradient_check import check_gradients
from ..checks.update_audit import audit
from .evidence import Evidence
from .finding import FINDINGS
from .judging_layers import blocked_units
from .judging_training import larger_batch, percent

CAUSES = (
    "learning_rate_too_high",
    "learning_rate_too_low",
    "vanishing_gradients",
    "exploding_gradients",
    "dead_units",
    "saturated_units",
    "weight_decay_too_strong",
    "too_small",
    "noisy_batches",
)
"""Causes taken from the demonstrations. All other suspects are faults from `nn.faults`."""

STEPS = 300
"""Steps that a run with a fault has made."""

BUDGET = 4
FULL_SCORE, PRICE_OF_CHECK, PRICE_OF_WRONG_ANSWER = 100, 10, 30
"""Points at the beginning, and what a check and a wrong answer cost."""

NAME = "hidden cause"


def suspects() -> dict[str, str]:
    """Return the possible answers, each with its label."""
    causes = {kind: FINDINGS[kind].label for kind in CAUSES}
    return causes | {key: fault.label for key, fault in FAULTS.items()}


@dataclass(frozen=True)
class Mystery:
    """A run with a hidden cause.

    Attributes
    ----------
    answer : str
        A key of `suspects`.
    run : TrainingRun
    steps : int
        The step up to which it is to be trained.
    """

    answer: str
    run: TrainingRun
    steps: int


def plant(manager: TrainingRunManager, seed: int) -> Mystery:
    """Add a run with a cause that follows from a seed, and make it the current one."""
    random = random_stream("detective", seed)
    answer = str(random.choice(list(suspects())))
    if answer in CAUSES:
        run, steps = demonstration_run(answer, NAME), DEMONSTRATIONS[answer].steps
    else:
        run, steps = TrainingRun(NAME, _with_fault(answer, seed)), STEPS
    run.secret = True
    return Mystery(answer, manager.add(run), steps)


def _with_fault(fault: str, seed: int) -> dict[str, object]:
    """Return settings in which a fault can act: tanh, two equal layers, a smaller last batch."""
    return GOOD | {"activation": "tanh", "batch_size": 30, "seed": seed, "fault": fault}


Check = Callable[[Evidence], str]


def _gradients(evidence: Evidence) -> str:
    check = check_gradients(evidence.run.step_again(evidence.step).record)
    if check.worst is None:
        return "The difference quotients of so large a loss tell nothing of the gradients."
    if check.ok:
        return "All gradients agree with the difference quotients of the loss."
    layers = [number for number, wrong in enumerate(check.wrong, start=1) if wrong]
    which = "layer" if len(layers) == 1 else "layers"
    return f"Gradients disagree with difference quotients in {which} {_listed(layers)}."


def _follows(evidence: Evidence) -> str:
    record = evidence.run.step_again(evidence.step - 1).record
    found = audit(record)
    if not found:
        return "Each number of a step follows from those before it."
    return f"The first number that does not follow is {found[0].name(record)}."


def _rates(evidence: Evidence) -> str:
    rate = evidence.settings["learning_rate"]
    lower, same, higher = (
        evidence.trial(learning_rate=factor * rate) for factor in (0.01, 1.0, 100.0)
    )
    return (
        f"{evidence.trial_steps} more steps leave {percent(same)} of what could be learned, "
        f"{percent(lower)} at a hundredth of the learning rate, {percent(higher)} at a hundred "
        "times."
    )


def _batches(evidence: Evidence) -> str:
    size, larger = evidence.settings["batch_size"], larger_batch(evidence)
    return (
        f"With batches of {size}, {evidence.trial_steps} more steps leave "
        f"{percent(evidence.trial())} of what could be learned; with batches of {larger}, "
        f"{percent(evidence.trial(batch_size=larger))}."
    )


def _decay(evidence: Evidence) -> str:
    if not evidence.settings["weight_decay"]:
        return "There is no weight decay."
    return (
        f"{evidence.trial_steps} more steps leave {percent(evidence.trial())} of what could be "
        f"learned, without weight decay {percent(evidence.trial(weight_decay=0.0))}."
    )


def _layers(evidence: Evidence) -> str:
    now = evidence.now
    blocked = [f"{blocked_units(now, level).mean():.0%}" for level in range(len(now.flat))]
    gradients = [f"{norm:.2g}" for norm in now.gradient_norms]
    return (
        f"Gradients by layer: {_listed(gradients)}. Share of the units of each hidden level that "
        f"pass nothing on: {_listed(blocked) or 'no hidden level'}."
    )


def _epochs(evidence: Evidence) -> str:
    epochs = evidence.run.history["epoch"][: evidence.step]
    steps = int((epochs == 0).sum())
    size, samples = evidence.settings["batch_size"], len(evidence.data)
    return f"An epoch has {steps} steps, with batches of {size} of {samples} training examples."


def _listed(items: list) -> str:
    return ", ".join(map(str, items))


CHECKS: dict[str, tuple[str, Check]] = {
    "gradients": ("Check the gradients", _gradients),
    "audit": ("Audit a step", _follows),
    "rates": ("Try other learning rates", _rates),
    "batches": ("Try larger batches", _batches),
    "decay": ("Try without weight decay", _decay),
    "layers": ("Look at the layers", _layers),
    "epochs": ("Count the steps of an epoch", _epochs),
}
"""The checks that a detective can spend: the label, and a function that returns the result."""


class Investigation:
    """An investigation of a mystery: the checks that were spent, and the answers.

    Attributes
    ----------
    mystery : Mystery
    results : dict of str to str
        The result of each check that was spent, by its name.
    answers : list of str
        The suspects that were named, in order.
    given_up : bool
    """

    def __init__(self, mystery: Mystery) -> None:
        self.mystery = mystery
        self.results: dict[str, str] = {}
        self.answers: list[str] = []
        self.given_up = False
        self._evidence: Evidence | None = None
        self._events: list[dict[str, Any]] = []

    @property
    def solved(self) -> bool:
        """Whether the answer was found."""
        return self.mystery.answer in self.answers

    @property
    def over(self) -> bool:
        """Whether the answer may be shown."""
        return self.solved or self.given_up

    @property
    def left(self) -> int:
        """The number of checks that can still be spent."""
        return BUDGET - len(self.results)

    @property
    def score(self) -> int:
        """Points: full ones, less what checks and wrong answers cost; 0 if it was given up."""
        wrong = len([answer for answer in self.answers if answer != self.mystery.answer])
        spent = PRICE_OF_CHECK * len(self.results) + PRICE_OF_WRONG_ANSWER * wrong
        return 0 if self.given_up else max(FULL_SCORE - spent, 0)

    def check(self, name: str) -> str:
        """Spend a check, and return what it says; one that was spent says it again.

        Raises
        ------
        SettingError
            If there is no such check, none is left, or the run has not made a step.
        """
        refuse_unlisted("check", name, CHECKS)
        if name in self.results:
            return self.results[name]
        if not self.left:
            raise SettingError("check", f"All {BUDGET} checks are spent: name a suspect.")
        if self.mystery.run.trainer.step < 2:
            raise SettingError("check", "The run has to make some steps before it can be checked.")
        _, says = CHECKS[name]
        evidence = self._gathered()
        with np.errstate(all="ignore"):
            self.results[name] = _judged(says, evidence)
        return self.results[name]

    def _gathered(self) -> Evidence:
        """Return the evidence of the run as it is; it takes as long as most checks."""
        run = self.mystery.run
        events = [to_json(event) for event in run.trainer.engine.events]
        if self._evidence is None or self._events != events:
            self._evidence, self._events = Evidence(run, run.trainer.step), events
            for _ in self._evidence.gather():
                pass
        return self._evidence

    def answer(self, suspect: str) -> bool:
        """Name a suspect; return whether it is the cause.

        Raises
        ------
        SettingError
            If there is no such suspect.
        """
        refuse_unlisted("suspect", suspect, suspects())
        if not self.over:
            self.answers.append(suspect)
            self._reveal_if_over()
        return self.solved

    def give_up(self) -> None:
        """End the investigation without an answer."""
        self.given_up = not self.solved
        self._reveal_if_over()

    def _reveal_if_over(self) -> None:
        self.mystery.run.secret = not self.over

    def explanation(self) -> str:
        """Return what the cause was, what it does, and what reveals it."""
        answer = self.mystery.answer
        if answer in FAULTS:
            fault = FAULTS[answer]
            return f"{fault.label}: {fault.sentence} What reveals it: {fault.reveals}"
        return (
            f"{FINDINGS[answer].label}: {FINDINGS[answer].meaning} {DEMONSTRATIONS[answer].look_at}"
        )


def _judged(says: Check, evidence: Evidence) -> str:
    try:
        return says(evidence)
    except SettingError as error:  # numbers that are not finite cannot be checked
        return str(error)
