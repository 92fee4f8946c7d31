"""``backprop-panel diagnose``: what the doctor finds in a run of the store, or in a zip."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ..analysis.diagnosis.doctor import diagnose as findings_of
from ..analysis.diagnosis.finding import Finding
from ..interchange.run_bundle import read_run
from ..runs.manager import TrainingRun
from ..settings import SettingError
from .opened_stores import opened
from .options import json_option, run_named, store_option, user_option
from .runs import complete_run


@contextmanager
def run_of(which: str, store: str, user: str) -> Iterator[TrainingRun]:
    """Yield the run of a zip or a folder or, if there is no such file, of the store."""
    if Path(which).exists():
        run, deviations = read_run(which)
        for deviation in deviations:
            click.echo(f"Warning: {deviation}", err=True)
        yield run
        return
    if not Path(store).exists():
        raise SettingError("run", f"There is no file {which}, and no store {store}.")
    with opened(store, user) as manager:
        yield run_named(manager, which)


@click.command()
@click.argument("run", metavar="RUN|ZIP", shell_complete=complete_run)
@click.option("--step", type=click.IntRange(0), help="Judge the run as it was at this step.")
@store_option
@user_option
@json_option
def diagnose(run: str, step: int | None, store: str, user: str, as_json: bool) -> int:
    """Tell what is wrong with a run of the store, or of an exported zip.

    The exit status is 1 if anything is.
    """
    with run_of(run, store, user) as found:
        findings = findings_of(found, step)
    for finding in findings:
        click.echo(json.dumps(_entry(finding)) if as_json else _line(finding))
    if not findings and not as_json:
        click.echo("Nothing is wrong with it.")
    return int(any(finding.is_fault for finding in findings))


def _line(finding: Finding) -> str:
    remedy = f" {finding.remedy.sentence}" if finding.remedy else ""
    return f"{finding.severity}: {finding.kind}: {finding.sentence}{remedy}"


def _entry(finding: Finding) -> dict[str, Any]:
    names = ("kind", "severity", "sentence", "step", "layer", "units", "because", "fault")
    entry = {name: getattr(finding, name) for name in names}
    evidence = {
        name: value if isinstance(value, str) else float(value)
        for name, value in finding.evidence.items()
    }
    return {**entry, "evidence": evidence}
