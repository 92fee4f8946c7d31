"""The checks of a page are made in the background, of the record that is shown."""

from dataclasses import replace
from threading import Event

import pytest

from backprop_panel import SettingError, TrainingRunManager
from backprop_panel.views.state import record_work
from backprop_panel.views.state.checks import Checks
from backprop_panel.views.state.run_audit import RunAudit
from backprop_panel.views.state.session import Session


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=60, hidden_dimension=6, loss_type="cross_entropy", batch_size=8)
    return Session(manager)


@pytest.fixture
def checks(session):
    return Checks.of(session)


def finish(work):
    """Wait for the thread, and take what it computed."""
    work._background._thread.join()
    work.tick()


def test_nothing_is_computed_until_a_check_is_switched_on(session, checks):
    session.run_batch()
    assert not checks.gradients.running and not checks.audit.running
    assert checks.gradients.check is None and checks.audit.record is None


def test_the_record_that_is_shown_is_audited(session, checks):
    checks.audit.on = True
    finish(checks.audit)
    session.run_batch()
    finish(checks.audit)
    assert checks.audit.record is session.record and session.record.step == 1
    assert checks.audit.first is None and not checks.audit.running


def test_the_first_discrepancy_of_a_fault_is_found(session, checks):
    session.change("fault", "no_batch_mean")
    session.run_batch()
    checks.audit.on = True
    finish(checks.audit)
    assert (checks.audit.first.quantity, checks.audit.first.layer) == ("deltas", 2)


def test_a_fault_that_was_switched_off_is_no_longer_told_by_the_audit(session, checks):
    session.change("fault", "no_batch_mean")
    session.run_batch()
    session.manager.fork(session.run.id, 1, None, fault=None)
    checks.audit.on = True
    finish(checks.audit)
    assert checks.audit.record is session.record and checks.audit.first is None


def test_gradients_are_checked_while_that_is_on_and_forgotten_afterwards(session, checks):
    checks.gradients.on = True
    finish(checks.gradients)
    session.run_batch()
    finish(checks.gradients)
    assert checks.gradients.record is session.record
    assert checks.gradients.check.ok
    checks.gradients.on = False
    assert checks.gradients.check is None and not checks.gradients.running


def test_another_run_has_no_results_of_the_one_before(session, checks):
    checks.gradients.on = True
    finish(checks.gradients)
    session.manager.create(num_samples=60, hidden_dimension=3)
    assert checks.gradients.check is None
    finish(checks.gradients)
    assert checks.gradients.check.errors[1].shape == (4, 3)


def test_a_newer_record_replaces_one_that_is_being_worked_on(session, checks, monkeypatch):
    gate = Event()

    def held(record):
        gate.wait()
        yield None

    monkeypatch.setattr(record_work.RecordWork, "pieces", lambda self, record: held(record))
    monkeypatch.delattr(type(checks.audit), "pieces")
    checks.audit.on = True
    before = checks.audit._background
    session.run_batch()
    assert checks.audit._background is not before
    gate.set()
    finish(checks.audit)
    assert checks.audit.record is session.record


def test_while_a_run_is_trained_the_next_record_waits_its_time(session, checks):
    checks.audit.on = True
    finish(checks.audit)
    with session.param.update(training=True):
        checks.audit._next_at = float("inf")
        session.record = replace(session.record)
        assert not checks.audit.running
        checks.audit._next_at = 0.0
        session.record = replace(session.record)
        assert checks.audit.running
        finish(checks.audit)


def test_a_record_that_cannot_be_checked_says_why(session, checks):
    session.record = replace(session.record, settings={"loss_type": "hinge"})
    checks.audit.on = checks.gradients.on = True
    finish(checks.audit)
    finish(checks.gradients)
    assert "loss_type" in checks.audit.message and "loss_type" in checks.gradients.message
    assert checks.audit.record is None


def test_no_check_goes_on_once_the_page_is_left(session, checks):
    checks.audit.on = True
    session.left = True
    assert not checks.audit.running


def test_the_whole_run_is_audited_on_demand(session):
    audit = RunAudit(session)
    for _ in range(3):
        session.run_batch()
    assert audit.total is None
    audit.start()
    assert audit.running and audit.total >= 1
    audit._background._thread.join()
    audit.tick()
    assert not audit.running and len(audit.intervals) == audit.total
    assert audit.intervals[-1].end == 3
    assert not any(each.discrepancies or each.deviation for each in audit.intervals)


def test_a_faulty_run_is_named_step_by_step_and_forgotten_with_the_run(session):
    session.change("fault", "wrong_sign")
    session.run_batch()
    audit = RunAudit(session)
    audit.start()
    audit._background._thread.join()
    audit.tick()
    assert audit.intervals[0].discrepancies[0].quantity == "weight_updates"
    session.manager.create(num_samples=60)
    assert audit.intervals == () and audit.total is None


def test_a_run_that_cannot_be_replayed_says_why(session, monkeypatch):
    def refuse(step):
        raise SettingError("run", "Its file is damaged.")

    session.run_batch()
    monkeypatch.setattr(session.run, "step_again", refuse)
    audit = RunAudit(session)
    audit.start()
    audit._background._thread.join()
    audit.tick()
    assert audit.message == "Its file is damaged." and not audit.running
