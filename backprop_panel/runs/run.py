"""One run: a beginning and the events since."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from threading import RLock
from typing import Any
from uuid import uuid4

import numpy as np
import param
from numpy.typing import NDArray

from ..data.sequence_dataset import SequenceDataset
from ..nn.optimizers import OptimizerState
from ..nn.record import StepRecord
from ..settings import SettingError, is_whole, plain, refuse_unknown, shown
from ..storage.run_index import ListedRun
from ..storage.run_summary import RunSummary
from ..training.engine import Engine
from ..training.event_log import Trained, do_again
from ..training.file_input import Source
from ..training.history import History
from ..training.model import Model
from ..training.trainer import SETTING_NAMES, Trainer
from ..training.weight_tensors import read_parameters
from ..training.worker import Worker
from .deferral import Deferral

DATA_SETTINGS = tuple(SequenceDataset.setting_names())
MODEL_SETTINGS = tuple(
    name
    for name in Model.setting_names()
    if name not in ("input_dimension", "output_dimension", "seed")
)
TRAINER_SETTINGS = (*SETTING_NAMES, "mode")
CONFIGURATION = (*DATA_SETTINGS, *MODEL_SETTINGS, *TRAINER_SETTINGS)
"""Every key of a run's configuration; `seed` is the data's and the model's."""

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

    A run that a store lists has its `id`, `name`, `parent`, `config` and `summary` at once, and is
    loaded when another attribute is first used. That raises `SettingError` if it cannot be read.
    """

    _deferral: Deferral | None = None

    id = param.String(constant=True, doc="Unique for ever.")
    parent = param.Tuple(
        default=None,
        length=2,
        allow_None=True,
        constant=True,
        doc="The id of the run that this was forked from, and the step; None: it has no parent.",
    )
    name = param.String(constant=False, doc="Free text, unique within a manager.")
    deviation = param.String(
        "",
        doc="How the last replay departed from what was recorded, empty if it did not: another "
        "machine's matrix library may round differently.",
    )

    def __init__(
        self,
        name: str,
        config: Mapping[str, Any],
        id: str | None = None,
        parent: tuple[str, int] | None = None,
        deferral: Deferral | None = None,
    ) -> None:
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
        self.config = self.settings
        self.worker = Worker(self.trainer.engine)

    def __getattr__(self, name: str) -> Any:
        """Return a deferred part; called only while the run has no attribute of that name."""
        if name == "config" and self._deferral is not None:
            self.config = _completed(self._stored_config)
            return self.config
        if name not in DEFERRED or self._deferral is None:
            return object.__getattribute__(self, name)  # raises AttributeError again
        self.load()
        return self.__dict__[name]

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
        """Every setting as it is now."""
        if not self.loaded and (listed := self._deferral.summary):
            return {**self.config, **listed.settings}
        return {
            **self.dataset.settings(),
            **_only(self.model.settings(), MODEL_SETTINGS),
            **_only(self.trainer.settings(), TRAINER_SETTINGS),
        }

    @property
    def history(self) -> History:
        """Columns step, epoch, loss, accuracy and validation_loss, as NumPy arrays."""
        return self.trainer.engine.history

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
        engine.mailbox.put(lambda: engine.load_weights(parameters))

    def at(self, step: int) -> RunState:
        """Return the exact state after `step` updates, and after what was changed by hand there.

        At step 0 it is the beginning, before anything was done to the run: what a reset returns to.

        Raises
        ------
        SettingError
            If the run has not come to that step.
        """
        step = self._checked_step(step)
        engine = self.replay(step) if step else self._beginning()
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

        It begins at the last checkpoint before, and does what was done since again. Where that
        does not give the losses that were recorded, `deviation` says so; the run's present state
        is taken as it is all the same, and so is every checkpoint.

        Raises
        ------
        SettingError
            If the run has not come to that step.
        """
        present, step = self.trainer.engine, self._checked_step(step)
        engine = self._beginning()
        events = list(present.events)
        engine.tensors = dict(present.tensors)
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
        since = engine.step
        do_again(events[done:], engine, step)
        self.deviation = self._deviation(engine, since)
        self._meet_the_present(engine)
        return engine

    def _checked_step(self, step: int) -> int:
        step, last = plain(step), self.trainer.step
        if not is_whole(step) or not 0 <= step <= last:
            raise SettingError(
                "step",
                f"step must be a whole number from 0 to {last}, where {self.name!r} is; "
                f"got {shown(step)}.",
            )
        return step

    def _deviation(self, engine: Engine, since: int) -> str:
        """Compare what was done again since a step with what was recorded of it."""
        recorded = self.history["loss"][since : engine.step]
        again = engine.history["loss"][since : engine.step]
        differing = np.flatnonzero(~np.isclose(again, recorded, rtol=0, atol=0, equal_nan=True))
        if not len(differing):
            return ""
        furthest = np.nanmax(np.abs(again[differing] - recorded[differing]), initial=0)
        return (
            f"From step {since + 1 + differing[0]} on, repeating {self.name!r} gives losses other "
            f"than the recorded ones, by up to {furthest:.2g}: another version of this "
            "program, or another machine, trained it and rounded differently."
        )

    def _meet_the_present(self, engine: Engine) -> None:
        """At the run's present step, take its state as it is, and tell if replay missed it."""
        present = self.trainer.engine
        if engine.step != present.step:
            return
        state = present.state()
        if engine.state().digest() == state.digest():
            return
        self.deviation = self.deviation or (
            f"Repeating {self.name!r} up to step {state.step} gives a state other than its own: "
            "another version of this program, or another machine, trained it and rounded "
            "differently."
        )
        engine.restore(state)

    def step_again(self, step: int) -> tuple[Engine, StepRecord]:
        """Return another engine as this run's was after `step` updates, and that step's record.

        What was changed right after the step is in the engine, as it is in `replay`, and not in
        the record. At step 0 the record is that of a look at the first batch.
        """
        step = self._checked_step(step)
        if step == 0:
            engine = self.replay(0)
            return engine, engine.look()
        events = list(self.trainer.engine.events)
        size = next(
            event.size
            for event in reversed(events)
            if isinstance(event, Trained) and event.step < step
        )
        engine = self.replay(step - 1)
        record = engine.observe(size)
        do_again([event for event in events if event.step == step], engine, step)
        return engine, record

    def reset(self) -> None:
        """Go back to the beginning: weights, optimizer, batch order, settings and history."""
        self.worker.stop()
        beginning = self._beginning()
        self.trainer.engine.mailbox.put(lambda: self._adopt(beginning))

    def fork(self, name: str, step: int) -> TrainingRun:
        """Return a run of another name with this one's past up to `step`, in its present mode."""
        step = self._checked_step(step)
        config = {**self.config, "mode": self.trainer.mode}
        fork = TrainingRun(name, config, parent=(self.id, step))
        fork._adopt(self.replay(step))
        return fork

    def _adopt(self, engine: Engine) -> None:
        self.trainer.engine.adopt(engine)
        self.trainer.show_engine_settings()

    def _beginning(self) -> Engine:
        model = Model(**self.model.settings())
        trainer = Trainer(model, self.dataset, **_only(self.config, SETTING_NAMES))
        return trainer.engine


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
