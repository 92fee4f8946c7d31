"""What the network map draws from: a run at a step, or a recorded network without any run."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ...nn.record import StepRecord
from ...runs.run import TrainingRun
from ...training.engine import Engine
from .token_text import example, label, legible

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


Token = tuple[str, int]
"""A token and the number of its colour."""


class MapSource(Protocol):
    """A record with the shape of its network and the labels of rows and columns."""

    @property
    def record(self) -> StepRecord:
        """The numbers to draw."""

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each level, from the inputs to the logits."""

    @property
    def is_difference(self) -> bool:
        """Whether the numbers are differences of two records."""

    @property
    def subject(self) -> Hashable:
        """The recorded thing: while it is the same, labels and colour scales are kept."""

    @property
    def fault(self) -> str:
        """The fault that the record was made with, if it is to be stated; else empty."""

    def unit_labels(self, level: int) -> Sequence[str]:
        """Return a short label for each unit of a level, or none at all."""

    def unit_description(self, level: int, unit: int) -> str:
        """Say in a few words what a unit stands for."""

    def example_label(self, row: int) -> str:
        """Return a label for an example of the batch; empty if there is none."""

    def example_tokens(self, row: int) -> Sequence[Token]:
        """Return the tokens of an example and, as the last one, its target; none if unknown."""


@dataclass(frozen=True, eq=False)
class RunSource:
    """A run, seen as a map source.

    Parameters
    ----------
    run : TrainingRun
    record : StepRecord
        A step of the run, or its difference from another engine's.
    subtracted : Engine, optional
        That engine.
    """

    run: TrainingRun
    record: StepRecord
    subtracted: Engine | None = None

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each level."""
        return self.run.model.network.widths

    @property
    def is_difference(self) -> bool:
        """Whether the record is a difference."""
        return self.subtracted is not None

    @property
    def fault(self) -> str:
        """The fault of the record's settings, unless the run's are secret; else empty."""
        return "" if self.run.secret else str(self.record.settings.get("fault") or "")

    @property
    def subject(self) -> Hashable:
        """The run, and the engine that is subtracted from it."""
        return self.run, self.subtracted

    def unit_labels(self, level: int) -> Sequence[str]:
        """Return the tokens of the inputs, or the labels of the outputs."""
        data = self.run.dataset
        if level == 0:
            return [
                f"{label(token)}{str(position + 1).translate(SUBSCRIPTS)}"
                for position in range(data.context_length)
                for token in data.vocabulary
            ]
        if level == len(self.widths) - 1:
            return [label(output) for output in data.output_labels]
        return []

    def unit_description(self, level: int, unit: int) -> str:
        """Say which token, output or hidden unit it is."""
        data = self.run.dataset
        if level == 0:
            position, token = divmod(unit, len(data.vocabulary))
            return f"is token {position + 1} “{label(data.vocabulary[token])}”?"
        if level == len(self.widths) - 1:
            return f"logit of “{label(data.output_labels[unit])}”"
        return f"unit {unit}, {self.record.activation_names[level - 1]}"

    def example_label(self, row: int) -> str:
        """Return the example's tokens and its target."""
        data, record = self.run.dataset, self.record
        return example(data.tokens(record.contexts[row]), data.output_labels[record.targets[row]])

    def example_tokens(self, row: int) -> Sequence[Token]:
        """Return the example's tokens and its target."""
        data, record = self.run.dataset, self.record
        target = int(record.targets[row])
        tokens = [(data.vocabulary[token], int(token)) for token in record.contexts[row]]
        return [*tokens, (data.output_labels[target], target)]


@dataclass(frozen=True, eq=False)
class RecordedSource:
    """A record without a run, such as one of another library's network, as a map source.

    Parameters
    ----------
    record : StepRecord
    input_labels, output_labels : sequence of str
        Labels of the units of the first and the last level.
    example_labels : sequence of str
        Labels of the examples of the batch.
    is_difference : bool
    subject : Hashable
        Identifies the network.
    """

    record: StepRecord
    input_labels: Sequence[str] = ()
    output_labels: Sequence[str] = ()
    example_labels: Sequence[str] = ()
    is_difference: bool = False
    subject: Hashable = None

    @property
    def fault(self) -> str:
        """The fault of the record's settings; empty if there is none."""
        return str(self.record.settings.get("fault") or "")

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each level, by the shapes of the record's arrays."""
        return tuple(level.shape[1] for level in self.record.activations)

    def unit_labels(self, level: int) -> Sequence[str]:
        """Return the labels of the inputs or the outputs."""
        if level == 0:
            return list(map(legible, self.input_labels))
        return list(map(legible, self.output_labels)) if level == len(self.widths) - 1 else ()

    def unit_description(self, level: int, unit: int) -> str:
        """Say which input, output or hidden unit it is, by its label if it has one."""
        labels = self.unit_labels(level)
        which = f"“{labels[unit]}”" if labels else f"{unit}"
        if level == 0:
            return f"input {which}"
        if level == len(self.widths) - 1:
            return f"logit {which}"
        names = self.record.activation_names
        return f"unit {unit}, {names[level - 1]}" if names else f"unit {unit}"

    def example_label(self, row: int) -> str:
        """Return the example's label."""
        return legible(self.example_labels[row]) if self.example_labels else ""

    def example_tokens(self, row: int) -> Sequence[Token]:
        """Return nothing: only labels are known."""
        return ()
