"""The network map of a session: it follows the run, the step and the number that are shown."""

from __future__ import annotations

from dataclasses import replace

import param

from ...settings import SettingError
from ..state.marks import Marks, cells_of, marks_of
from ..state.reveal import Reveal, reveal_of
from ..state.session import Session
from .network_map import NetworkMap
from .phase_bar import PhaseBar


def session_map(session: Session) -> NetworkMap:
    """Return a map that draws what a session shows, and chooses the cells that are tapped."""
    slow_motion = session.slow_motion
    network_map = NetworkMap(
        session.map_source, on_select=session.select, head=PhaseBar(session), dark=session.dark
    )

    def show(*events: param.parameterized.Event) -> None:
        # A run of another shape is laid out even while the map is hidden.
        if network_map.visible or any(event.name == "run" for event in events):
            network_map.animated = session.training
            network_map.examples_named = slow_motion.on or not session.too_fast_to_read
            network_map.source = session.map_source

    def walk(*events: param.parameterized.Event) -> None:
        show()
        network_map.reveal = _reveal(session)
        mark()

    def mark(*events: param.parameterized.Event) -> None:
        network_map.marks = _marks(session, network_map.reveal)

    def ring(*events: param.parameterized.Event) -> None:
        network_map.ringed = cells_of(session.ringed, _widths(session), session.deltas_shown)

    def follow(event: param.parameterized.Event) -> None:
        network_map.param.update(**{event.name: event.new})

    session.param.watch(show, ["run", "record", "subtracted"])
    session.param.watch(mark, ["path", "run", "subtracted"])
    session.param.watch(walk, "deltas_shown")
    slow_motion.param.watch(walk, ["record", "place", "example"])
    session.param.watch(ring, "ringed")
    session.param.watch(follow, ["dark", "deltas_shown"])
    network_map.param.watch(show, "visible")
    return network_map


def _widths(session: Session) -> tuple[int, ...]:
    return session.run.model.network.widths


def _marks(session: Session, reveal: Reveal | None) -> Marks:
    """Return the outlines of the chosen number, and of what the phase computes and reads."""
    marks = _marks_of_choice(session)
    if reveal is None:
        return marks
    operands = (*reveal.operands, *marks.operands)
    return replace(marks, operands=operands, computed=reveal.computed)


def _reveal(session: Session) -> Reveal | None:
    slow_motion = session.slow_motion
    if not slow_motion.on:
        return None
    return reveal_of(
        slow_motion.phase,
        slow_motion.record,
        _widths(session),
        session.deltas_shown,
        slow_motion.example,
    )


def _marks_of_choice(session: Session) -> Marks:
    if session.question is None:
        return Marks()
    try:
        explanation, *_ = session.explanations()
    except SettingError:  # its row is not in this batch
        return Marks()
    return marks_of(explanation, _widths(session), session.deltas_shown)
