"""The setting of the makemore lecture: a network that learns to continue names, beside PyTorch.

Three characters of context, one-hot; 200 hidden tanh units; batches of 32, at a learning rate of
0.1 and for the second half of the steps of 0.01. A tenth each of the distinct names is held out
for development and test, as whole lines. The network in PyTorch begins with the same weights and
takes the same batches. Run it with ``python benchmarks/makemore.py names.txt [steps]``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import perf_counter

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the network is small: threads would wait

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # a checkout, not installed

from backprop_panel import SequenceDataset, TrainingRun  # noqa: E402
from backprop_panel.analysis import generate  # noqa: E402
from backprop_panel.data.text_files import read_text_file  # noqa: E402

CONTEXT, HIDDEN, BATCH = 3, 200, 32
RATES = (0.1, 0.01)
STEPS = 200_000
AT_ONCE = 8192


def run_of(names: Path) -> TrainingRun:
    """Return an untrained run on a list of names."""
    text = read_text_file(names.name, names.read_bytes()).text
    data = SequenceDataset.from_text(text, sequence_length=CONTEXT + 1, boundary=".")
    network = {"hidden_layers": 1, "hidden_dimension": HIDDEN, "activation": "tanh"}
    training = {"loss_type": "cross_entropy", "batch_size": BATCH, "learning_rate": RATES[0]}
    return TrainingRun("makemore", {**data.settings(), **network, **training})


def torch_model(run: TrainingRun) -> nn.Sequential:
    """Return the network in PyTorch, with the run's present weights."""
    data = run.dataset
    first, last = nn.Linear(data.input_dimension, HIDDEN), nn.Linear(HIDDEN, data.output_dimension)
    for layer, weights, biases in zip(
        (first, last), run.model.weights, run.model.biases, strict=True
    ):
        layer.weight.data = torch.tensor(weights.T.copy())
        layer.bias.data = torch.tensor(biases.copy())
    return nn.Sequential(first, nn.Tanh(), last)


def tensors(data: SequenceDataset, windows: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the contexts and targets of windows."""
    contexts, targets = data.context_and_target(np.asarray(windows))
    return torch.tensor(contexts.astype(np.int64)), torch.tensor(targets.astype(np.int64))


def train_torch(model: nn.Sequential, data: SequenceDataset, steps: int) -> None:
    """Train the network in PyTorch with the batches of the run."""
    contexts, targets = tensors(data, data.sample_windows)
    optimizer = torch.optim.SGD(model.parameters(), lr=RATES[0])
    epoch, order = 0, torch.tensor(data.order(0).astype(np.int64))
    for step in range(steps):
        if step == steps // 2:
            optimizer.param_groups[0]["lr"] = RATES[1]
        if not len(order):
            epoch += 1
            order = torch.tensor(data.order(epoch).astype(np.int64))
        samples, order = order[:BATCH], order[BATCH:]
        loss = loss_of(model, data, contexts[samples], targets[samples])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def loss_of(
    model: nn.Sequential, data: SequenceDataset, contexts: torch.Tensor, targets: torch.Tensor
) -> torch.Tensor:
    """Return the mean loss on contexts."""
    inputs = functional.one_hot(contexts, len(data.vocabulary)).flatten(start_dim=1).float()
    return functional.cross_entropy(model(inputs), targets)


def torch_loss(model: nn.Sequential, data: SequenceDataset, windows: np.ndarray) -> float:
    """Return the mean loss on windows, in pieces."""
    contexts, targets = tensors(data, windows)
    total = 0.0
    with torch.no_grad():
        for start in range(0, len(targets), AT_ONCE):
            piece = slice(start, start + AT_ONCE)
            loss = loss_of(model, data, contexts[piece], targets[piece])
            total += float(loss) * len(targets[piece])
    return total / len(targets)


def main(names: Path, steps: int = STEPS) -> None:
    """Train both and print their losses."""
    torch.set_num_threads(1)
    run = run_of(names)
    data, engine = run.dataset, run.trainer.engine
    model = torch_model(run)
    begin = perf_counter()
    for rate in RATES:
        run.trainer.change(learning_rate=rate)
        half = steps // 2 if rate == RATES[0] else steps - steps // 2
        done = 0
        while done < half:
            done += engine.advance(BATCH, half - done)
    ours = perf_counter() - begin
    begin = perf_counter()
    train_torch(model, data, steps)
    theirs = perf_counter() - begin
    print(f"{len(data.masters):,} names, {data.n_windows:,} windows, {steps:,} steps of {BATCH}")
    print(f"  {'':<14}{'this engine':>12}{'PyTorch':>12}")
    for name, windows in (
        ("training", data.sample_windows),
        ("development", data.validation_windows),
        ("test", data.test_windows),
    ):
        both = run.trainer.engine.mean_loss(windows), torch_loss(model, data, windows)
        print(f"  {name:<14}{both[0]:>12.4f}{both[1]:>12.4f}")
    print(f"  {'seconds':<14}{ours:>12.1f}{theirs:>12.1f}")
    texts = generate(run.model, data, rng=np.random.default_rng(0))
    print("  " + " ".join("".join(text.tokens) for text in texts))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:3]))
