"""One run: a beginning and the events since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import numpy as np
import param
from numpy.typing import NDArray

from ..data.sequence_dataset import SequenceDataset
from ..nn.optimizers import OptimizerState
from ..settings import SettingError, is_whole, plain, refuse_unknown, shown
from ..training.command_queue import Command, CommandQueue
from ..training.engine import Engine
from ..training.file_input import Source
from ..training.history import History
from ..training.model import Model
from ..training.trainer import SETTING_NAMES, Trainer
from ..training.weight_tensors import read_parameters
from ..training.worker import Worker
from .replay import Replay, ReplayedStep, initial_engine, replay_step, replay_to

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
    parent = param.Tuple(
        default=None,
        length=2,
        allow_None=True,
        constant=True,
        doc="The id of the run that this was forked from, and the step; None: it has no parent.",
    )
    name = param.String(constant=False, doc="Free text, unique within a manager.")

    def __init__(
        self,
        name: str,
        config: Mapping[str, Any],
        id: str | None = None,
        parent: tuple[str, int] | None = None,
    ) -> None:
        refuse_unknown(config, CONFIGURATION)
        super().__init__(name=name, id=id or uuid4().hex, parent=parent)
        self.dataset = SequenceDataset(**_only(config, DATA_SETTINGS))
        self.model = Model(
            input_dimension=self.dataset.input_dimension,
            output_dimension=self.dataset.output_dimension,
            seed=self.dataset.seed,
            **_only(config, MODEL_SETTINGS),
        )
        self.model.run = self
        self.trainer = Trainer(self.model, self.dataset, **_only(config, TRAINER_SETTINGS))
        self.config = self.settings
        self.worker = Worker(self.trainer.engine, self.trainer.commands, self.claim)

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

    @property
    def commands(self) -> CommandQueue:
        """Runs commands between two steps; it takes no lease."""
        return self.trainer.commands

    def claim(self) -> None:
        """Take the lease of a run in a store; call it while the `commands` are locked.

        Raises
        ------
        SettingError
            If another window or process trains the run.
        """
        self.trainer.claim()

    def submit(self, command: Command) -> None:
        """Claim the run and change it by a command: now, or before the worker's next step.

        Raises
        ------
        SettingError
            If another window or process trains the run: nothing has changed.
        """
        self.trainer.submit(command)

    def load_weights(self, source: Source) -> None:
        """Take all weights and biases from the safetensors file of a matching ``nn.Sequential``.

        It is an event: replay, reset, forks, exports and the store know of it, and keep the
        tensors. A worker that trains takes them between two steps. What the optimizer remembers
        stays as it is. A frozen layer takes its new weights as well, and keeps those.

        Parameters
        ----------
        source : path, bytes or binary file
            Float32 tensors ``0.weight`` (out, in), ``0.bias`` (out,), ``2.weight``, …

        Raises
        ------
        SettingError
            If the file is damaged, or its tensors are not finite or not those of the model, or the
            run is trained elsewhere: nothing has changed.
        """
        engine = self.trainer.engine
        parameters = read_parameters(source, engine.network)
        self.submit(lambda: engine.load_weights(parameters))

    def at(self, step: int) -> RunState:
        """Return the exact state after `step` updates, and after what was changed by hand there.

        At step 0 it is the beginning, before anything was done to the run: what a reset returns to.

        Raises
        ------
        SettingError
            If the run has not come to that step.
        """
        step = self._checked_step(step)
        engine = self.replay(step).engine if step else initial_engine(self)
        return RunState(
            step=engine.step,
            weights=engine.network.weights,
            biases=engine.network.biases,
            optimizer_state=engine.optimizer_state,
            epoch=engine.cursor.epoch,
            position=engine.cursor.position,
            settings={name: getattr(engine.settings, name) for name in SETTING_NAMES},
        )

    def replay(self, step: int) -> Replay:
        """Return another engine as this run's was after `step` updates, its log included.

        Replay starts at the last checkpoint before `step` and repeats the events after it. The
        checkpoints and the run's present state are taken as they are, even where repeating the
        events would give others.

        Returns
        -------
        engine : Engine
        deviation : str
            How the replay differs from what the run recorded; empty if it does not.

        Raises
        ------
        SettingError
            If the run has not come to that step.
        """
        return replay_to(self, self._checked_step(step))

    def step_again(self, step: int) -> ReplayedStep:
        """Return another engine as this run's was after `step` updates, and that step's record.

        What was changed right after the step is in the engine, as in `replay`, and not in the
        record. At step 0 the record is that of a look at the first batch.

        Returns
        -------
        engine : Engine
        record : StepRecord
        deviation : str
            How the replay differs from what the run recorded; empty if it does not.

        Raises
        ------
        SettingError
            If the run has not come to that step.
        """
        return replay_step(self, self._checked_step(step))

    def _checked_step(self, step: int) -> int:
        step, last = plain(step), self.trainer.step
        if not is_whole(step) or not 0 <= step <= last:
            raise SettingError(
                "step",
                f"step must be a whole number from 0 to {last}, where {self.name!r} is; "
                f"got {shown(step)}.",
            )
        return step

    def reset(self) -> None:
        """Go back to the beginning: weights, optimizer, batch order, settings and history."""
        self.worker.stop()
        beginning = initial_engine(self)
        self.submit(lambda: self._adopt(beginning))

    def fork(self, name: str, step: int) -> TrainingRun:
        """Return a run of another name with this one's past up to `step`, in its present mode."""
        step = self._checked_step(step)
        config = {**self.config, "mode": self.trainer.mode}
        fork = TrainingRun(name, config, parent=(self.id, step))
        fork._adopt(self.replay(step).engine)
        return fork

    def _adopt(self, engine: Engine) -> None:
        self.trainer.engine.adopt(engine)
        self.trainer.show_engine_settings()


def _only(settings: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: settings[name] for name in names if name in settings}
