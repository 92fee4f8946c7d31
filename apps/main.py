"""The served page: ``panel serve apps/main.py --port 7000 --args --store runs.sqlite``."""

import argparse

import panel as pn
from platformdirs import user_data_path

from backprop_panel.views import (
    Workbench,
    WorkspaceKey,
    browser_workspace,
    prepare_server,
    refusal,
)

parser = argparse.ArgumentParser(prog="panel serve apps/main.py --args")
parser.add_argument(
    "--store",
    default=user_data_path("backprop_panel") / "runs.sqlite",
    help="the file that keeps the runs; memory: each page has its own runs while it is open",
)

parser.add_argument(
    "--workspace",
    choices=["browser"],
    help="browser: every browser has runs of its own, by a random key that it keeps in a cookie",
)

# For a REST interface, Panel runs this script without a page, and not with the script's arguments.
arguments = parser.parse_args(None if pn.state.curdoc else [])
by_browser = arguments.workspace == "browser" and not pn.state.user

if reason := refusal(by_browser):
    pn.pane.HTML(reason, sizing_mode="stretch_width").servable()
else:
    prepare_server()
    owner = browser_workspace() if by_browser else pn.state.user or ""
    if by_browser and not owner:
        WorkspaceKey().servable()
    else:
        workbench = Workbench(
            store=None if arguments.store == "memory" else arguments.store,
            user=owner,
            shared=not owner and arguments.store != "memory",
            link=pn.state.session_args,
            # The first run: any setting of TrainingRunManager.create can stand here. Others than
            # these have their defaults. Links leave out what is the same here.
            learning_rate=0.01,
            loss_type="cross_entropy",
            optimizer="adam",
        )
        workbench.page().servable()
        if by_browser:
            WorkspaceKey(known=True).servable()
