"""The network learns: down to the optimal loss of the data, and from a real text."""

from importlib.resources import files

import numpy as np
import pytest

from backprop_panel import Model, SequenceDataset, Trainer, TrainingRunManager
from backprop_panel.nn.losses import softmax

TEXT = files("backprop_panel.data") / "texts" / "alice.txt"


def mean_loss_and_accuracy(trainer):
    """Cross-entropy and accuracy over all training samples with the present weights."""
    contexts, targets = trainer.dataset.__getitems__(range(len(trainer.dataset)))
    probabilities = softmax(trainer.engine.predict(contexts).astype(float))
    loss = -np.log(probabilities[np.arange(len(targets)), targets]).mean()
    return loss, (probabilities.argmax(axis=1) == targets).mean()


def unigram_entropy(data):
    """The cross-entropy of predicting the frequencies of the tokens among the targets."""
    _, targets = data.__getitems__(range(len(data)))
    shares = np.bincount(targets) / len(targets)
    shares = shares[shares > 0]
    return -(shares * np.log(shares)).sum()


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    "masters",
    [
        pytest.param({}, id="default data"),
        pytest.param({"sequence_length": 3}, id="ambiguous contexts"),
    ],
)
def test_cross_entropy_and_adam_come_within_5_percent_of_the_floor(masters, seed):
    run = TrainingRunManager().create(
        loss_type="cross_entropy", optimizer="adam", learning_rate=0.01, seed=seed, **masters
    )
    for _ in range(150):
        run.trainer.run_epoch()
    floor = run.dataset.optimal_loss("cross_entropy")
    last_epoch = run.history["loss"][run.history["epoch"] == 149].mean()
    loss, accuracy = mean_loss_and_accuracy(run.trainer)
    print(
        f"seed {seed} {masters}: floor {floor:.5f}, mean of the last epoch {last_epoch:.5f}, "
        f"all samples {loss:.5f}; accuracy {accuracy:.4f}, "
        f"at best {run.dataset.optimal_accuracy:.4f}"
    )
    assert floor - 1e-4 <= loss <= 1.05 * floor
    assert last_epoch <= 1.05 * floor
    # Where two targets are almost equally frequent, the network may take the other one.
    assert run.dataset.optimal_accuracy - 0.02 < accuracy <= run.dataset.optimal_accuracy + 1e-9


def test_squared_error_and_adam_come_near_the_floor():
    run = TrainingRunManager().create(optimizer="adam", learning_rate=0.01, sequence_length=3)
    for _ in range(150):
        run.trainer.run_epoch()
    floor = run.dataset.optimal_loss("mse")
    last_epoch = run.history["loss"][run.history["epoch"] == 149].mean()
    print(f"squared error: floor {floor:.5f}, mean of the last epoch {last_epoch:.5f}")
    assert floor - 1e-4 <= last_epoch <= 1.05 * floor


def test_the_shipped_text_is_learned_well_below_its_unigram_entropy():
    data = SequenceDataset.from_text(TEXT.read_text(encoding="utf-8"))
    model = Model(
        input_dimension=data.input_dimension,
        output_dimension=data.output_dimension,
        hidden_dimension=64,
        hidden_layers=1,
    )
    trainer = Trainer(
        model, data, loss_type="cross_entropy", optimizer="adam", learning_rate=0.003, batch_size=64
    )
    unigram, before = unigram_entropy(data), trainer.engine.validation_loss()
    trainer.run_epoch()
    after = trainer.engine.validation_loss()
    print(f"text: unigram entropy {unigram:.3f}, validation loss {before:.3f} -> {after:.3f}")
    assert before > unigram
    assert after < 0.85 * unigram
