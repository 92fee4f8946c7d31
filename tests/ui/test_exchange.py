"""What leaves the page as a file, and comes in as one."""

from zipfile import ZipFile

import pytest
from playwright.sync_api import expect
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.bundles import unzipped
from tests.ui.browsing import (
    at_rest,
    choose,
    expect_active,
    expect_step,
    export,
    give,
    press,
    standing,
)


@pytest.fixture
def bundle(tmp_path):
    return tmp_path / "run.zip"


def test_a_run_that_was_exported_is_imported_as_it_stood(used_page, bundle, tmp_path):
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    export(used_page, bundle)
    press(used_page, "Run Batch")
    expect_step(used_page, 2)

    give(used_page, bundle)

    expect_active(used_page, "run 1 (2)")
    expect_step(used_page, 1)
    again = tmp_path / "again.zip"
    export(used_page, again)
    was, came = unzipped(bundle.read_bytes()), unzipped(again.read_bytes())
    for name in ("history.csv", "weights.safetensors", "initial_weights.safetensors"):
        assert came[name] == was[name]


def test_the_same_file_is_given_and_taken_as_often_as_is_asked(used_page, bundle):
    for _ in range(2):
        export(used_page, bundle)
    for name in ("run 1 (2)", "run 1 (3)"):
        give(used_page, bundle)
        expect_active(used_page, name)


def test_tensorboard_reads_the_log_that_was_exported(used_page, bundle, tmp_path):
    press(used_page, "Run Batch")
    expect_step(used_page, 1)
    loss = standing(used_page)[2]
    choose(used_page, "Export as", "TensorBoard log")
    export(used_page, bundle)

    with ZipFile(bundle) as archive:
        archive.extractall(tmp_path)
    (scalar,) = EventAccumulator(str(tmp_path / "run 1")).Reload().Scalars("loss")
    assert scalar.step == 1
    assert scalar.value == pytest.approx(loss, rel=1e-3)


def test_a_file_that_is_no_run_is_refused_beside_the_button(used_page, bundle):
    bundle.write_bytes(b"PK nonsense")
    give(used_page, bundle)
    message = used_page.get_by_text("neither a folder nor a zip", exact=False)
    expect(message).to_be_visible()
    expect(message).to_be_in_viewport(ratio=0.95)
    below = at_rest(used_page.get_by_text("Import a run", exact=True))
    assert 0 < at_rest(message)["y"] - below["y"] < 60
    expect_active(used_page, "run 1")


def test_a_file_of_another_kind_is_refused_with_a_reason_and_can_be_given_again(
    used_page, tmp_path
):
    file = tmp_path / "notes.txt"
    file.write_text("no run")
    refusal = used_page.get_by_text("The file is neither a folder nor a zip")
    give(used_page, file)
    expect(refusal).to_be_visible()
    with ZipFile(file, "w") as archive:
        archive.writestr("archive/data.pkl", b"")
        archive.writestr("archive/version", b"3")
    give(used_page, file)
    expect(used_page.get_by_text("The file is PyTorch's own (torch.save)")).to_be_visible()
