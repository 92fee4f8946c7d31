"""The workbench within another layout, as a notebook or an app of one's own may have it."""

import panel as pn

from backprop_panel.views import Workbench

pn.Column("# My network", Workbench(), sizing_mode="stretch_width").servable()
