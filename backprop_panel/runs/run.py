"""One run: its configuration, its events, and everything that follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from threading import RLock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import param
from numpy.typing import NDArray

from ..data.sequence_dataset import SequenceDataset
from ..nn.optimizers import OptimizerState
from ..settings import SettingError, is_whole, plain, refuse_unknown, shown
from ..storage.run_index import ListedRun
from ..storage.run_summary import RunSummary
from ..training.command_queue import Command, CommandQueue
from ..training.engine import Engine
from ..training.file_input import Source
from ..training.history import History
from ..training.model import Model
from ..training.trainer import SETTING_NAMES, Trainer
from ..training.weight_tensors import read_parameters
from ..training.worker import Worker
from .configuration import Configuration
from .deferral import Deferral
from .replay import Replay, ReplayedStep, initial_engine, replay_step, replay_to

if TYPE_CHECKING:
    from .manager import TrainingRunManager

DATA_SETTINGS = tuple(SequenceDataset.setting_names())
MODEL_SETTINGS = tuple(
    name
    for name in Model.setting_names()
    if name not in ("input_dimension", "output_dimension", "seed")
)
TRAINER_SETTINGS = (*SETTING_NAMES, "mode")
CONFIGURATION = (*DATA_SETTINGS, *MODEL_SETTINGS, *TRAINER_SETTINGS)
"""All keys of a run's configuration; `seed` is that of the data and the model."""

DEFERRED = ("dataset", "model", "trainer", "worker")
"""The parts of a run that a store's run has once it is loaded: every attribute that takes time."""


@dataclass(frozen=True)
class RunState:
    """The exact state of a run after `step` updates.

    Attributes
    ----------
    weights : list of array, shape (in, out)
    biases : list of array, shape (out,)
    optimizer_state : OptimizerState
    epoch, position : int
        The place of the next batch.
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
    """One experiment: its configuration, which never changes, and the events since.

    Everything else follows by replay of the events on a new engine: resets, forks and earlier
    steps are all reached by `replay`.

    Attributes
    ----------
    config : dict
        All settings at the beginning.
    dataset, model, trainer
        Made from the configuration.
    worker : Worker
        Trains the run in the background.
    manager : TrainingRunManager or None
        The manager that has it, which checks and saves a new name.

    A run that a store lists has its `id`, `name`, `parent`, `config` and `summary` at once, and is
    loaded when another attribute is first used. That raises `SettingError` if it cannot be read.
    """

    manager: TrainingRunManager | None = None
    _deferral: Deferral | None = None

    id = param.String(constant=True, doc="Never given to another run.")
    parent = param.Tuple(
        default=None,
        length=2,
        allow_None=True,
        constant=True,
        doc="The id of the parent run and the step of the fork; None: no parent.",
    )
    name = param.String(constant=False, doc="Free text, unique within a manager, which saves it.")

    def __init__(
        self,
        name: str,
        config: Mapping[str, Any],
        id: str | None = None,
        parent: tuple[str, int] | None = None,
        deferral: Deferral | None = None,
    ) -> None:
        if not isinstance(config, Mapping):
            raise SettingError(
                "config", f"config must be a mapping of settings, got {shown(config)}."
            )
        refuse_unknown(config, CONFIGURATION)
        super().__init__(name=name, id=id or uuid4().hex, parent=parent)
        self._deferral, self._loading = deferral, RLock()
        if deferral is not None:
            self._stored_config = config
            return
        self.dataset = SequenceDataset(**_only(config, DATA_SETTINGS))
        self.model = Model(
            input_dimension=self.dataset.input_dimension,
            output_dimension=self.dataset.output_dimension,
            seed=self.dataset.seed,
            **_only(config, MODEL_SETTINGS),
        )
        self.model.run = self
        self.trainer = Trainer(self.model, self.dataset, **_only(config, TRAINER_SETTINGS))
        self.config = Configuration(self.settings)
        self.worker = Worker(self.trainer.engine, self.trainer.commands, self.claim)

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; a new name by way of the manager."""
        # Not by a Param of another class: Param allows none for `name`.
        if name == "name" and self.manager is not None:
            self.manager.rename(self.id, value)
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        """Return a deferred part; called only while the run has no attribute of that name."""
        if name == "config" and self._deferral is not None:
            self.config = Configuration(_completed(self._stored_config))
            return self.config
        if name not in DEFERRED or self._deferral is None:
            return object.__getattribute__(self, name)  # raises AttributeError again
        self.load()
        return self.__dict__[name]

    def take_name(self, name: str) -> None:
        """Set a name that the manager has checked and saved."""
        super().__setattr__("name", name)

    @property
    def loaded(self) -> bool:
        """Whether the run has all its parts, and not only its entry in a store's list."""
        return self._deferral is None or DEFERRED[-1] in self.__dict__

    def load(self) -> None:
        """Load the run from its store unless it is loaded.

        Raises
        ------
        SettingError
            If it cannot be read.
        """
        with self._loading:
            if self.loaded:
                return
            try:
                whole = self._deferral.read(self, self._made_whole)
            except Exception as error:
                failure = error
            else:
                whole.model.run = self
                self.__dict__.update({name: vars(whole)[name] for name in ("config", *DEFERRED)})
                return
        refusal = self._deferral.refusal(self, failure)
        raise refusal from (None if refusal is failure else failure)

    def _made_whole(self) -> TrainingRun:
        return TrainingRun(self.name, self.config, self.id, self.parent)

    def list_again(self, listed: ListedRun) -> bool:
        """Take a newer entry of the store's list; tell if the run was saved since the last one."""
        was = self._deferral.listed
        if listed != was:
            self._deferral = self._deferral.with_entry(listed)
        return listed.saves != was.saves

    @property
    def summary(self) -> RunSummary:
        """The run in numbers; that of a run which is not loaded is in the store's list."""
        listed = None if self.loaded else self._deferral.summary
        return listed or RunSummary.of(self.trainer.engine)

    @property
    def settings(self) -> dict[str, Any]:
        """The present value of every setting."""
        if not self.loaded and (listed := self._deferral.summary):
            mode = self._deferral.listed.mode or self.config["mode"]
            return {**self.config, **listed.settings, "mode": mode}
        return {
            **self.dataset.settings(),
            **_only(self.model.settings(), MODEL_SETTINGS),
            **_only(self.trainer.settings(), TRAINER_SETTINGS),
        }

    @property
    def history(self) -> History:
        """The columns step, epoch, loss, accuracy and validation_loss, as NumPy arrays."""
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
        """Load all weights and biases from the safetensors file of a matching ``nn.Sequential``.

        This is an event: replay, reset, forks, exports and the store repeat or keep it with its
        tensors. While a worker trains, they are loaded between two steps. The optimizer keeps its
        state. A frozen layer gets its new weights as well.

        Parameters
        ----------
        source : path, bytes or binary file
            Float32 tensors ``0.weight`` (out, in), ``0.bias`` (out,), ``2.weight``, …

        Raises
        ------
        SettingError
            If the file is damaged, its tensors are not finite or do not fit the model, or another
            window or process trains the run. Nothing has changed then.
        """
        engine = self.trainer.engine
        parameters = read_parameters(source, engine.network)
        self.submit(lambda: engine.load_weights(parameters))

    def at(self, step: int) -> RunState:
        """Return the exact state after `step` updates and the changes made right after them.

        At step 0 it is the beginning, before any change: the state after a reset.

        Raises
        ------
        SettingError
            If the run has not reached that step.
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
        """Return a new engine in the state after `step` updates, with its log.

        Replay starts at the last checkpoint before `step` and repeats the events after it.
        Checkpoints and the run's present state are used even if the replay deviates from them.

        Returns
        -------
        engine : Engine
        deviation : str
            How the replay differs from the record of the run; empty if it does not.

        Raises
        ------
        SettingError
            If the run has not reached that step.
        """
        return replay_to(self, self._checked_step(step))

    def step_again(self, step: int) -> ReplayedStep:
        """Return a new engine in the state after `step` updates, and the record of that step.

        Changes made right after the step are in the engine, as in `replay`, but not in the
        record. At step 0 the record shows the first batch before any update.

        Returns
        -------
        engine : Engine
        record : StepRecord
        deviation : str
            How the replay differs from the record of the run; empty if it does not.

        Raises
        ------
        SettingError
            If the run has not reached that step.
        """
        return replay_step(self, self._checked_step(step))

    def _checked_step(self, step: int) -> int:
        step, last = plain(step), self.trainer.step
        if not is_whole(step) or not 0 <= step <= last:
            raise SettingError(
                "step",
                f"step must be a whole number from 0 to {last}, where {shown(self.name)} is; "
                f"got {shown(step)}.",
            )
        return step

    def reset(self) -> None:
        """Return to the beginning: weights, optimizer, batch order, settings and history."""
        self.worker.stop()
        beginning = initial_engine(self)
        self.submit(lambda: self._adopt(beginning))

    def fork(self, name: str, step: int) -> TrainingRun:
        """Return a new run with the past of this one up to `step`, in its present mode."""
        step = self._checked_step(step)
        config = {**self.config, "mode": self.trainer.mode}
        fork = TrainingRun(name, config, parent=(self.id, step))
        fork._adopt(self.replay(step).engine)
        return fork

    def _adopt(self, engine: Engine) -> None:
        self.trainer.engine.adopt(engine)
        self.trainer.notify_watchers()


def _completed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored configuration as a loaded run has it, without making any part."""
    return SequenceDataset.with_containers({**_defaults(), **config})


@cache
def _defaults() -> dict[str, Any]:
    """Return the default of every setting."""
    settings = {SequenceDataset: DATA_SETTINGS, Model: MODEL_SETTINGS, Trainer: TRAINER_SETTINGS}
    return {name: kind.param[name].default for kind, names in settings.items() for name in names}


def _only(settings: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: settings[name] for name in names if name in settings}
