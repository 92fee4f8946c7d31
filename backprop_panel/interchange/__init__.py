"""Export and import of runs, weights, logs, scripts and links."""

from .bundle_files import file_name
from .limits import InterchangeError
from .pytorch_script import export_notebook, export_script
from .run_bundle import ExportWarning, ReplayWarning, export_run, import_run, read_run, write_run
from .tensorboard import export_tensorboard
from .url_query import from_query, to_query, to_query_within_limit
from .weights import WeightMapping, load_weights, map_weights, save_weights

__all__ = [
    "ExportWarning",
    "InterchangeError",
    "ReplayWarning",
    "WeightMapping",
    "export_notebook",
    "export_run",
    "export_script",
    "export_tensorboard",
    "file_name",
    "from_query",
    "import_run",
    "load_weights",
    "map_weights",
    "read_run",
    "save_weights",
    "to_query",
    "to_query_within_limit",
    "write_run",
]
