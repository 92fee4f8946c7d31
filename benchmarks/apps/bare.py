"""A page with one HoloViews heatmap and nothing else."""

import holoviews as hv
import numpy as np
import panel as pn
import panel_material_ui as pmui

hv.extension("bokeh")
image = hv.Image(np.random.default_rng(0).random((32, 32)))
pmui.Page(title="bare", main=[pn.pane.HoloViews(image)]).servable()
