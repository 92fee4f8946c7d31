"""What a worker does for a run, without a cluster: its reports, ends and checkpoints."""

import numpy as np
import pytest
from stores import SMALL, same

from backprop_panel import TrainingRun, __version__
from backprop_panel.storage.remote_run import RemoteRun
from backprop_panel.sweeps import task as worker
from backprop_panel.sweeps.reports import FAILED, FINISHED, REFUSED, STOPPED, Report, Rows


def reports_of(*, until=40, wanted=lambda: True, **fields):
    config = {**SMALL, **fields.pop("config", {})}
    unit = fields.pop("unit", "steps")
    task = worker.Task("a", config, unit, until, fields.pop("version", __version__), **fields)
    sent = []
    worker.train(task, sent.append, wanted)
    return [Report.unpacked(each) for each in sent]


def taken(reports, run=None):
    run = run or RemoteRun("id", "name", reports[0].config)
    for report in reports:
        if report.rows is not None:
            report.rows.append_to(run.history)
        if report.state is not None:
            run.take_state(report.state, report.health)
    return run


def trained(steps, **config):
    run = TrainingRun("run", {**SMALL, **config})
    with run.trainer.stepping():
        while run.trainer.step < steps:
            run.trainer.engine.advance(run.trainer.batch_size, steps - run.trainer.step)
    return run


@pytest.fixture
def often(monkeypatch):
    monkeypatch.setattr(worker, "REPORT_SECONDS", 0)
    monkeypatch.setattr(worker, "CHECKPOINT_SECONDS", 0)


def test_reports_together_are_the_history_and_the_state_of_the_run(often):
    reports = reports_of(until=40)
    assert len(reports) > 4 and reports[0].begins and reports[-1].end == FINISHED
    run, expected = taken(reports), trained(40)
    assert all(same(run.history[name], expected.history[name]) for name in expected.history)
    assert run.state.unpacked().step == 40
    assert np.array_equal(
        run.state.unpacked().parameters, expected.trainer.engine.state().parameters
    )


def test_a_budget_of_epochs_ends_with_an_epoch():
    run = taken(reports_of(unit="epochs", until=3))
    assert run.history["epoch"][-1] == 2
    assert np.isfinite(run.history["validation_loss"][-1])


def test_a_run_goes_on_from_a_checkpoint_to_the_same_losses():
    run = taken(reports_of(until=17))
    rest = reports_of(until=40, state=run.state, health=run.health)
    assert next(report.rows.first for report in rest if report.rows) == 17
    assert same(taken(rest, run).history["loss"], trained(40).history["loss"])


def test_a_run_that_is_told_to_stop_reports_where_it_is():
    asked = iter([True, True, False])
    reports = reports_of(until=1000, wanted=lambda: next(asked))
    assert reports[-1].end == STOPPED
    assert reports[-1].state.step == taken(reports).history.rows > 0


def test_a_loss_that_is_not_finite_ends_the_run_with_its_step():
    reports = reports_of(config={"learning_rate": 1e30, "loss_type": "mse"})
    assert reports[-1].end == FAILED
    history = taken(reports).history
    step = int(np.argmin(np.isfinite(history["loss"]))) + 1
    assert reports[-1].reason == f"the loss of step {step} is not finite"


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"hidden_dimension": 10**7}, "would take"),
        ({"hidden_dimension": [4], "hidden_layers": 2}, "hidden_layers is 2"),
    ],
)
def test_a_configuration_that_cannot_be_made_is_one_failed_run(config, reason):
    (report,) = reports_of(config=config)
    assert report.end == FAILED and reason in report.reason


def test_another_version_of_the_package_is_refused_with_both():
    (report,) = reports_of(version="99.0")
    assert report.end == REFUSED
    assert "99.0" in report.reason and __version__ in report.reason


def test_rows_take_half_of_what_a_history_takes():
    run = trained(400)
    rows = Rows.since(run.history, 0, 0, run.trainer.epoch)
    packed = Report("a", rows=rows).packed()
    assert len(packed) < 0.6 * sum(column.nbytes for column in run.history.values())
