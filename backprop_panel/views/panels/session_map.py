"""The network map of a session: it follows the run, the step and the number that are shown."""

from __future__ import annotations

import param

from ...settings import SettingError
from ..state.marks import Marks, cells_of, marks_of
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

    def mark(*events: param.parameterized.Event) -> None:
        network_map.marks = _marks(session)

    def ring(*events: param.parameterized.Event) -> None:
        network_map.ringed = cells_of(session.ringed, _widths(session), session.deltas_shown)

    def follow(event: param.parameterized.Event) -> None:
        network_map.param.update(**{event.name: event.new})

    session.param.watch(show, ["run", "record", "subtracted"])
    session.param.watch(mark, ["path", "run", "subtracted", "deltas_shown"])
    session.param.watch(ring, "ringed")
    session.param.watch(follow, ["dark", "deltas_shown"])
    network_map.param.watch(show, "visible")
    return network_map


def _widths(session: Session) -> tuple[int, ...]:
    return session.run.model.network.widths


def _marks(session: Session) -> Marks:
    if session.question is None:
        return Marks()
    try:
        explanation, *_ = session.explanations()
    except SettingError:  # its row is not in this batch
        return Marks()
    return marks_of(explanation, _widths(session), session.deltas_shown)
