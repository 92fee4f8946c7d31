"""The detective: find out what was planted in a run, with a few checks to spend."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import panel as pn
import panel_material_ui as pmui
import param

from ...analysis.diagnosis.detective import BUDGET, CHECKS, FULL_SCORE, Investigation, suspects
from ..plots.html import html
from ..state.session import Session
from ..widgets.buttons import button, working_button

RULES = (
    f"One mistake or bad setting is hidden in this run. Look at the map, the curves and the layers "
    f"as long as you like; {BUDGET} checks can be spent. Checks and wrong answers cost points. "
    "Reloading the page ends the case and shows the settings."
)

NOBODY = "nobody"
"""The suspect that is chosen at first: a careless press names none."""


class DetectivePanel(pn.viewable.Viewer):
    """Begins investigations, spends their checks and takes the answers."""

    session = param.ClassSelector(class_=Session, constant=True)

    def __init__(self, session: Session) -> None:
        super().__init__(session=session)
        self._start = working_button("Start detective", self._begin)
        self._case = pmui.TextInput(label="Case", value="1", size="small", width=70, margin=(5, 6))
        self._standing = html("", "bp-note", align="center", sizing_mode="stretch_width")
        self._checks = pn.FlexBox(
            *(working_button(label, self._spender(name)) for name, (label, _) in CHECKS.items()),
            gap="4px 0",
            margin=(4, 0),
        )
        self._results = html("", "bp-finding")
        options = {"choose one": NOBODY} | {label: key for key, label in suspects().items()}
        self._suspect = pmui.Select(
            label="Suspect",
            options=options,
            value=NOBODY,
            size="small",
            width=260,
            margin=(8, 6, 5, 0),
        )
        self._namer = button("Name the suspect", self._name, margin=(12, 3))
        self._answer = pn.Row(
            self._suspect,
            self._namer,
            button("Give up", self._give_up, margin=(12, 3)),
            margin=0,
        )
        self._layout = pn.Column(
            pn.Row(
                self._start,
                self._case,
                self._standing,
                margin=0,
                sizing_mode="stretch_width",
                styles={"align-items": "center"},
            ),
            self._checks,
            self._results,
            self._answer,
            margin=(0, 0, 8, 0),
            sizing_mode="stretch_width",
        )
        session.param.watch(self._show, ["investigation", "run", "mistakes"])
        session.param.watch(self._begin_answer, "investigation")
        self._suspect.param.watch(self._show, "value")
        self._show()

    def __panel__(self) -> pn.viewable.Viewable:
        return self._layout

    def _begin(self) -> None:
        session = self.session
        session.attempt("detective", lambda: session.investigate(seed_of(self._case.value)))

    def _begin_answer(self, event: param.parameterized.Event) -> None:
        """Let none be chosen at the beginning."""
        self._suspect.value = NOBODY

    def _spender(self, name: str) -> Callable[[], None]:
        def spend() -> None:
            """Pause the training, and make the check."""
            self.session.pause()
            self._attempt(lambda case: case.check(name))

        return spend

    def _name(self) -> None:
        if self._suspect.value != NOBODY:
            self._attempt(lambda case: case.answer(self._suspect.value))
            self._suspect.value = NOBODY

    def _give_up(self) -> None:
        self._attempt(lambda case: case.give_up())

    def _attempt(self, move: Callable[[Investigation], object]) -> None:
        """Make a move; one that was pressed before the page showed that it is over counts not."""
        case = self.session.investigation
        if case is None or case.over:
            return
        self.session.attempt("detective", lambda: move(case))
        if case.over:
            self._reveal()
        self._show()

    def _reveal(self) -> None:
        """Show the answer; what was hidden everywhere else appears with it."""
        self._case.value = str(seed_of(self._case.value) + 1)
        self.session.param.trigger("run")

    def _show(self, *events: param.parameterized.Event) -> None:
        case, refused = self.session.investigation, self.session.mistakes.get("detective", "")
        under_way = case is not None and not case.over
        self._checks.visible = self._answer.visible = under_way
        self._namer.disabled = self._suspect.value == NOBODY
        for name, check in zip(CHECKS, self._checks, strict=True):
            # One that was spent says again what it said.
            check.disabled = under_way and not case.left and name not in case.results
        mistake = f'<span class="bp-mistake">{escape(refused)}</span>' if refused else ""
        self._standing.object = f"{standing(case)} {mistake}"
        self._results.object = results(case) if case else ""


def seed_of(text: str) -> int:
    """Return the number of a case; 1 for what is none."""
    return int(text) if text.strip().isdecimal() else 1


def standing(case: Investigation | None) -> str:
    """Return the rules, or how an investigation stands, as HTML."""
    if case is None:
        return "Find out what was planted in a run. Each case number hides something else."
    if not case.over:
        wrong = f" Not the cause: {escape(_labels(case.answers))}." if case.answers else ""
        return f"{RULES} <b>Checks left: {case.left} · points: {case.score}.</b>{wrong}"
    how = "Solved" if case.solved else "Given up"
    return (
        f"<b>{how}: {case.score} of {FULL_SCORE} points.</b> {escape(case.explanation())} "
        "The doctor and all settings are shown again."
    )


def results(case: Investigation) -> str:
    """Return what the spent checks said, as HTML."""
    return "<br>".join(
        f"<b>{escape(CHECKS[name][0])}:</b> {escape(said)}" for name, said in case.results.items()
    )


def _labels(answers: list[str]) -> str:
    labels = suspects()
    return ", ".join(labels[answer] for answer in answers)
