"""The engine refuses what no run may hold, and nothing has changed then."""

import numpy as np
import pytest

from backprop_panel import SettingError, TrainingRunManager

WRONG = {
    "a rate that is not finite": lambda e: e.change(learning_rate=float("nan")),
    "a rate that is text": lambda e: e.change(learning_rate="x"),
    "a negative decay": lambda e: e.change(weight_decay=-1),
    "half an example": lambda e: e.change(batch_size=2.5),
    "an optimizer that does not exist": lambda e: e.change(optimizer="foo"),
    "a setting that does not exist": lambda e: e.change(foo=1),
    "one good and one bad setting": lambda e: e.change(learning_rate=0.5, batch_size=0),
    "frozen as text": lambda e: e.edits.freeze(0, "no"),
    "frozen as an array": lambda e: e.edits.freeze(0, np.array([1, 2])),
    "silenced as a number": lambda e: e.edits.silence(1, 1, 1),
    "tensors that were never loaded": lambda e: e.edits.load_again("x"),
    "weights of another shape": lambda e: e.edits.load_weights([1, 2]),
    "no weights": lambda e: e.edits.load_weights(None),
}


@pytest.fixture
def run():
    manager = TrainingRunManager()
    yield manager.create(num_samples=64, hidden_dimension=4)
    manager.close()


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_wrong_change_is_refused_and_changes_nothing(run, change):
    engine = run.trainer.engine
    before = engine.settings, engine.state().digest()
    with pytest.raises(SettingError):
        change(engine)
    assert (engine.settings, engine.state().digest()) == before
    assert engine.events == []


def test_numpys_true_freezes_and_silences(run):
    engine = run.trainer.engine
    engine.edits.freeze(0, np.True_)
    engine.edits.silence(1, 1, np.True_)
    assert engine.frozen == {0} and engine.silenced == {(1, 1)}


def test_the_configuration_of_a_run_is_set_once(run):
    with pytest.raises(SettingError, match="configuration never changes"):
        run.config = {}
    assert run.config["hidden_dimension"] == 4
