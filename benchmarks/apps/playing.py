"""The served page, which plays as soon as it is open."""

import runpy
from pathlib import Path

import panel as pn

main = Path(__file__).resolve().parents[2] / "apps" / "main.py"
workbench = runpy.run_path(str(main))["workbench"]
pn.state.onload(workbench.session.toggle_play)
