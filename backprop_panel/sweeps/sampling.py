"""Samplers of Optuna, by its ask-and-tell interface: they choose what to try from the results."""

from __future__ import annotations

from typing import Any

from ..settings import SettingError, did_you_mean, shortened, shown
from .checking import takes_whole_numbers
from .plan import Plan

WITHOUT_OPTUNA = (
    'This sampler needs Optuna, which is not installed here: pip install "backprop-panel[optuna]".'
)
REHEARSED = 12
"""Trials of a rehearsal: the samplers of Optuna draw the first ten at random."""


class OptunaSampler:
    """The configurations that a sampler of Optuna chooses.

    Parameters
    ----------
    plan : Plan

    Raises
    ------
    SettingError
        If Optuna is not installed, or has no such sampler.
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
        try:
            self._rehearse(plan.sampler)
            self._study = self._new_study(plan.sampler)
        except Exception as error:  # of any kind: they are those of Optuna and its packages
            raise SettingError(
                "sampler",
                f"{plan.sampler} cannot be used here: {shortened(error).rstrip('.')}.",
            ) from None

    def _new_study(self, sampler: str) -> Any:
        # A seed makes the choices reproducible, where results come in the same order.
        return self._optuna.create_study(sampler=getattr(self._optuna.samplers, sampler)(seed=0))

    def _rehearse(self, sampler: str) -> None:
        """Raise what a sampler raises once it draws by itself: it misses a package, for example."""
        study = self._new_study(sampler)
        for score in range(REHEARSED):
            study.tell(study.ask(self._distributions), float(score))

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
