"""Samplers of Optuna, by its ask-and-tell interface: they choose what to try from the results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..settings import SettingError, did_you_mean, shortened, shown
from .checking import takes_whole_numbers
from .plan import Plan

WITHOUT_OPTUNA = (
    'This sampler needs Optuna, which is not installed here: pip install "backprop-panel[optuna]".'
)
TRIED_OUT = 12
"""Trials that are drawn to try a sampler out: those of Optuna draw the first ten at random."""


class OptunaSampler:
    """The configurations that a sampler of Optuna chooses.

    Parameters
    ----------
    plan : Plan

    Raises
    ------
    SettingError
        If Optuna is not installed, has no such sampler, or cannot make it.
    """

    def __init__(self, plan: Plan) -> None:
        try:
            import optuna
        except ImportError:
            raise SettingError("sampler", WITHOUT_OPTUNA) from None
        known = [
            name
            for name in optuna.samplers.__all__
            if name.endswith("Sampler") and not name.startswith("Base")
        ]
        if plan.sampler not in known:
            raise SettingError(
                "sampler",
                f"Optuna has no sampler {shown(plan.sampler)}.{_nearest(plan.sampler, known)}",
            )
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._optuna = optuna
        self._distributions = {name: self._distribution(plan, name) for name in plan.ranges}
        self._asked: dict[int, Any] = {}
        self._name, self._samples = plan.sampler, plan.samples
        with self._refused():
            self._study = self._new_study()

    def try_out(self) -> None:
        """Draw a few trials, so that a sampler that cannot work is refused now.

        Raises
        ------
        SettingError
            If it misses a package, for example.
        """
        with self._refused():
            study = self._new_study()
            for score in range(min(TRIED_OUT, self._samples)):
                study.tell(study.ask(self._distributions), float(score))

    def _new_study(self) -> Any:
        # A seed makes the choices reproducible, where results come in the same order.
        sampler = getattr(self._optuna.samplers, self._name)(seed=0)
        return self._optuna.create_study(sampler=sampler)

    @contextmanager
    def _refused(self) -> Iterator[None]:
        """Raise `SettingError` for whatever Optuna and its packages raise in a block."""
        try:
            yield
        except Exception as error:
            reason = shortened(error).rstrip(".")
            raise SettingError("sampler", f"{self._name} cannot be used here: {reason}.") from None

    def ask(self, combination: int) -> dict[str, Any]:
        """Return the settings of a new combination."""
        trial = self._study.ask(self._distributions)
        self._asked[combination] = trial
        return dict(trial.params)

    def tell(self, combination: int, settings: dict[str, Any], score: float | None) -> None:
        """Tell how well a combination did, None if it failed; lower is better.

        One that was asked for in an earlier process is added with its settings.
        """
        states = self._optuna.trial.TrialState
        state = states.FAIL if score is None else states.COMPLETE
        trial = self._asked.pop(combination, None)
        if trial is not None:
            self._study.tell(trial, score, state)
            return
        self._study.add_trial(
            self._optuna.trial.create_trial(
                state=state, value=score, params=settings, distributions=self._distributions
            )
        )

    def _distribution(self, plan: Plan, name: str) -> Any:
        kinds, values = self._optuna.distributions, plan.ranges[name]
        if isinstance(values, list):
            return kinds.CategoricalDistribution(values)
        low, high = values
        if takes_whole_numbers(name):
            return kinds.IntDistribution(int(low), int(high))
        return kinds.FloatDistribution(low, high, log=plan.is_log(name))


def _nearest(given: str, known: list[str]) -> str:
    """Return a hint at the sampler that was meant: TPE means TPESampler."""
    longer = next((name for name in known if name.lower() == f"{given}sampler".lower()), given)
    return did_you_mean(longer, known)
