"""The served page: ``panel serve apps/main.py --port 7000 --args --store runs.sqlite``."""

import argparse

import panel as pn
from platformdirs import user_data_path

from backprop_panel.views import Workbench, refusal

parser = argparse.ArgumentParser(prog="panel serve apps/main.py --args")
parser.add_argument(
    "--store",
    default=user_data_path("backprop_panel") / "runs.sqlite",
    help="the file in which the runs last; memory: each page has runs of its own, while it is open",
)

if reason := refusal():
    pn.pane.Str(reason).servable()
else:
    store = parser.parse_args().store
    # The first run's settings; any key of TrainingRunManager.create can stand here.
    workbench = Workbench(
        store=None if store == "memory" else store,
        user=pn.state.user or "",
        link=pn.state.session_args,
        vocabulary=["a", "b", "c", "d"],
        sequence_length=5,
        task_type="next_token",
        num_master_sequences=3,
        master_sequence_length=(8, 12),
        hidden_dimension=32,
        hidden_layers=2,
        learning_rate=0.01,
        batch_size=32,
        loss_type="cross_entropy",
        optimizer="adam",
    )
    workbench.page().servable()
