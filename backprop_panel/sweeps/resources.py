"""What a sweep works with: the manager of its runs, and the client of its cluster."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..plain_values import is_whole, plain
from ..runs.manager import TrainingRunManager
from ..settings import SettingError, refuse_other, shown
from ..storage.database import Store
from .cluster import connected, cores, local_client

if TYPE_CHECKING:
    from distributed import Client


def checked_client(client: Any) -> Client | str | int | None:
    """Return what a sweep is to run on, a number of processes as an int.

    Raises
    ------
    SettingError
        If it is no client of Dask, address or whole number of at least 1.
    """
    client = plain(client)
    if client is None or isinstance(client, str) or hasattr(client, "scheduler_info"):
        return client
    if not is_whole(client) or client < 1:
        raise SettingError(
            "client",
            "client must be a client of Dask, the address of its scheduler, or how many processes "
            f"to start here, at least 1; got {shown(client)}.",
        )
    return client


def client_of(client: Client | str | int | None, runs: int) -> AbstractContextManager[Client]:
    """Return the client to use; one that is made here is closed after the block.

    Parameters
    ----------
    client : Client, str, int or None
        A client, the address of a scheduler, or the number of processes to start here; None: as
        many as there are cores.
    runs : int
        How many runs there are to train: no more processes are started here.
    """
    if client is None or isinstance(client, int):
        return local_client(min(client or cores(), max(runs, 1)))
    return connected(client) if isinstance(client, str) else nullcontext(client)


def opened_manager(
    manager: TrainingRunManager | None, store: str | Path | Store | None, user: str
) -> tuple[TrainingRunManager, Callable[[], None]]:
    """Return the manager of a sweep, and what closes it if it was opened here."""
    if manager is not None:
        refuse_other("manager", manager, TrainingRunManager)
    if manager is not None and store is not None:
        raise SettingError("store", "Give either a manager or a store, not both.")
    if manager is not None and manager.store is None:
        raise SettingError(
            "manager", "The manager of a sweep needs a store: TrainingRunManager('runs.sqlite')."
        )
    if manager is not None:
        return manager, lambda: None
    if store is not None:
        manager = TrainingRunManager(store, user)
        return manager, manager.close
    folder = tempfile.TemporaryDirectory(prefix="backprop_panel-sweep-")
    with ExitStack() as closing:
        closing.callback(folder.cleanup)
        manager = TrainingRunManager(Path(folder.name) / "sweep.sqlite")
        closing.callback(manager.close)
        return manager, closing.pop_all().close
