"""A phase of slow motion as HTML: its place among the others, its equations, and buttons."""

from __future__ import annotations

from dataclasses import replace
from html import escape

from ..plots.numbers import apart
from ..state.session import Session
from ..state.slow_motion import PACES, SlowMotion
from ..widgets.keys import IN_SLOW_MOTION
from .explanation_links import example_html, message

ANOTHER_ROW = "Click a row of X, of an activation or of ŷ to choose its example."

MOST_TOKENS = 8
"""Of a longer context, the last ones stand before the target in the caption."""


def phase_html(session: Session) -> str:
    """Return the bar of the phase that is shown."""
    slow_motion = session.slow_motion
    return (
        f'<div class="bp-walk {"bp-dark" if session.dark else ""}" role="group" '
        f'aria-label="Slow motion">{_phases(slow_motion)}'
        f'<p aria-live="polite">{escape(slow_motion.phase.sentence)}'
        f"{_update_of_choice(session)}</p>"
        f'<div class="bp-equation" data-tex="{escape(slow_motion.phase.latex)}"></div>'
        f'<div class="bp-controls">{_controls(slow_motion)}{_caption(session)}</div></div>'
    )


def _update_of_choice(session: Session) -> str:
    """Return the chosen weight before and after the update, in the phase of that; else nothing."""
    cell, record = session.selection, session.slow_motion.record
    if not session.slow_motion.is_after_update or cell is None or not cell.is_parameter:
        return ""
    before = replace(cell, is_gradient=False).number()
    old, update = (
        float(of[cell.layer][cell.index]) for of in (record.layers, record.layer_updates)
    )
    return f" {escape(before.name(record))}: {' → '.join(apart(old, old + update))}."


def _phases(slow_motion: SlowMotion) -> str:
    buttons = []
    for place, phase in enumerate(slow_motion.phases):
        state = ""
        if place == slow_motion.place:
            state = 'class="bp-now" aria-current="step" data-centred'
        elif place < slow_motion.place:
            state = 'class="bp-done"'
        attributes = f'data-key="phase {place}" {message(phase=place)} {state}'
        buttons.append(f"<button {attributes}>{phase.name}</button>")
    return f'<div class="bp-phases" role="group" aria-label="Phases">{"".join(buttons)}</div>'


def _controls(slow_motion: SlowMotion) -> str:
    place, last = slow_motion.place, len(slow_motion.phases) - 1
    paces = "".join(
        f'<option value="{pace}" {"selected" if pace == slow_motion.seconds else ""}>'
        f"{pace:g} s</option>"
        for pace in PACES
    )
    before = f"{_key('previous')} {message(phase=place - 1)}"
    after = f"{_key('next')} {message(phase=place + 1)}"
    return (
        f"<button {before} {_disabled(place == 0)}>"
        '<span aria-hidden="true">◀ </span>Previous phase</button>'
        f"<button {after} {_disabled(place == last)}>"
        'Next phase<span aria-hidden="true"> ▶</span></button>'
        f'<button data-key="autoplay" {message(autoplay=True)} {_pressed(slow_motion.playing)}>'
        "Autoplay</button>"
        '<select name="pace" data-key="pace" aria-label="Pace" title="Time for each phase">'
        f"{paces}</select>"
        f'<button data-key="example" {message(example=True)} '
        f"{_pressed(slow_motion.example is not None)}>One example</button>"
    )


def _caption(session: Session) -> str:
    """Say which example and which step are shown, and a button that leaves."""
    slow_motion, source = session.slow_motion, session.map_source
    record, row = slow_motion.record, slow_motion.example
    others = len(record.targets) - 1
    rest = f"and {others:,} more" if others else ""
    if row is not None:
        rest = "· click another row" if others else "alone"
    when = f"step {record.step:,}" if record.updated else f"after step {record.step:,}"
    if session.record.step > record.step:
        when += ", not the newest"
    title = f"{when}. {ANOTHER_ROW}" if row is not None and others else when
    # In place of the step, which the status says as well.
    when = "" if row is not None and session.record.step == record.step else f"{when} · "
    example = example_html(source, row or 0, MOST_TOKENS)
    return (
        f'<span class="bp-walked" title="{title}">{when}{example} {rest}</span>'
        f"<button {_key('leave')} {message(leave=True)} "
        'aria-label="Leave slow motion" title="Leave slow motion (Esc)">✕</button>'
    )


def _key(action: str) -> str:
    return f'data-key="{action}" data-hotkey="{IN_SLOW_MOTION[action]}"'


def _disabled(is_disabled: bool) -> str:
    return "disabled" if is_disabled else ""


def _pressed(is_pressed: bool) -> str:
    return f'aria-pressed="{str(is_pressed).lower()}"'
