"""The notebook runs from its first cell to the workbench in its last."""

import json
from pathlib import Path

import pytest

from backprop_panel import TrainingRun
from backprop_panel.interchange import export_notebook

NOTEBOOK = Path(__file__).parents[1] / "apps" / "notebook.ipynb"


@pytest.fixture(scope="module")
def executed():
    # These take seconds: not in each process that collects the tests.
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent / "without_torch"))
        NotebookClient(notebook, timeout=120).execute()
    return notebook


def test_every_cell_runs(executed):
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error"]


def test_the_last_cell_shows_the_workbench(executed):
    kinds = {kind for output in executed.cells[-1].outputs for kind in output.get("data", {})}
    assert "text/html" in kinds


def test_no_other_cell_brings_scripts(executed):
    for cell in executed.cells[:-1]:
        outputs = cell.get("outputs", [])
        assert not [each for each in outputs if "application/javascript" in each.get("data", {})]


def test_the_repository_has_the_notebook_without_outputs():
    stored = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    assert not [output for cell in stored["cells"] for output in cell.get("outputs", [])]


def test_the_notebook_of_a_run_is_valid(tmp_path):
    import nbformat

    run = TrainingRun("run", {"hidden_dimension": 4})
    run.trainer.run_batch()
    run.trainer.change(optimizer="adam", learning_rate=0.01)
    run.trainer.run_batch()
    export_notebook(run, tmp_path / "notebook")
    nbformat.validate(nbformat.read(tmp_path / "notebook" / "train.ipynb", as_version=4))
