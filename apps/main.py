"""The served page: ``panel serve apps/main.py --port 7000 --args --store runs.sqlite``."""

import argparse

import panel as pn
from platformdirs import user_data_path

from backprop_panel.views import Workbench, prepare_server, refusal

parser = argparse.ArgumentParser(prog="panel serve apps/main.py --args")
parser.add_argument(
    "--store",
    default=user_data_path("backprop_panel") / "runs.sqlite",
    help="the file that keeps the runs; memory: each page has its own runs while it is open",
)

if reason := refusal():
    pn.pane.Str(reason).servable()
else:
    prepare_server()
    store = parser.parse_args().store
    workbench = Workbench(
        store=None if store == "memory" else store,
        user=pn.state.user or "",
        link=pn.state.session_args,
        # The first run: any setting of TrainingRunManager.create can stand here. Others than these
        # have their defaults.
        learning_rate=0.01,
        loss_type="cross_entropy",
        optimizer="adam",
    )
    workbench.page().servable()
