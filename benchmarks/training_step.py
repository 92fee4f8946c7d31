"""Time of a training step and of an epoch with loading: this engine beside PyTorch and JAX.

A network of 16-32-32-4 units learns with batches of 32, cross-entropy and plain gradient descent,
on one thread; NumPy's BLAS takes no second one for products this small. PyTorch's usual loop is
`nn.Sequential`, autograd, `optim.SGD`, and for an epoch a `DataLoader(shuffle=True)` with its
default collate over a `TensorDataset` of one-hot floats. JAX's step is one jitted function with
its parameters donated: on batches from this package's loader, all losses of a block of them read
together at its end, which is the work of this engine's step; on one batch with each loss read, as
PyTorch's loop does; and so without ever waiting for a step. The matrix products alone, 3 forward
and 5 backward, are what no engine on NumPy can do without.

All are measured in one process in alternating blocks, so that whatever slows the machine down
slows all of them; what counts are the ratios. Run it with ``python benchmarks/training_step.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import torch
from side_by_side import interleaved, table
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # a checkout, not installed

from backprop_panel import Model, SequenceDataset, Trainer  # noqa: E402
from backprop_panel.data.batch_loader import BatchLoader, Cursor  # noqa: E402

WIDTHS = (16, 32, 32, 4)
BATCH = 32
SAMPLES = 10_000
LEARNING_RATE = 0.01

STEPS_IN_A_BLOCK = 500
STEP_BLOCKS = 25
EPOCH_BLOCKS = 9


def engine_trainer() -> Trainer:
    """Return this package's trainer of the network."""
    data = SequenceDataset(num_samples=SAMPLES)
    model = Model(input_dimension=data.input_dimension, output_dimension=data.output_dimension)
    trainer = Trainer(
        model, data, learning_rate=LEARNING_RATE, batch_size=BATCH, loss_type="cross_entropy"
    )
    assert model.network.widths == WIDTHS
    return trainer


class UsualTorch:
    """The network in PyTorch as its tutorials write it, with the same weights and samples."""

    def __init__(self, trainer: Trainer) -> None:
        self.model = nn.Sequential(
            nn.Linear(16, 32),
            nn.GELU(approximate="tanh"),
            nn.Linear(32, 32),
            nn.GELU(approximate="tanh"),
            nn.Linear(32, 4),
        )
        self._copy_weights(trainer.model)
        self.loss = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=LEARNING_RATE)
        contexts, targets = trainer.dataset.__getitems__(range(SAMPLES))
        inputs = np.empty((SAMPLES, trainer.dataset.input_dimension), np.float32)
        trainer.dataset.one_hot(contexts, out=inputs)
        self.data = TensorDataset(torch.from_numpy(inputs), torch.from_numpy(targets.copy()))
        self.loader = DataLoader(self.data, batch_size=BATCH, shuffle=True)

    def step(self, inputs: torch.Tensor, targets: torch.Tensor) -> float:
        """Train on one batch and return its loss, as the engine does for its history."""
        self.optimizer.zero_grad()
        loss = self.loss(self.model(inputs), targets)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def steps(self, count: int) -> None:
        """Train `count` times on a batch that is at hand: no loading."""
        inputs, targets = self.data[:BATCH]
        for _ in range(count):
            self.step(inputs, targets)

    def epoch(self) -> None:
        """Train once on every sample."""
        for inputs, targets in self.loader:
            self.step(inputs, targets)

    def _copy_weights(self, model: Model) -> None:
        linear = [layer for layer in self.model if isinstance(layer, nn.Linear)]
        with torch.no_grad():
            for layer, weights, bias in zip(linear, model.weights, model.biases, strict=True):
                layer.weight.copy_(torch.from_numpy(weights.T.copy()))
                layer.bias.copy_(torch.from_numpy(bias.copy()))


class JitJax:
    """The network in JAX: one compiled function a step, with the same weights and samples."""

    def __init__(self, trainer: Trainer, usual: UsualTorch) -> None:
        model = trainer.model
        self.parameters = [
            (jnp.asarray(weights), jnp.asarray(bias))
            for weights, bias in zip(model.weights, model.biases, strict=True)
        ]
        inputs, targets = usual.data.tensors
        self.inputs, self.targets = jnp.asarray(inputs.numpy()), jnp.asarray(targets.numpy())
        self._loader, self._cursor = BatchLoader(trainer.dataset), Cursor(trainer.dataset)
        self._step = jax.jit(self._update, donate_argnums=0)

    @staticmethod
    def _loss(parameters: list, inputs: jax.Array, targets: jax.Array) -> jax.Array:
        values = inputs
        for weights, bias in parameters[:-1]:
            values = jax.nn.gelu(values @ weights + bias, approximate=True)
        weights, bias = parameters[-1]
        logits = jax.nn.log_softmax(values @ weights + bias)
        return -jnp.take_along_axis(logits, targets[:, None], axis=1).mean()

    @classmethod
    def _update(cls, parameters: list, inputs: jax.Array, targets: jax.Array) -> tuple:
        loss, gradients = jax.value_and_grad(cls._loss)(parameters, inputs, targets)
        stepped = jax.tree.map(lambda p, g: p - LEARNING_RATE * g, parameters, gradients)
        return stepped, loss

    def step(self, samples: np.ndarray) -> float:
        """Train on one batch and return its loss."""
        batch = self.inputs[samples], self.targets[samples]
        self.parameters, loss = self._step(self.parameters, *batch)
        return float(loss)

    def steps(self, count: int) -> None:
        """Train `count` times on a batch that is at hand, reading each loss."""
        inputs, targets = self.inputs[:BATCH], self.targets[:BATCH]
        for _ in range(count):
            self.parameters, loss = self._step(self.parameters, inputs, targets)
            float(loss)

    def loaded_steps(self, count: int) -> None:
        """Train `count` times on one batch after the other, reading the losses of each block."""
        while count:
            block = self._loader.load(self._cursor, BATCH, count)
            losses = []
            for inputs, targets in zip(block.inputs, block.targets, strict=True):
                self.parameters, loss = self._step(self.parameters, inputs, targets)
                losses.append(loss)
            jax.device_get(losses)
            self._cursor.pass_by(block.samples.size)
            count -= len(block)

    def unread_steps(self, count: int) -> None:
        """Train `count` times on a batch that is at hand, waiting for the last step alone."""
        inputs, targets = self.inputs[:BATCH], self.targets[:BATCH]
        for _ in range(count):
            self.parameters, loss = self._step(self.parameters, inputs, targets)
        loss.block_until_ready()


def matrix_products() -> Callable[[int], None]:
    """Return a function that makes the products of `count` steps, into buffers."""
    random = np.random.default_rng(0)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return random.normal(0, 1, (rows, columns)).astype(np.float32)

    layers = [
        (matrix(BATCH, inputs), matrix(inputs, outputs), matrix(BATCH, outputs))
        for inputs, outputs in pairwise(WIDTHS)
    ]
    products = [(values, weights) for values, weights, _ in layers]
    products += [(values.T, deltas) for values, _, deltas in layers]
    products += [(deltas, weights.T) for _, weights, deltas in layers[1:]]
    with_buffers = [(left, right, left @ right) for left, right in products]

    def multiply(count: int) -> None:
        for _ in range(count):
            for left, right, out in with_buffers:
                np.dot(left, right, out=out)

    return multiply


def assert_same_first_step(trainer: Trainer, usual: UsualTorch, jitted: JitJax) -> None:
    """Make one step with each on the same batch: what is compared must be the same thing."""
    record = trainer.run_batch()
    for loss in (usual.step(*usual.data[record.samples]), jitted.step(record.samples)):
        assert abs(loss - record.loss) < 1e-5
    for (weights, _), ours in zip(jitted.parameters, trainer.model.weights, strict=True):
        np.testing.assert_allclose(weights, ours, atol=1e-6)
    for layer, weights in zip(usual.model[::2], trainer.model.weights, strict=True):
        np.testing.assert_allclose(layer.weight.detach().numpy().T, weights, atol=1e-6)


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    trainer = engine_trainer()
    usual = UsualTorch(trainer)
    jitted = JitJax(trainer, usual)
    assert_same_first_step(trainer, usual, jitted)
    engine, multiply = trainer.engine, matrix_products()

    def engine_steps() -> None:
        end = engine.step + STEPS_IN_A_BLOCK
        while engine.step < end:
            engine.advance(BATCH, end - engine.step)

    steps = interleaved(
        {
            "this engine": engine_steps,
            "PyTorch's usual loop": lambda: usual.steps(STEPS_IN_A_BLOCK),
            "JAX, jitted": lambda: jitted.loaded_steps(STEPS_IN_A_BLOCK),
            "JAX, one batch": lambda: jitted.steps(STEPS_IN_A_BLOCK),
            "JAX, no loss read": lambda: jitted.unread_steps(STEPS_IN_A_BLOCK),
            "matrix products alone": lambda: multiply(STEPS_IN_A_BLOCK),
        },
        STEP_BLOCKS,
    )
    per_step = {name: time / STEPS_IN_A_BLOCK for name, time in steps.items()}
    epochs = interleaved(
        {"this engine": trainer.run_epoch, "PyTorch's usual loop": usual.epoch}, EPOCH_BLOCKS
    )
    network = "-".join(map(str, WIDTHS))
    print(f"{network}, batch {BATCH}, SGD, cross-entropy, one thread; medians")
    print(
        f"of alternating blocks; torch {torch.__version__}, JAX {jax.__version__}, "
        f"NumPy {np.__version__}\n"
    )
    title = "A training step, that of this engine and the first of JAX's with loading and history"
    print(*table(title, per_step, 1e6, "µs"), sep="\n")
    title = f"\nAn epoch of {SAMPLES:,} samples, loading included"
    print(*table(title, epochs, 1e3, "ms"), sep="\n")


if __name__ == "__main__":
    main()
