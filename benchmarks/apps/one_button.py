"""A page with a button that counts its presses: the least that a press can cost."""

import panel as pn
import panel_material_ui as pmui

presses = 0
count = pn.pane.HTML("<b class='count'>0</b>")


def press(event: object) -> None:
    """Count a press."""
    global presses
    presses += 1
    count.object = f"<b class='count'>{presses}</b>"


button = pmui.Button(label="Press")
button.on_click(press)
pn.Column(button, count).servable()
