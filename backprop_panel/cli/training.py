"""``backprop-panel train``: one run, with a bar and its metrics while it trains."""

from __future__ import annotations

import json
import math
import sys
from time import monotonic, sleep
from typing import Any

import click

from ..runs.manager import TrainingRun, TrainingRunManager
from ..runs.run_settings import refuse_new_network
from ..storage.database import refuse_no_store
from ..training.stop_conditions import StopWhen
from .clean_ending import INTERRUPTED, interrupted_once
from .opened_stores import keeping
from .options import (
    DEFAULT_EPOCHS,
    PAGE_DEFAULTS,
    config_option,
    given_settings,
    json_option,
    run_named,
    setting_options,
    steps_or_epochs,
    store_option,
    user_option,
)

SHOWN_SECONDS = 0.25
"""Time between two looks at a run that trains."""

ENDED_SECONDS = 0.01
"""How long the end of a run may be noticed late."""

SAVING = "Saving what is done: a moment."


@click.command()
@config_option
@click.option(
    "--epochs", type=click.IntRange(1), help=f"Passes over the data. [default {DEFAULT_EPOCHS}]"
)
@click.option("--steps", type=click.IntRange(1), help="Updates, in place of epochs.")
@click.option("--name", help="The name of the run; a free one by default.")
@click.option("--resume", metavar="RUN", help="Train on a run of the store, by its name or id.")
@store_option
@user_option
@json_option
@setting_options
def train(
    epochs: int | None,
    steps: int | None,
    name: str | None,
    resume: str | None,
    store: str,
    user: str,
    as_json: bool,
    **options: Any,
) -> int:
    """Train a run, and keep it in the store, where the page shows it.

    Ctrl-C stops after the present step and keeps what is done.
    """
    budget = steps_or_epochs(epochs, steps)
    if resume is not None and name is not None:
        raise click.UsageError(
            "--resume goes on with a run under its own name: leave out --name, or rename it "
            "by `backprop-panel runs rename`."
        )
    if resume is not None:
        refuse_no_store(store)
    with interrupted_once("" if as_json else SAVING), keeping(store, user) as manager:
        if resume is None:
            run = manager.create(name, **{**PAGE_DEFAULTS, **given_settings(options)})
        else:
            changes = given_settings(options)
            refuse_new_network(changes, "a run that is resumed")
            run = manager.switch(run_named(manager, resume).id)
            run.trainer.change(**changes)
        interrupted = _train(manager, run, _limit(run, **budget), as_json)
        _tell_end(run, as_json, interrupted)
    losses = run.history["loss"]
    if interrupted:
        return INTERRUPTED
    return 0 if not len(losses) or math.isfinite(losses[-1]) else 1


def _limit(run: TrainingRun, epochs: int = 0, steps: int = 0) -> StopWhen:
    if steps:
        return StopWhen(step=run.trainer.step + steps, not_finite=True)
    return StopWhen(epoch=run.trainer.epoch + epochs, not_finite=True)


def _train(manager: TrainingRunManager, run: TrainingRun, limit: StopWhen, as_json: bool) -> bool:
    """Train and show it; tell whether Ctrl-C ended it."""
    whole, unit = (limit.epoch, "epoch") if limit.step is None else (limit.step, "step")
    begun = getattr(run.trainer, unit)
    bar = click.progressbar(
        length=whole - begun,
        label=run.name,
        item_show_func=lambda _: "" if as_json else status(run),
        hidden=as_json,
        file=sys.stderr,
    )
    interrupted, told = False, ""
    with bar:
        run.worker.start(limit)
        try:
            while run.worker.running:
                _wait(run)
                told = _tell_problem(manager, told)
                if as_json:
                    click.echo(json.dumps(numbers(run)))
                bar.update(getattr(run.trainer, unit) - begun - bar.pos)
        except KeyboardInterrupt:
            interrupted = True
            run.worker.stop()
    if run.worker.error is not None:
        raise run.worker.error
    return interrupted


def _tell_problem(manager: TrainingRunManager, told: str) -> str:
    """Say once why the run is not saved, while there is time to do something; return that."""
    manager.refresh()
    problem = manager.store_problem
    if problem and problem != told:
        click.echo(f"\nNot saved: {problem}", err=True)
    return problem


def _wait(run: TrainingRun) -> None:
    """Wait until it is time for a look, or the run has ended.

    The thread is not joined: Python 3.11 takes it for ended if Ctrl-C interrupts that.
    """
    until = monotonic() + SHOWN_SECONDS
    while run.worker.running and monotonic() < until:
        sleep(ENDED_SECONDS)


def _tell_end(run: TrainingRun, as_json: bool, interrupted: bool) -> None:
    how = "interrupted" if interrupted else (run.worker.reason or "done")
    if as_json:
        click.echo(json.dumps({**numbers(run), "end": how}))
    else:
        click.echo(f"{run.name}: {status(run)} ({how})")


def numbers(run: TrainingRun) -> dict[str, Any]:
    """Return where a run is, for JSON: a loss that is not finite is null."""
    summary = run.summary
    losses = {"loss": summary.losses.last, "best_loss": summary.losses.best}
    finite = {name: loss if math.isfinite(loss) else None for name, loss in losses.items()}
    where = {"id": run.id, "name": run.name, "step": summary.step, "epoch": summary.epoch}
    return {**where, **finite, "best_of": summary.losses.best_of or None}


def status(run: TrainingRun) -> str:
    """Return where a run is, as the page's status line says it."""
    summary = run.summary
    loss = f"loss {summary.losses.last:.4g}" if summary.step else "no loss yet"
    return f"step {summary.step} · epoch {summary.epoch} · {loss}"
