"""The notebook runs from its first cell to the workbench in its last."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "apps" / "notebook.ipynb"


@pytest.fixture(scope="module")
def executed():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120).execute()
    return notebook


def test_every_cell_runs(executed):
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error"]


def test_the_last_cell_shows_the_workbench(executed):
    kinds = {kind for output in executed.cells[-1].outputs for kind in output.get("data", {})}
    assert "text/html" in kinds
