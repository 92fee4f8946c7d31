"""A small network, written by hand in NumPy, that can be watched, questioned and compared."""

from .data.sequence_dataset import SequenceDataset
from .nn.record import StepRecord
from .runs.manager import TrainingRun, TrainingRunManager
from .settings import SettingError
from .storage.database import Store, StoreError
from .training.model import Model
from .training.trainer import Trainer
from .version import __version__

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
