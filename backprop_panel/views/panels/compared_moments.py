"""The two moments of a difference in words: what is shown, and what is subtracted from it."""

from __future__ import annotations

from html import escape

from ...analysis.difference import same_examples
from ...runs.run import TrainingRun
from ..state.session import Session

SAME_BATCH = "both on the same batch"
OTHER_DATA = "each on its own data: compare weights only"


def compared_batches(session: Session) -> str:
    """Say whether both moments are shown on the same examples."""
    return SAME_BATCH if same_examples(*session.compared) else OTHER_DATA


def compared_moments(session: Session) -> tuple[str, str]:
    """Return what is shown and what is subtracted: each a run and its step, as HTML."""
    step = session.record.step if session.training else session.engine.step
    other = session.subtracted_run or session.run
    return _moment(session.run, step), _moment(other, session.subtracted.step)


def _moment(run: TrainingRun, step: int) -> str:
    return f"<b>{escape(run.name)}</b> at step {step:,}"
