"""A page with one button, whose server is the client of a sweep while a file says so, if any."""

import os
import sys
from pathlib import Path

import panel_material_ui as pmui

from backprop_panel.views import prepare_server

# In a module: what this script defines ends with its page.
sys.path.append(str(Path(__file__).resolve().parents[1]))

prepare_server()  # as the page's own script does
if "SWEEP_FOLDER" in os.environ:
    import sweep_follower

    sweep_follower.start()

button = pmui.Button(label="Press")


def answer(event: object) -> None:
    """Count the presses on the button."""
    button.label = f"Pressed {event.new}"


button.param.watch(answer, "clicks")
button.servable()
