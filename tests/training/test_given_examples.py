"""Examples that a caller gives are checked before the network sees them."""

from contextlib import closing

import numpy as np
import pytest

from backprop_panel import SettingError, TrainingRunManager


@pytest.fixture(scope="module")
def engine():
    manager = TrainingRunManager()
    yield manager.create(num_samples=64, vocabulary=[*"abcd"], sequence_length=5).trainer.engine
    manager.close()


CONTEXTS = {
    "text": "abca",
    "one context": [0, 1, 2, 3],
    "a token too few": [[0, 1, 2]],
    "rows of several lengths": [[0, 1, 2, 3], [0]],
    "an id past the last": [[0, 1, 2, 4]],
    "a negative id": [[0, 1, 2, -1]],
    "fractions": [[0.0, 1.0, 2.0, 3.0]],
    "none": np.empty((0, 4), int),
    "nothing": None,
}


@pytest.mark.parametrize("contexts", CONTEXTS.values(), ids=CONTEXTS)
def test_contexts_that_are_none_are_refused(engine, contexts):
    with pytest.raises(SettingError, match=r"shape \(n, 4\) with token ids from 0 to 3; got"):
        engine.predict(contexts)


def test_samples_are_looked_at_where_an_epoch_has_all_windows():
    with closing(TrainingRunManager()) as manager:
        engine = manager.create(num_samples="all", vocabulary=[*"abcd"]).trainer.engine
        last = len(engine.data) - 1
        assert engine.look([0, last]).samples.tolist() == [0, last]
        with pytest.raises(SettingError, match=f"from 0 to {last}"):
            engine.look([last + 1])


SAMPLES = {
    "text": "abc",
    "one number": 3,
    "a sample past the last": [0, 64],
    "a negative sample": [-1],
    "fractions": [0.5],
    "none": [],
    "a dict": {},
}


@pytest.mark.parametrize("samples", SAMPLES.values(), ids=SAMPLES)
def test_samples_that_do_not_exist_are_refused(engine, samples):
    with pytest.raises(SettingError, match="a list of samples from 0 to 63; got"):
        engine.look(samples)


def test_lists_of_contexts_and_samples_are_taken(engine):
    record = engine.look([5, 7])
    assert record.samples.tolist() == [5, 7]
    logits = engine.predict(record.contexts.tolist())
    assert np.allclose(logits, record.logits, rtol=1e-6)
