"""The page and its parts: the only room that imports Panel, HoloViews and Bokeh."""

import holoviews as hv
import panel as pn

from .patches.model_defaults import quicken_model_defaults
from .patches.notebook import in_notebook, prepare_notebook
from .patches.page_references import refer_without_lists
from .patches.ping import tolerate_failed_pings
from .patches.write_queue import flush_write_queue
from .serving import prepare_server, refusal
from .workbench import Workbench
from .workspaces import WorkspaceKey, browser_workspace

__all__ = ["Workbench", "WorkspaceKey", "browser_workspace", "prepare_server", "refusal"]

# Here, so that `Workbench()` as the last line of a notebook's cell is enough.
if in_notebook():
    prepare_notebook()
else:
    pn.extension("tabulator", "katex")
    hv.extension("bokeh", logo=False)

flush_write_queue()
quicken_model_defaults()
refer_without_lists()
tolerate_failed_pings()
