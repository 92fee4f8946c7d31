"""What the shown run is compared with unless a person chooses something else."""

from __future__ import annotations

from ...runs.run import TrainingRun
from ..state.session import Session

SHAPE = (
    "vocabulary",
    "sequence_length",
    "task_type",
    "num_master_sequences",
    "num_samples",
    "hidden_dimension",
    "hidden_layers",
)
"""Settings that give two runs cells and samples in common."""


def parent_of(session: Session) -> TrainingRun | None:
    """Return the run that the shown one was forked from, if it is still there."""
    origin = session.run.parent and session.run.parent[0]
    return next((run for run in session.manager.runs if run.id == origin), None)


def suggested_run(session: Session) -> TrainingRun:
    """Return the parent of a fork, else the newest other run of its shape, else the run itself."""
    shown = session.run
    others = (run for run in reversed(session.manager.runs) if run is not shown)
    return parent_of(session) or next((run for run in others if _alike(run, shown)), shown)


def suggested_step(session: Session, run: TrainingRun) -> int:
    """Return the last step of another run; of the shown one, a step other than the shown."""
    if run is session.run and session.record.step:
        return 0
    return run.summary.step


def _alike(one: TrainingRun, other: TrainingRun) -> bool:
    return all(one.config[name] == other.config[name] for name in SHAPE)
