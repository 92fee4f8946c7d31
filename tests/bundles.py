"""Exported runs, as the tests look into them and make others of them."""

import io
import zipfile

from backprop_panel.interchange import export_run


def exported(run):
    """Return a run's zip."""
    buffer = io.BytesIO()
    export_run(run, buffer)
    return buffer.getvalue()


def unzipped(data):
    """Return the files in a zip by their names."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
