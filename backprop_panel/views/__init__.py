"""The page and its parts: the only place that knows of Panel, HoloViews and Bokeh."""

import gc

import holoviews as hv
import panel as pn

from .delivery import leave_no_message_behind
from .notebook import in_notebook, prepare_notebook
from .workbench import Workbench

__all__ = ["Workbench"]

# Here, so that `Workbench()` as the last line of a notebook's cell is enough.
if in_notebook():
    prepare_notebook()
else:
    pn.extension("tabulator")
    hv.extension("bokeh", logo=False)

leave_no_message_behind()

# What was imported stays: not looked through for garbage, a page is made a third faster.
gc.freeze()
