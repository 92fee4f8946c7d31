"""What the tests of the store share: small runs, and what must be equal of two of them."""

import time
from contextlib import suppress

import numpy as np

from backprop_panel import SettingError, TrainingRunManager

SMALL = {
    "num_samples": 60,
    "hidden_dimension": 5,
    "loss_type": "cross_entropy",
    "batch_size": 7,
    "learning_rate": 0.05,
}
PATIENCE = 120.0


def train(run, steps):
    """Make steps by the trainer, some of them in blocks; return the losses."""
    first = run.trainer.step
    with run.trainer.stepping():
        while (left := first + steps - run.trainer.step) > 0:
            run.trainer.engine.advance(run.trainer.batch_size, left)
    return run.history["loss"][first:].tolist()


def everything(run):
    """All that a run is, in exact values."""
    engine = run.trainer.engine
    return {
        "id": (run.id, run.name, run.config, run.parent),
        "settings": run.settings,
        "state": engine.state().digest(),
        "frozen": engine.frozen,
        "events": list(engine.events),
        "tensors": {digest: loaded.tobytes() for digest, loaded in engine.tensors.items()},
        "history": {name: column.tobytes() for name, column in engine.history.items()},
        "checkpoints": [
            (state.step, state.events, state.digest()) for state in engine.checkpoints.states
        ],
        "health": [(moment.step, moment.values.tobytes()) for moment in engine.health.moments],
    }


def look_at_all(manager):
    """Load every run that is only listed, as a look at it does; the unreadable ones are found."""
    for run in manager.runs:
        with suppress(SettingError):
            run.load()
    return manager


def undisturbed(steps, **config):
    """The losses of a run that trains in memory, in one go."""
    return train(TrainingRunManager().create(**{**SMALL, **config}), steps)


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


def same(a, b):
    return np.array_equal(a, b, equal_nan=True)
