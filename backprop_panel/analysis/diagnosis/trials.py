"""Trials: a run's next steps, or its first ones, made again with a setting changed.

A trial answers what a symptom cannot: whether the present setting is the cause. It trains a copy
of the run for a few steps, on the batches that the run itself would take.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...runs.replay import initial_engine
from ...runs.run import TrainingRun
from ...settings import SettingError
from ...training.checkpoints import EngineState
from ...training.engine import Engine
from ...training.model import Model
from .moments import Probe

MOST_STEPS = 200
"""Steps of a trial, at most."""

FEWEST_STEPS = 16
"""Steps of a trial, at least."""

MOST_PRODUCTS = 2 * 10**9
"""Multiplications of a trial, for wide networks: some tenths of a second."""

WIDTH_OF_ADDED_LAYER, ACTIVATION_OF_ADDED_LAYER = 32, "gelu"
"""The hidden layer that a trial gives to a network without any."""

READINGS = 4
"""The loss of a trial is the mean over so many readings in its last quarter."""


class Trials:
    """Trials of a run.

    Parameters
    ----------
    run : TrainingRun
    probe : Probe
        Measures the loss.
    """

    def __init__(self, run: TrainingRun, probe: Probe) -> None:
        self._run, self._probe = run, probe

    def steps(self, state: EngineState) -> int:
        """Return the number of steps of a trial with a state's settings."""
        batch = min(int(state.settings["batch_size"]), len(self._run.dataset))
        affordable = MOST_PRODUCTS // (3 * self._run.model.network.size * batch)
        return int(np.clip(affordable, FEWEST_STEPS, MOST_STEPS))

    def excess(self, state: EngineState, steps: int, **changes: Any) -> float:
        """Train from a state with some settings changed; return the excess loss at the end.

        Infinity stands for a loss that is not finite, and for settings that the fault in force
        does not allow.
        """
        engine = initial_engine(self._run)
        engine.restore(state)
        return self._trained(engine, self._probe, steps, changes)

    def wider(self, state: EngineState, steps: int, factor: int) -> float:
        """Train a network with hidden layers so many times as wide from its beginning.

        One without hidden layers gets one.
        """
        model, data = self._run.model, self._run.dataset
        hidden = model.network.widths[1:-1]
        wider = Model(
            input_dimension=data.input_dimension,
            output_dimension=data.output_dimension,
            hidden_dimension=[factor * units for units in hidden] or [WIDTH_OF_ADDED_LAYER],
            activation=list(model.network.activation_names) or [ACTIVATION_OF_ADDED_LAYER],
            initialization=model.initialization,
            seed=model.seed,
        )
        settings = initial_engine(self._run).settings
        now = {name: state.settings[name] for name in ("learning_rate", "batch_size", "loss_type")}
        engine = Engine(wider.network, data, settings)
        return self._trained(engine, Probe(wider.network, data), steps, now)

    def _trained(
        self, engine: Engine, probe: Probe, steps: int, changes: Mapping[str, Any]
    ) -> float:
        engine.measuring = False
        try:
            engine.change(**changes)
        except SettingError:  # the fault in force does not allow it
            return float("inf")
        loss_type, begin, readings = engine.settings.loss_type, engine.step, []
        with np.errstate(all="ignore"):
            for made in np.linspace(0.75 * steps, steps, READINGS):
                while (left := begin + round(made) - engine.step) > 0:
                    engine.advance(engine.settings.batch_size, left)
                readings.append(probe.loss(engine.state(), loss_type))
        excess = probe.scale(loss_type).excess(float(np.mean(readings)))
        return excess if np.isfinite(excess) else float("inf")
