"""The network map of a session: it follows the run, the step and the number that are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from html import escape

import panel as pn
import param

from ...settings import SettingError
from ..state.checks import Checks
from ..state.marks import CellBlock, Marks, cells_of, marks_of
from ..state.reveal import Reveal, reveal_of
from ..state.session import Session
from .check_foot import CheckFoot
from .compared_moments import compared_batches, compared_moments
from .network_map import NetworkMap
from .phase_bar import PhaseBar


def session_map(session: Session, checks: Checks) -> NetworkMap:
    """Return a map that draws what a session shows, and chooses the cells that are tapped."""
    slow_motion, checking = session.slow_motion, checks.gradients
    network_map = NetworkMap(
        session.map_source,
        on_select=session.select,
        head=PhaseBar(session),
        foot=CheckFoot(checking),
        dark=session.dark,
    )
    state = network_map.state

    def show(*events: param.parameterized.Event) -> None:
        """Draw what the session shows; while the map is hidden, only another run."""
        # A run of another shape is laid out even while the map is hidden.
        if network_map.visible or any(event.name == "run" for event in events):
            state.animated = session.training
            state.examples_named = slow_motion.on or not session.too_fast_to_read
            if _widths(session) == state.source.widths:
                state.source = session.map_source
            else:
                network_map.cover(f"Loading {session.run.name} …")
                in_next_message(take_source)

    def take_source() -> None:
        """Draw a network of another shape, and uncover the map."""
        state.source = session.map_source
        network_map.cover("")

    def entitle(*events: param.parameterized.Event) -> None:
        """Say what the map shows."""
        state.title = _title(session)

    def walk(*events: param.parameterized.Event) -> None:
        """Draw a phase of the slow motion, or the gradients of another kind."""
        show()
        state.reveal = _reveal(session)
        mark()

    def mark(*events: param.parameterized.Event) -> None:
        """Outline the selected cell and what belongs to it."""
        state.marks = _marks(session, state.reveal)

    def ring(*events: param.parameterized.Event) -> None:
        """Outline the cells that are pointed at, and those of the named units."""
        state.ringed = (
            *cells_of(session.ringed, _widths(session), session.deltas_shown),
            *_blocks_of_units(session),
        )

    def follow(event: param.parameterized.Event) -> None:
        """Give the map a setting of the session of the same name."""
        state.param.update(**{event.name: event.new})

    def show_errors(*events: param.parameterized.Event) -> None:
        """Show the errors of the check, except over a difference and in slow motion."""
        is_plain = session.subtracted is None and not slow_motion.on
        state.check = checking.check if is_plain else None

    session.param.watch(show, ["run", "record", "subtracted"])
    session.param.watch(show_errors, "subtracted")
    slow_motion.param.watch(show_errors, "record")
    checking.param.watch(show_errors, "check")
    session.param.watch(mark, ["path", "run", "subtracted"])
    session.param.watch(entitle, ["subtracted", "record", "named_units"])
    session.param.watch(walk, "deltas_shown")
    slow_motion.param.watch(walk, ["record", "place", "example"])
    session.param.watch(ring, ["ringed", "named_units"])
    session.param.watch(follow, ["dark", "deltas_shown"])
    network_map.param.watch(show, "visible")
    return network_map


def in_next_message(action: Callable[[], None]) -> None:
    """Act after the page was sent what has changed so far; at once if there is no page."""
    document = pn.state.curdoc
    if document is None:
        action()
    else:
        document.add_next_tick_callback(action)


def _title(session: Session) -> str:
    """Return what is subtracted from what and which units are outlined, as HTML, if any."""
    parts = []
    if session.subtracted is not None:
        ours, theirs = compared_moments(session)
        same = ": it is the same moment, and nothing differs" if ours == theirs else ""
        batches = compared_batches(session)
        parts.append(f"<b>Difference</b>: {ours} minus {theirs}, {batches}{same}")
    if (named := session.named_units) is not None:
        count = len(named.units)
        units = f"{count} unit{'' if count == 1 else 's'} of layer {named.layer + 1}"
        parts.append(f"<b>Outlined</b>: {units} ({escape(named.name)}), until a cell is chosen")
    return " · ".join(parts)


def _blocks_of_units(session: Session) -> Iterator[CellBlock]:
    if session.named_units is not None:
        examples = len(session.map_record.logits)
        yield from session.named_units.blocks(_widths(session), examples)


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
