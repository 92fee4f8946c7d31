"""A small network, written by hand in NumPy, that can be watched, questioned and compared.

What is named here is imported when it is first used, so that the command line begins at once: it
answers Ctrl-C from its first moment, and a worker of a sweep imports only what it needs.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .data.sequence_dataset import SequenceDataset
    from .nn.record import StepRecord
    from .runs.manager import TrainingRun, TrainingRunManager
    from .settings import SettingError
    from .storage.database import Store, StoreError
    from .training.model import Model
    from .training.trainer import Trainer

# Where each name is imported from.
PLACES = {
    "Model": ".training.model",
    "SequenceDataset": ".data.sequence_dataset",
    "SettingError": ".settings",
    "StepRecord": ".nn.record",
    "Store": ".storage.database",
    "StoreError": ".storage.database",
    "Trainer": ".training.trainer",
    "TrainingRun": ".runs.manager",
    "TrainingRunManager": ".runs.manager",
}

__all__ = [
    "Model",
    "SequenceDataset",
    "SettingError",
    "StepRecord",
    "Store",
    "StoreError",
    "Trainer",
    "TrainingRun",
    "TrainingRunManager",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Import what is named here when it is first used."""
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(PLACES[name], __name__), name)
    return value


def __dir__() -> list[str]:
    """Return what the package offers."""
    return sorted({*globals(), *PLACES})
