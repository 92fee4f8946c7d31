"""The workbench with fifty runs of a million steps each, made up."""

import numpy as np

from backprop_panel.views import Workbench, prepare_server

RUNS, STEPS, EPOCH = 50, 1_000_000, 100

prepare_server()
random = np.random.default_rng(0)
workbench = Workbench(num_samples=64)
for number in range(1, RUNS):
    workbench.manager.create(name=f"made up {number}", num_samples=64)
for run in workbench.manager.runs:
    losses = np.exp(-np.linspace(0, 3, STEPS)) + random.random(STEPS) / 10
    for start in range(0, STEPS, EPOCH):
        stretch = losses[start : start + EPOCH]
        run.history.extend(start, start // EPOCH, stretch, stretch, float(stretch[-1]))
workbench.page().servable()
