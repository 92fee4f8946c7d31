"""Time of a training step of a large network, beside its matrix products alone and PyTorch.

Three hidden layers of 1024 units learn with batches of 512, cross-entropy and plain gradient
descent, each library with as many threads as there are cores. Run it with
``python benchmarks/large_network.py``.
"""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from side_by_side import interleaved, table
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # a checkout, not installed

from backprop_panel import Model, SequenceDataset, Trainer  # noqa: E402

WIDTH, BATCH, HIDDEN = 1024, 512, 3
LEARNING_RATE = 0.01
BLOCKS = 15


def engine_trainer() -> Trainer:
    """Return this package's trainer of the network."""
    data = SequenceDataset(num_samples=100 * BATCH)
    model = Model(
        input_dimension=data.input_dimension,
        output_dimension=data.output_dimension,
        hidden_dimension=WIDTH,
        hidden_layers=HIDDEN,
    )
    return Trainer(
        model, data, learning_rate=LEARNING_RATE, batch_size=BATCH, loss_type="cross_entropy"
    )


def torch_step(widths: tuple[int, ...]):
    """Return a function that makes one step of the network in PyTorch."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.GELU(approximate="tanh")]
    model, loss = nn.Sequential(*layers[:-1]), nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    inputs, targets = torch.rand(BATCH, widths[0]), torch.randint(widths[-1], (BATCH,))

    def step() -> None:
        optimizer.zero_grad()
        value = loss(model(inputs), targets)
        value.backward()
        optimizer.step()
        value.item()

    return step


def product_step(widths: tuple[int, ...]):
    """Return a function that makes a step's matrix products, into buffers."""
    random = np.random.default_rng(0)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return random.normal(0, 1, (rows, columns)).astype(np.float32)

    products = []
    for layer, (inputs, outputs) in enumerate(pairwise(widths)):
        values, weights, deltas = (
            matrix(BATCH, inputs), matrix(inputs, outputs), matrix(BATCH, outputs)
        )  # fmt: skip
        products += [(values, weights), (values.T, deltas)]
        products += [(deltas, weights.T)] if layer else []
    with_buffers = [(left, right, left @ right) for left, right in products]

    def step() -> None:
        for left, right, out in with_buffers:
            np.dot(left, right, out=out)

    return step


def main() -> None:
    """Measure and print."""
    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(cores)
    trainer = engine_trainer()
    widths = trainer.model.network.widths
    seconds = interleaved(
        {
            "this engine": lambda: trainer.engine.advance(BATCH),
            "PyTorch eager": torch_step(widths),
            "matrix products alone": product_step(widths),
        },
        BLOCKS,
    )
    network = "-".join(map(str, widths))
    title = f"A training step of {network}, batch {BATCH}, {cores} threads; medians"
    print(*table(title, seconds, 1e3, "ms"), sep="\n")


if __name__ == "__main__":
    main()
