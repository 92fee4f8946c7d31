"""The workbench with runs of two depths, each at a step of its own."""

from backprop_panel.views import Workbench, prepare_server

prepare_server()
workbench = Workbench(num_samples=64)
for name, layers in (("as deep", 2), ("flatter", 1)):
    workbench.manager.create(name=name, hidden_layers=layers, num_samples=64)
for steps, run in enumerate(workbench.manager.runs, 1):
    for _ in range(steps):
        run.trainer.run_batch()
workbench.page().servable()
