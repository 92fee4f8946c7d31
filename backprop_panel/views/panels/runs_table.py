"""The runs as rows of a table: their settings in words, and their losses."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ...nn.faults import FAULTS
from ...runs.run import TrainingRun
from ...storage.run_summary import BATCHES, STEPS_AVERAGED, VALIDATION, RunSummary
from ..plots.numbers import NO_NUMBER, exact, number
from ..state.token_text import visible

MOST_LETTERS = 40
"""Letters of a setting that are shown."""

LAST_LOSS, BEST_LOSS, BEST_OF = "last loss", "best loss", "best of"
ABSENT = {
    LAST_LOSS: "No step was made yet.",
    BEST_LOSS: "No finite loss yet, or none since the loss function or the fault was last changed.",
}
"""Why a run may lack each of its losses."""


def settings_in_words(run: TrainingRun) -> dict[str, str]:
    """Return the complete text of each setting, by the name of its column."""
    if run.secret:
        return {name.replace("_", " "): "hidden" for name in run.settings}
    return {name.replace("_", " "): in_words(name, value) for name, value in run.settings.items()}


def in_words(name: str, value: Any) -> str:
    """Return a setting as people write it: tokens with spaces, a range with `to`, a text's size."""
    match value:
        case None:
            return "generated" if name == "master_sequences" else "none"
        case str() if name == "fault":
            return FAULTS[value].label
        case [low, high] if name == "master_sequence_length":
            return f"{low} to {high}"
        case str() if name == "master_sequences":
            return f"a text of {len(value):,} characters"
        case list() if name == "master_sequences":
            return f"{len(value):,} given"
        case list() | tuple():
            return " ".join(map(visible, map(str, value)))
        case float():
            return number(value)
        case _:
            return str(value).replace("_", " ")


def parents_in_words(runs: list[TrainingRun]) -> list[str]:
    """Return the parent of each fork and the step at which it was forked; else an empty text."""
    unreadable = runs[0].manager.unreadable if runs and runs[0].manager else []
    names = {run.id: f"{run.name} (cannot be read)" for run in unreadable}
    names |= {run.id: run.name for run in runs}
    return [
        f"{names.get(run.parent[0], 'a run that is gone')}, step {run.parent[1]:,}"
        if run.parent
        else ""
        for run in runs
    ]


def runs_table(runs: list[TrainingRun], settings: list[dict[str, str]]) -> pd.DataFrame:
    """Return a row for each run: its settings in words, and its losses.

    The columns and their types are the same for all runs. With other columns the browser would
    build a new table, and a busy browser may lose the ticks of a new table.
    """
    rows = []
    for run, texts, parent in zip(runs, settings, parents_in_words(runs), strict=True):
        summary = run.summary
        rows.append(
            {
                "name": run.name,
                "step": summary.step,
                "epoch": summary.epoch,
                LAST_LOSS: _loss(summary.losses.last) if summary.step else NO_NUMBER,
                BEST_LOSS: _loss(summary.losses.best) if summary.losses.best_of else NO_NUMBER,
                BEST_OF: best_in_words(summary),
                "forked from": parent,
                **{name: _cut(text) for name, text in texts.items()},
            }
        )
    return pd.DataFrame(rows).astype(dict.fromkeys(ABSENT, object))


def settings_alike(settings: list[dict[str, str]]) -> list[str]:
    """Return the names of the settings that have the same value in all runs."""
    return [
        name
        for name in settings[0]
        if name == "mode" or len({texts[name] for texts in settings}) == 1
    ]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"


def _loss(loss: float) -> float:
    """Return a loss with the digits of a float32."""
    return float(exact(loss))


def best_in_words(summary: RunSummary) -> str:
    """Say what the best loss of a run is of; empty if there is none."""
    # Only those count since the loss function or the fault was last changed.
    most = min(summary.step, STEPS_AVERAGED)
    of_batches = f"mean of up to {most} batches" if most > 1 else "one batch"
    return {VALIDATION: "validation", BATCHES: of_batches}.get(summary.losses.best_of, "")
