"""The page and its parts: the only place that knows of Panel, HoloViews and Bokeh."""

import gc

import holoviews as hv
import panel as pn

from .notebook import in_notebook, prepare_notebook
from .patches.serving import end_connections_once, refusal
from .patches.write_queue import leave_no_message_behind
from .workbench import Workbench

__all__ = ["Workbench", "refusal"]

# Here, so that `Workbench()` as the last line of a notebook's cell is enough.
if in_notebook():
    prepare_notebook()
else:
    pn.extension("tabulator")
    hv.extension("bokeh", logo=False)

leave_no_message_behind()
end_connections_once()

# What was imported stays: not looked through for garbage, a page is made a third faster.
gc.freeze()
