"""The health of a run's layers in its zip: there and back, and refused if it does not fit."""

import pytest

from backprop_panel import TrainingRun
from backprop_panel.interchange import InterchangeError, import_run
from backprop_panel.training import health_meter
from tests.bundles import exported, unzipped, zipped

HEALTH = "health.csv"


@pytest.fixture
def files(monkeypatch):
    """The files of an exported run whose steps were all measured."""
    monkeypatch.setattr(health_meter, "MOST_SAVED_SECONDS", 1e9)
    run = TrainingRun("first", {"num_samples": 50, "hidden_dimension": 4})
    run.trainer.engine.advance(10, 5)
    files = unzipped(exported(run))
    del files["SHA256SUMS"]
    return run, files


def test_health_comes_back_exactly(files):
    run, files = files
    ours, theirs = run.trainer.engine.health, import_run(zipped(files)).trainer.engine.health
    assert theirs.steps.tolist() == [1, 2, 3, 4, 5]
    for one, same in zip(ours.moments, theirs.moments, strict=True):
        assert one.values.tobytes() == same.values.tobytes()


def test_a_run_without_a_measured_step_has_no_table(files):
    assert HEALTH not in unzipped(exported(TrainingRun("new", {"num_samples": 50})))


def test_a_zip_without_the_table_opens(files):
    run, files = files
    del files[HEALTH]
    assert import_run(zipped(files)).trainer.step == run.trainer.step


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"gradient_norm", b"norm"),
        (b"\n1,1,", b"\n1,2,"),
        (b"\n1,1,", b"\n0,1,"),
        (b"\n5,3,", b"\n6,3,"),
        (b"\n5,3,", b"\n5,x,"),
        (b"\n2,", b"\n\n2,"),
        (b"\n2,1", b"\n3,1"),
    ],
)
def test_a_damaged_table_is_refused(files, old, new):
    _, files = files
    assert old in files[HEALTH]
    files[HEALTH] = files[HEALTH].replace(old, new, 1)
    with pytest.raises(InterchangeError, match="health"):
        import_run(zipped(files))


def test_a_table_that_ends_too_early_is_refused(files):
    _, files = files
    files[HEALTH] = b"".join(files[HEALTH].splitlines(keepends=True)[:-1])
    with pytest.raises(InterchangeError, match="one for each layer"):
        import_run(zipped(files))


def test_a_table_with_too_many_rows_is_refused_unread(files):
    _, files = files
    files[HEALTH] += b"x\n" * 6000
    with pytest.raises(InterchangeError, match="Rows of health.csv"):
        import_run(zipped(files))
