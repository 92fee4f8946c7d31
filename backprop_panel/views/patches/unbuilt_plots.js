// A plot that is still being built has no layout yet; it is measured once it has one.
function measure_built_plots_only() {
  const plots = Bokeh.require("models/plots/plot_canvas").PlotView.prototype
  if (plots.measures_built_ones) return
  const {_measure_layout} = plots
  plots._measure_layout = function() {
    if (this.layout != null) _measure_layout.call(this)
  }
  plots.measures_built_ones = true
}
