"""Every place that reaches into the insides of Panel or Bokeh."""
