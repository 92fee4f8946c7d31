"""One run: its configuration, its events, and everything that follows from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from ..data.sequence_dataset import SequenceDataset
from ..plain_values import is_whole, plain
from ..settings import SettingError, shown
from ..storage.run_summary import RunSummary
from ..training.command_queue import Command, CommandQueue
from ..training.engine import Engine
from ..training.file_input import Source
from ..training.history import History
from ..training.model import Model
from ..training.trainer import Trainer
from ..training.weight_mapping import WeightMapping, as_mapping
from ..training.worker import Worker
from .configuration import Configuration
from .deferred_loading import Deferral
from .deferred_run import DeferredRun
from .replay import Replay, ReplayedStep, initial_engine, replay_step, replay_steps, replay_to
from .run_settings import DATA_SETTINGS, MODEL_SETTINGS, TRAINER_SETTINGS, selected
from .run_state import RunState


class TrainingRun(DeferredRun):
    """One experiment: its configuration, which never changes, and the events since.

    Everything else follows by replay of the events on a new engine: resets, forks and earlier
    steps are all reached by `replay`.

    A run that a store lists has its `id`, `name`, `parent`, `config` and `summary` at once, and is
    loaded when another attribute is first used. That raises `SettingError` if it cannot be read.

    Attributes
    ----------
    config : dict
        All settings at the beginning.
    dataset : SequenceDataset
    model : Model
    trainer : Trainer
        Made from the configuration.
    worker : Worker
        Trains the run in the background.
    manager : TrainingRunManager or None
        The manager that has it, which checks and saves a new name.
    secret : bool
        Whether its settings are to be guessed, so that no page shows them.
    """

    secret: bool = False

    def __init__(
        self,
        name: str,
        config: Mapping[str, Any],
        id: str | None = None,
        parent: tuple[str, int] | None = None,
        deferral: Deferral | None = None,
    ) -> None:
        super().__init__(name, config, id, parent, deferral)
        if deferral is not None:
            return
        self.dataset = SequenceDataset(**selected(config, DATA_SETTINGS))
        self.model = Model(
            input_dimension=self.dataset.input_dimension,
            output_dimension=self.dataset.output_dimension,
            seed=self.dataset.seed,
            **selected(config, MODEL_SETTINGS),
        )
        self.model.run = self
        self.trainer = Trainer(self.model, self.dataset, **selected(config, TRAINER_SETTINGS))
        self.config = Configuration(self.settings)
        self.worker = Worker(self.trainer.engine, self.trainer.commands, self.claim)

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
            **selected(self.model.settings(), MODEL_SETTINGS),
            **selected(self.trainer.settings(), TRAINER_SETTINGS),
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

    def load_weights(self, source: Source | WeightMapping, transposed: bool | None = None) -> None:
        """Load all weights and biases from a safetensors file, such as a PyTorch ``state_dict``.

        This is an event: replay, reset, forks, exports and the store repeat or keep it with its
        tensors. While a worker trains, they are loaded between two steps. The optimizer keeps its
        state. A frozen layer gets its new weights as well.

        Parameters
        ----------
        source : path, bytes, binary file or WeightMapping
            Tensors under any names, such as ``fc1.weight``; `interchange.map_weights` shows which
            becomes which. A layer without a bias gets zeros.
        transposed : bool, optional
            Whether weights whose shape does not say it, the square ones, are (out, in) in the
            file, as PyTorch's. A file that this package wrote says it.

        Raises
        ------
        SettingError
            If the file is damaged, its tensors are not finite or do not fit the model,
            `transposed` is needed, or another window or process trains the run. Nothing has
            changed then.
        """
        engine = self.trainer.engine
        parameters = as_mapping(source, engine.network, transposed).parameters(engine.network)
        self.submit(lambda: engine.edits.load_weights(parameters))

    def at(self, step: int) -> RunState:
        """Return the exact state after `step` updates and the changes made right after them.

        At step 0 it is the beginning, before any change. That is the state after a reset, but of a
        fork, which returns to where it was forked.

        Raises
        ------
        SettingError
            If the run has not reached that step.
        """
        step = self.checked_step(step)
        return RunState.of(self.replay(step).engine if step else initial_engine(self))

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
        return replay_to(self, self.checked_step(step))

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
        return replay_step(self, self.checked_step(step))

    def steps_again(self, steps: Iterable[int]) -> Iterator[ReplayedStep]:
        """Yield what `step_again` returns for several steps from 1 on, in increasing order.

        The run is repeated only once for all of them. The engine goes on to the next step: copy
        what is to be kept of it.

        Raises
        ------
        SettingError
            If the run has not reached one of the steps, or they are not in increasing order.
        """
        if not isinstance(steps, Iterable):
            raise SettingError(
                "steps", f"steps must be several steps, such as [1, 2], got {shown(steps)}."
            )
        steps = [self.checked_step(step) for step in steps]
        if any(step <= before for before, step in pairwise([0, *steps])):
            raise SettingError(
                "steps", f"steps must be from 1 on and in increasing order, got {shown(steps)}."
            )
        return replay_steps(self, steps)

    def checked_step(self, step: int) -> int:
        """Return a step that the run has reached, or raise `SettingError`."""
        step, last = plain(step), self.trainer.step
        if not is_whole(step) or not 0 <= step <= last:
            raise SettingError(
                "step",
                f"step must be a whole number from 0 to {last}, where {shown(self.name)} is; "
                f"got {shown(step)}.",
            )
        return step

    def reset(self) -> None:
        """Return to the beginning: weights, optimizer, batch order, settings and history.

        A fork returns to the step at which it was forked, with the changes made right after it.
        """
        self.worker.stop()
        self.adopt(self.replay(self.parent[1]).engine if self.parent else initial_engine(self))

    def adopt(self, engine: Engine) -> None:
        """Take the state, the events and the history of another engine, such as a `replay`.

        Raises
        ------
        SettingError
            If another window or process trains the run.
        """
        self.submit(lambda: self._adopt(engine))

    def fork(self, name: str, step: int) -> TrainingRun:
        """Return a new run with the past of this one up to `step`, in its present mode."""
        step = self.checked_step(step)
        return self._branch(name, step, (self.id, step))

    def copy(self) -> TrainingRun:
        """Return a new run with the whole past of this one, its name, its parent and its mode."""
        copy = self._branch(self.name, self.trainer.step, self.parent)
        copy.secret = self.secret
        return copy

    def _branch(self, name: str, step: int, parent: tuple[str, int] | None) -> TrainingRun:
        config = {**self.config, "mode": self.trainer.mode}
        branch = TrainingRun(name, config, parent=parent)
        branch._adopt(self.replay(step).engine)
        return branch

    def _adopt(self, engine: Engine) -> None:
        self.trainer.engine.adopt(engine)
        self.trainer.notify_watchers()
