"""What a run is before it is loaded from a store: its id, name, parent and configuration."""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import param

from ..interrupts import interrupts_deferred
from ..settings import SettingError, refuse_unknown, shown
from ..storage.run_index import ListedRun
from ..storage.run_names import legal_name
from .configuration import Configuration
from .deferred_loading import Deferral
from .run_settings import CONFIGURATION, completed

if TYPE_CHECKING:
    from .manager import TrainingRunManager

DEFERRED = ("dataset", "model", "trainer", "worker")
"""The attributes that a run of a store has once it is loaded."""


class DeferredRun(param.Parameterized):
    """A run that is loaded when one of the attributes `DEFERRED` is first used.

    Parameters
    ----------
    name : str
    config : mapping
        All settings at the beginning, or some of them.
    id : str, optional
        A random one by default.
    parent : (str, int), optional
    deferral : Deferral, optional
        The entry of a store's list; None: the run is loaded.
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
        id: str | None,
        parent: tuple[str, int] | None,
        deferral: Deferral | None,
    ) -> None:
        if not isinstance(config, Mapping):
            raise SettingError(
                "config", f"config must be a mapping of settings, got {shown(config)}."
            )
        refuse_unknown(config, CONFIGURATION)
        if deferral is None:  # a name in an older store may be longer
            name = legal_name(name)
        super().__init__(name=name, id=id or uuid4().hex, parent=parent)
        self._deferral, self._loading = deferral, RLock()
        if deferral is not None:
            self._stored_config = config

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; a new name by way of the manager."""
        if name == "config" and "config" in self.__dict__:
            raise SettingError(
                "config", "A run's configuration never changes: create another run with it."
            )
        # Not by a Param of another class: Param allows none for `name`.
        if name == "name" and self.manager is not None:
            self.manager.rename(self.id, value)
        elif name == "name" and "_loading" in self.__dict__:
            self.take_name(legal_name(value))
        else:
            super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        """Load the run for one of its deferred attributes; called only while it is missing."""
        if name == "config" and self._deferral is not None:
            self.config = Configuration(completed(self._stored_config))
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
        """Whether the run has all attributes; else it has only its entry in a store's list."""
        return self._deferral is None or DEFERRED[-1] in self.__dict__

    def load(self) -> None:
        """Load the run from its store unless it is loaded.

        Raises
        ------
        SettingError
            If it cannot be read.
        """
        with interrupts_deferred(), self._loading:
            if self.loaded:
                return
            try:
                loaded = self._deferral.read(self)
                loaded.model.run = self
                self.__dict__.update({name: vars(loaded)[name] for name in ("config", *DEFERRED)})
                return
            except Exception as error:
                failure = error
        # Without the lock: those who are told of an unreadable run may use it.
        self._deferral.refuse(self, failure)

    def list_again(self, listed: ListedRun) -> bool:
        """Take a newer entry of the store's list; tell if the run was saved since the last one."""
        was = self._deferral.listed
        if listed != was:
            self._deferral = self._deferral.with_entry(listed)
        return listed.saves != was.saves
