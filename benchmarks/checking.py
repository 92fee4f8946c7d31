"""Whether the gradient check and the update audit alarm where they should, and what they cost.

Records of random networks, healthy ones: none may alarm. Then records that were spoilt in named
ways, and runs with a fault of the lab: each must be caught, by the first quantity that is wrong.
Run it with ``python benchmarks/checking.py``; ``--quick`` takes a tenth of the networks.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from threading import Event, Thread
from time import perf_counter, process_time, sleep

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # a checkout, not installed

import numpy as np  # noqa: E402
from side_by_side import interleaved, table  # noqa: E402

from backprop_panel import (  # noqa: E402
    Model,
    SequenceDataset,
    Trainer,
    TrainingRun,
    TrainingRunManager,
)
from backprop_panel.analysis import audit, check_gradients  # noqa: E402
from backprop_panel.analysis.background import gathered, in_turns  # noqa: E402
from backprop_panel.analysis.checks.update_audit import auditing  # noqa: E402
from backprop_panel.nn.activations import ACTIVATIONS  # noqa: E402
from backprop_panel.nn.faults import FAULTS  # noqa: E402
from backprop_panel.nn.initializers import INITIALIZATIONS  # noqa: E402
from backprop_panel.nn.losses import LOSSES  # noqa: E402
from backprop_panel.nn.optimizers import OPTIMIZERS  # noqa: E402
from backprop_panel.nn.record import StepRecord  # noqa: E402
from backprop_panel.training.worker import StopWhen  # noqa: E402
from backprop_panel.views.state.auditing import Auditing  # noqa: E402
from tests.corruptions import CORRUPTIONS  # noqa: E402

SHARE = 10 if "--quick" in sys.argv else 1
SOUND_RECORDS, HEALTHY_CONFIGURATIONS = 2000 // SHARE, 500 // SHARE
SEEDS = 10
PAIRS, PAIR_SECONDS = 60 // SHARE, 1.0
MOST_PARAMETERS = 1500
"""Parameters of a healthy configuration that are compared with difference quotients."""

GRADIENT_FAULTS = (
    *("no_activation_derivative", "derivative_at_activation", "no_batch_mean"),
    *("accumulated_gradients", "untransposed_weights", "no_bias_gradient"),
    *("no_softmax_derivative", "double_softmax", "summed_loss", "shifted_targets"),
    "stale_activations",
)
"""The faults that change a gradient of the declared loss."""

UPDATE_FAULTS = ("bias_per_weight", "no_bias_correction", "inverted_bias_correction", "wrong_sign")
"""Those that change an update alone; the others make every step follow from its inputs."""


def random_trainers(count: int, largest_rate: float) -> Iterator[Trainer]:
    """Yield trainers of random networks that have made some steps; one in fifty is wide."""
    random = np.random.default_rng(0)
    for number in range(count):
        most = 1024 if number % 50 == 0 else 200 if number % 5 == 0 else 40
        trainer = _random_trainer(random, most, largest_rate)
        if trainer.model.hidden_layers and random.random() < 0.2:
            trainer.engine.edits.silence(1, 0, True)
        if random.random() < 0.2:
            trainer.engine.edits.freeze(0, True, 0, 0)
        for _ in range(int(10 ** random.uniform(0, 0.7 if most == 1024 else 2.5))):
            trainer.run_batch()
        yield trainer


def _random_trainer(random: np.random.Generator, most: int, largest_rate: float) -> Trainer:
    depth = int(random.integers(0, 7))
    data = SequenceDataset(
        sequence_length=int(random.integers(2, 6)),
        task_type=str(random.choice(["next_token", "sequence_classification"])),
        num_samples=64,
        seed=int(random.integers(100)),
    )
    model = Model(
        input_dimension=data.input_dimension,
        output_dimension=data.output_dimension,
        hidden_layers=depth,
        hidden_dimension=[int(random.integers(1, most + 1)) for _ in range(depth)],
        activation=[str(random.choice(list(ACTIVATIONS))) for _ in range(depth)],
        initialization=str(random.choice(list(INITIALIZATIONS))),
        seed=int(random.integers(1000)),
    )
    return Trainer(
        model,
        data,
        loss_type=str(random.choice(list(LOSSES))),
        optimizer=str(random.choice(list(OPTIMIZERS))),
        learning_rate=float(10 ** random.uniform(-4, np.log10(largest_rate))),
        weight_decay=float(random.choice([0, 0.01, 0.1])),
        batch_size=int(random.integers(1, 65)),
    )


def is_finite(record: StepRecord) -> bool:
    """Tell whether a record can be judged: training at a high rate may have overflowed."""
    return all(np.isfinite(layer).all() for layer in (*record.layers, *record.layer_gradients))


def measure_sound_records() -> None:
    """Print how many sound records the audit takes for wrong."""
    alarms, finite = [], 0
    for trainer in random_trainers(SOUND_RECORDS, largest_rate=3):
        record = trainer.run_batch()
        finite += is_finite(record)
        alarms += audit(record)[:1]
    print(
        f"audit of {SOUND_RECORDS} sound records ({finite} finite): {len(alarms)} alarms", *alarms
    )


def measure_corruptions() -> None:
    """Print for each way to spoil a record how often it was caught, and named first."""
    print(f"\n{len(CORRUPTIONS)} ways to spoil a record, {SEEDS} records of each")
    print(f"  {'':<40}{'caught':>8}{'named first':>13}  first wrong quantity")
    totals = np.zeros(2, int)
    for corruption in CORRUPTIONS:
        counts = np.zeros(2, int)
        for seed in range(SEEDS):
            found = audit(corruption.records(seed)[1])
            first = (found[0].quantity, found[0].layer) if found else None
            counts += [bool(found), first == (corruption.quantity, corruption.layer)]
        totals += counts
        layer = "" if corruption.layer is None else f" of layer {corruption.layer}"
        print(f"  {corruption.name:<40}{counts[0]:>8}{counts[1]:>13}  {corruption.quantity}{layer}")
    print(f"  {'all of ' + str(SEEDS * len(CORRUPTIONS)):<40}{totals[0]:>8}{totals[1]:>13}")


def measure_healthy_gradients() -> None:
    """Print the errors that the gradient check finds in healthy configurations."""
    errors, kinks, checked = [], 0, 0
    for trainer in random_trainers(HEALTHY_CONFIGURATIONS, largest_rate=0.3):
        record = trainer.run_batch()
        if not is_finite(record):
            continue
        sample = min(MOST_PARAMETERS, sum(layer.size for layer in record.layers))
        wide = max(record.layers, key=np.size).size > 10**5
        check = check_gradients(record, sample=None if wide else sample)
        exact = check_gradients(record, against="autograd")
        errors.append(max(each.worst.error if each.worst else 0 for each in (check, exact)))
        kinks, checked = kinks + check.at_kinks, checked + check.checked
    alarms = sum(error >= 1e-3 for error in errors)
    print(
        f"\ngradient check of {len(errors)} healthy configurations, by differences and by "
        f"autograd: {alarms} alarms\n  largest error: median {np.median(errors):.1e}, 99% "
        f"{np.quantile(errors, 0.99):.1e}, largest {max(errors):.1e}; alarm from 1e-3\n  "
        f"{checked:,} gradients checked, {kinks:,} at a corner of ReLU"
    )


def measure_faults() -> None:
    """Print for each fault of the lab how often check and audit catch it."""
    print(f"\nfaults of the lab, {SEEDS} networks of each: caught by")
    print(f"  {'':<28}{'check':>7}{'audit':>7}  first wrong quantity")
    for key in ("none", *FAULTS):
        caught, first = np.zeros(2, int), set()
        for seed in range(SEEDS):
            record = _faulty_record(key, seed)
            found = audit(record)
            caught += [not check_gradients(record).ok, bool(found)]
            first |= {each.quantity for each in found[:1]}
        expected = [SEEDS * (key in GRADIENT_FAULTS)]
        expected.append(SEEDS * (key in (*GRADIENT_FAULTS, *UPDATE_FAULTS)))
        missed = "" if caught.tolist() == expected else f"  EXPECTED {expected}"
        print(f"  {key:<28}{caught[0]:>7}{caught[1]:>7}  {', '.join(first)}{missed}")


def _faulty_record(key: str, seed: int) -> StepRecord:
    data = SequenceDataset(num_samples=60, seed=seed)
    depth = 2 + seed % 3
    model = Model(
        input_dimension=data.input_dimension,
        output_dimension=data.output_dimension,
        hidden_dimension=[8 + seed % 5] * depth,
        activation=("gelu", "tanh", "sigmoid")[seed % 3],
        hidden_layers=depth,
        seed=seed,
    )
    settings = {"loss_type": "cross_entropy", "optimizer": "adam", "learning_rate": 0.01}
    trainer = Trainer(model, data, batch_size=16, **settings)
    for _ in range(3):
        trainer.run_batch()
    if key != "none":
        trainer.change(fault=key)
    for _ in range(4):
        record = trainer.run_batch()
    return record


def measure_time() -> None:
    """Print what the questions cost beside a training step, on the page's default network."""
    data = SequenceDataset(seed=0)
    model = Model(input_dimension=data.input_dimension, output_dimension=data.output_dimension)
    trainer = Trainer(model, data)
    record = trainer.run_batch()
    seconds = interleaved(
        {
            "a step with its record": trainer.run_batch,
            "audit": lambda: audit(record),
            "gradient check": lambda: check_gradients(record),
            "against autograd": lambda: check_gradients(record, against="autograd"),
        },
        blocks=20,
    )
    print()
    for line in table("the default network", seconds, 1e3, "ms"):
        print(line)


def measure_watching() -> None:
    """Print what a step costs with and without records that are audited as the page does it."""
    run = TrainingRunManager().create()
    record = run.trainer.run_batch()
    run.worker.start(StopWhen())
    rates, audits = [], []
    before = _seconds_a_step(run)
    for _ in range(PAIRS):
        stopping, counts = Event(), [0]
        thread = Thread(target=_watch, args=(record, stopping, counts))
        thread.start()
        beside = _seconds_a_step(run)
        stopping.set()
        thread.join()
        after = _seconds_a_step(run)
        rates.append(beside / ((before + after) / 2))
        audits.append(counts[0] / PAIR_SECONDS)
        before = after
    run.worker.stop()
    low, high = np.quantile(rates, [0.25, 0.75])
    print(
        f"\na training step while records are audited, against without: {median(rates):.3f} "
        f"(half of the pairs: {low:.3f} to {high:.3f}), {median(audits):.1f} audits a second"
    )


def _watch(record: StepRecord, stopping: Event, counts: list[int]) -> None:
    """Audit a record again and again, with the rests that the page makes."""
    while not stopping.is_set():
        begin = perf_counter()
        for _ in in_turns(gathered(auditing(record)), stopping):
            pass
        counts[0] += 1
        stopping.wait(Auditing.rest * (perf_counter() - begin))


def _seconds_a_step(run: TrainingRun) -> float:
    """Return the processor time of all threads that a step takes."""
    first, begin = run.trainer.step, process_time()
    sleep(PAIR_SECONDS)
    return (process_time() - begin) / (run.trainer.step - first)


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        measure_time()
        measure_watching()
        measure_corruptions()
        measure_faults()
        measure_healthy_gradients()
        print()
        measure_sound_records()
