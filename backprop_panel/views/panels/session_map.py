"""The network map of a session: it follows the run, the step and the cell that are shown."""

from __future__ import annotations

import param

from ..state.session import Session
from .network_map import NetworkMap


def session_map(session: Session) -> NetworkMap:
    """Return a map that draws what a session shows, and chooses the cells that are tapped."""
    network_map = NetworkMap(session.map_source, on_select=session.select, dark=session.dark)

    def show(*events: param.parameterized.Event) -> None:
        # A run of another shape is laid out even while the map is hidden.
        if network_map.visible or any(event.name == "run" for event in events):
            network_map.animated = session.training
            network_map.examples_named = not session.too_fast_to_read
            network_map.source = session.map_source

    def follow(event: param.parameterized.Event) -> None:
        network_map.param.update(**{event.name: event.new})

    session.param.watch(show, ["run", "record", "subtracted"])
    session.param.watch(follow, "selection")
    session.param.watch(follow, "dark")
    network_map.param.watch(show, "visible")
    return network_map
