"""Runs: a beginning and the events since, and the manager that keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import uuid4

import numpy as np
import param
from numpy.typing import NDArray

from .dataset import SequenceDataset
from .engine import Engine
from .events import Trained, do_again
from .history import History
from .model import Model
from .nn.optimizers import OptimizerState
from .nn.record import StepRecord
from .settings import Choice, SettingError, refuse_unknown
from .trainer import SETTING_NAMES, Trainer
from .worker import Worker

DATA_SETTINGS = tuple(SequenceDataset.setting_names())
MODEL_SETTINGS = tuple(
    name
    for name in Model.setting_names()
    if name not in ("input_dimension", "output_dimension", "seed")
)
TRAINER_SETTINGS = (*SETTING_NAMES, "mode")
CONFIGURATION = (*DATA_SETTINGS, *MODEL_SETTINGS, *TRAINER_SETTINGS)
"""Every key of a run's configuration; `seed` is the data's and the model's."""


@dataclass(frozen=True)
class RunState:
    """The exact state of a run after `step` updates.

    Attributes
    ----------
    weights : list of array, shape (in, out)
    biases : list of array, shape (out,)
    optimizer_state : OptimizerState
    epoch, position : int
        Where the next batch begins.
    settings : dict
        The training settings in force.
    """

    step: int
    weights: list[NDArray[np.float32]]
    biases: list[NDArray[np.float32]]
    optimizer_state: OptimizerState
    epoch: int
    position: int
    settings: dict[str, Any]


class TrainingRun(param.Parameterized):
    """One experiment: its configuration, which never changes, and what was done since.

    Everything else follows by replaying the events on a fresh engine: resetting, forking and
    looking back are all `replay`.

    Attributes
    ----------
    config : dict
        Every setting as it was at the beginning.
    dataset, model, trainer
        The objects made from it.
    worker : Worker
        Trains in the background.
    """

    id = param.String(constant=True, doc="Unique for ever.")
    name = param.String(constant=False, doc="Free text, unique within a manager.")

    def __init__(self, name: str, config: Mapping[str, Any]) -> None:
        refuse_unknown(config, CONFIGURATION)
        super().__init__(name=name, id=uuid4().hex)
        self.dataset = SequenceDataset(**_only(config, DATA_SETTINGS))
        self.model = Model(
            input_dimension=self.dataset.input_dimension,
            output_dimension=self.dataset.output_dimension,
            seed=self.dataset.seed,
            **_only(config, MODEL_SETTINGS),
        )
        self.trainer = Trainer(self.model, self.dataset, **_only(config, TRAINER_SETTINGS))
        self.config = self.settings
        self.worker = Worker(self.trainer.engine)

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting as it is now."""
        return {
            **self.dataset.settings(),
            **_only(self.model.settings(), MODEL_SETTINGS),
            **_only(self.trainer.settings(), TRAINER_SETTINGS),
        }

    @property
    def history(self) -> History:
        """Columns step, epoch, loss, accuracy and validation_loss, as NumPy arrays."""
        return self.trainer.engine.history

    def at(self, step: int) -> RunState:
        """Return the exact state after `step` updates.

        Raises
        ------
        SettingError
            If the run has not come to that step.
        """
        engine = self.replay(step)
        return RunState(
            step=engine.step,
            weights=engine.network.weights,
            biases=engine.network.biases,
            optimizer_state=engine.optimizer_state,
            epoch=engine.cursor.epoch,
            position=engine.cursor.position,
            settings={name: getattr(engine.settings, name) for name in SETTING_NAMES},
        )

    def replay(self, step: int) -> Engine:
        """Return another engine as this run's was after `step` updates, its log included.

        It begins at the last checkpoint before, and does what was done since again.

        Raises
        ------
        SettingError
            If the run has not come to that step.
        """
        present = self.trainer.engine
        if not 0 <= step <= present.step:
            raise SettingError(
                "step",
                f"step must be from 0 to {present.step}, where {self.name!r} is; got {step}.",
            )
        engine = self._beginning()
        events = list(present.events)
        done = 0
        if checkpoint := present.checkpoints.before(step):
            engine.restore(checkpoint)
            engine.history.restore(present.history, checkpoint.step)
            engine.checkpoints = present.checkpoints.up_to(step)
            # The last event that had begun is done with as far as it had come.
            done = checkpoint.events - 1
            engine.events = deepcopy(events[:done])
            last = events[done]
            engine.events.append(
                Trained(last.step, last.size, checkpoint.step - last.step)
                if isinstance(last, Trained)
                else last
            )
            done += not isinstance(last, Trained)
        do_again(events[done:], engine, step)
        return engine

    def step_again(self, step: int) -> tuple[Engine, StepRecord]:
        """Return another engine as this run's was after `step` updates, and that step's record.

        At step 0 the record is that of a look at the first batch.
        """
        if step == 0:
            engine = self.replay(0)
            return engine, engine.look()
        size = next(
            event.size
            for event in reversed(self.trainer.engine.events)
            if isinstance(event, Trained) and event.step < step
        )
        engine = self.replay(step - 1)
        record = engine.observe(size)
        return engine, record

    def reset(self) -> None:
        """Go back to the beginning: weights, optimizer, batch order, settings and history."""
        self.worker.stop()
        self._adopt(self._beginning())

    def fork(self, name: str, step: int) -> TrainingRun:
        """Return a run of another name with this one's past up to `step`."""
        fork = TrainingRun(name, self.config)
        fork._adopt(self.replay(step))
        return fork

    def _adopt(self, engine: Engine) -> None:
        self.trainer.engine.adopt(engine)
        self.trainer.show_engine_settings()

    def _beginning(self) -> Engine:
        model = Model(**self.model.settings())
        trainer = Trainer(model, self.dataset, **_only(self.config, SETTING_NAMES))
        return trainer.engine


class TrainingRunManager(param.Parameterized):
    """Keeps runs: at least one from the first `create` on, each under a name of its own."""

    runs = param.List([], item_type=TrainingRun, doc="All runs, in the order of their creation.")
    store = Choice(default=None, objects=[None], doc="None: the runs are kept in memory.")
    current = param.ClassSelector(
        default=None, class_=TrainingRun, allow_None=True, doc="The run that is worked on."
    )

    def create(self, name: str | None = None, **config: Any) -> TrainingRun:
        """Make a run with its own configuration, and make it the current one.

        Raises
        ------
        SettingError
            If the name is taken, or a setting is unknown or bad. Nothing has changed then.
        """
        name = self._free_name("run") if name is None else self._checked_name(name)
        return self._add(TrainingRun(name, config))

    def fork(
        self, run_id: str, step: int | None = None, name: str | None = None, **settings: Any
    ) -> TrainingRun:
        """Make a run that shares another's past up to `step`, its present by default.

        Parameters
        ----------
        run_id : str
        step : int, optional
        name : str, optional
        **settings
            Training settings that differ from there on.

        Raises
        ------
        SettingError
            If a setting would need another network or other data, or something is unknown.
        """
        parent = self.run(run_id)
        name = self._free_name(parent.name) if name is None else self._checked_name(name)
        _refuse_new_network(settings)
        fork = parent.fork(name, parent.trainer.step if step is None else step)
        fork.trainer.param.update(**settings)
        return self._add(fork)

    def add(self, run: TrainingRun) -> TrainingRun:
        """Take in a run that was made elsewhere, under a free name, and make it the current one."""
        if run.name in {other.name for other in self.runs}:
            run.name = self._free_name(run.name)
        return self._add(run)

    def switch(self, run_id: str) -> TrainingRun:
        """Make another run the current one."""
        self.current = self.run(run_id)
        return self.current

    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name."""
        run = self.run(run_id)
        if name != run.name:
            run.name = self._checked_name(name)
            self.param.trigger("runs")

    def reset(self, run_id: str) -> None:
        """Take a run back to its exact beginning."""
        self.run(run_id).reset()

    def delete(self, run_id: str) -> None:
        """Delete a run; if it was the current one, the one before it becomes that."""
        run = self.run(run_id)
        if len(self.runs) == 1:
            raise SettingError("runs", f"{run.name!r} is the only run; there must be one.")
        run.worker.stop()
        place = self.runs.index(run)
        remaining = [other for other in self.runs if other is not run]
        with param.parameterized.batch_call_watchers(self):
            self.runs = remaining
            if self.current is run:
                self.current = remaining[max(place - 1, 0)]

    def run(self, run_id: str) -> TrainingRun:
        """Return the run with this id."""
        for run in self.runs:
            if run.id == run_id:
                return run
        raise SettingError("runs", f"There is no run with the id {run_id!r}.")

    def close(self) -> None:
        """Stop everything that is training."""
        for run in self.runs:
            run.worker.stop()

    def _add(self, run: TrainingRun) -> TrainingRun:
        with param.parameterized.batch_call_watchers(self):
            self.runs = [*self.runs, run]
            self.current = run
        return run

    def _checked_name(self, name: str) -> str:
        if not isinstance(name, str):
            raise SettingError("name", f"A run's name must be text, got {name!r}.")
        name = name.strip()
        if not name:
            raise SettingError("name", "A run needs a name.")
        if name in {run.name for run in self.runs}:
            raise SettingError("name", f"There is a run named {name!r} already.")
        return name

    def _free_name(self, stem: str) -> str:
        taken = {run.name for run in self.runs}
        return next(name for number in count(1) if (name := f"{stem} {number}") not in taken)


def _refuse_new_network(settings: Mapping[str, Any]) -> None:
    refuse_unknown(settings, CONFIGURATION)
    for name in settings:
        if name not in TRAINER_SETTINGS:
            raise SettingError(
                name,
                f"{name} needs a new network, so it cannot change in a fork; create a run with it. "
                f"A fork may change {', '.join(TRAINER_SETTINGS)}.",
            )


def _only(settings: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: settings[name] for name in names if name in settings}
