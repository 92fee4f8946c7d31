"""A small network, written by hand in NumPy, that can be watched, questioned and compared."""

from .dataset import SequenceDataset
from .model import Model
from .nn.record import StepRecord
from .settings import SettingError
from .store import Store, StoreError
from .trainer import Trainer
from .training_run import TrainingRun, TrainingRunManager

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
]
