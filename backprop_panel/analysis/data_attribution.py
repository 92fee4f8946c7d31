"""Which data did this: the part that each window has in the gradient of a weight or a unit.

A gradient is a sum with a term for every example. That of a weight is its input times δ of its
unit, that of a bias δ itself::

    dL/dW[i, j] = Σ over the examples of a[i] · δ[j]

The term of a window is thus its part of the gradient of the mean loss, be it of a batch or of the
training set; the parts of all windows sum to that gradient. An optimizer goes against the gradient:
a window with a negative term pushes the weight **up**, one with a positive term pushes it **down**.
For a unit the term is δ, its part of the gradient of the unit's bias: a negative one pushes the
unit's pre-activation up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ..data.sequence_dataset import SequenceDataset
from ..nn.network import Workspace
from ..nn.record import StepRecord
from ..rng import random_stream
from ..settings import SettingError, refuse_other
from .pushes import Array, Indices, Pushes
from .recomputation import (
    loss_function,
    network_of,
    one_hot,
    propagate_back,
    rows_in_one_thread,
)
from .record_cell import RecordCell, checked

OF_WEIGHTS = ("weights", "weight_gradients", "weight_updates", "new_weights")
OF_BIASES = ("biases", "bias_gradients", "bias_updates", "new_biases")
OF_UNITS = ("pre_activations", "activation_slopes", "deltas")
OF_LEVELS = ("activations", "activation_gradients")
OF_OUTPUTS = ("logits", "probabilities")

MOST_AT_ONCE = 1024
"""Most windows in a piece; fewer if a matrix library would start threads for them."""


def batch_pushes(
    record: StepRecord, cell: RecordCell, dataset: SequenceDataset | None = None
) -> Pushes:
    """Return the push of each example of a record's batch on a weight, a bias or a unit.

    Parameters
    ----------
    record : StepRecord
    cell : RecordCell
        An entry of a weight or bias, of its gradient or update; or of a pre-activation, an
        activation, their gradients or an output, which stands for its unit, whatever the example.
    dataset : SequenceDataset, optional
        The data of the record, for the windows' places in its master sequences.

    Raises
    ------
    SettingError
        For another kind of cell, or a dataset that the batch is not from.
    """
    name, layer, row, column = _parameter(record, cell)
    terms = record.deltas[layer][:, column].astype(np.float64)
    if row is not None:
        terms *= record.activations[layer][:, row]
    if dataset is not None:
        _refuse_other_data(record, dataset)
    contexts = record.contexts
    keys = contexts if contexts.shape[1] else np.arange(len(record.targets))[:, np.newaxis]
    first, window_of, counts = _different(keys, record.targets)
    return Pushes(
        name=name,
        contexts=contexts[first],
        targets=record.targets[first],
        counts=counts,
        terms=np.bincount(window_of, terms),
        examples=len(record.targets),
        vocabulary_size=record.inputs.shape[1] // max(1, contexts.shape[1]),
        outputs=record.logits.shape[1],
        complete=True,
        _places=_places_in_batch(record, window_of, dataset),
    )


def _places_in_batch(
    record: StepRecord, window_of: Indices, dataset: SequenceDataset | None
) -> Callable[[int], tuple[Indices, Indices, Indices]]:
    """Return the function that gives a window's examples, samples and places in the masters."""

    def places(window: int) -> tuple[Indices, Indices, Indices]:
        """Return the rows of a window's examples, their samples and their places, (n, 2)."""
        rows = np.flatnonzero(window_of == window)
        samples = record.samples[rows] if len(record.samples) else rows[:0]
        return rows, samples, _origins(dataset, samples)

    return places


def training_set_pushes(
    record: StepRecord, cell: RecordCell, dataset: SequenceDataset
) -> Iterator[Pushes]:
    """Yield the pushes of the training set's windows, with the weights of a record, as they come.

    Each step of the iterator computes some more windows, in random order, and takes a few
    milliseconds in a small network. It reads nothing but its arguments, which never change, so that
    another thread may work at it while a run trains.

    Parameters
    ----------
    record : StepRecord
    cell : RecordCell
        As for `batch_pushes`.
    dataset : SequenceDataset

    Raises
    ------
    SettingError
        For another kind of cell, or a dataset that does not fit the record's network.
    """
    refuse_other("dataset", dataset, SequenceDataset)
    name, layer, row, column = _parameter(record, cell)
    if (dataset.input_dimension, dataset.output_dimension) != (
        record.inputs.shape[1],
        record.logits.shape[1],
    ):
        raise SettingError(
            "dataset",
            f"The record's network takes {record.inputs.shape[1]} inputs to "
            f"{record.logits.shape[1]} outputs, the dataset has {dataset.input_dimension} and "
            f"{dataset.output_dimension}.",
        )
    gradients = _gradients_of_windows(record, layer, row, column, dataset)
    return _training_set_pushes(name, gradients, dataset)


def _training_set_pushes(
    name: str, gradients: Callable[[Indices, Indices], Iterator[Array]], dataset: SequenceDataset
) -> Iterator[Pushes]:
    numbers, sample_of, drawn = np.unique(
        dataset.sample_windows, return_index=True, return_counts=True
    )
    first, window_of, _ = _different(*dataset.context_and_target(numbers))
    order = random_stream("attribution", dataset.seed).permutation(len(first))
    window_of = np.argsort(order)[window_of]
    contexts, targets = dataset.context_and_target(numbers[first[order]])
    counts = np.bincount(window_of, drawn).astype(np.intp)
    terms = np.empty(len(first))

    def places(window: int) -> tuple[Indices, Indices, Indices]:
        """Return no rows, and the samples of a window and their places, (n, 2)."""
        places = np.flatnonzero(window_of == window)
        return places[:0], sample_of[places], dataset.origin[numbers[places]]

    pushes = Pushes(
        name=name,
        contexts=contexts,
        targets=targets,
        counts=counts,
        terms=terms,
        examples=len(dataset),
        vocabulary_size=len(dataset.vocabulary),
        outputs=dataset.output_dimension,
        complete=False,
        _places=places,
    )
    done = 0
    for own in gradients(contexts, targets):
        part = slice(done, done + len(own))
        terms[part] = own * counts[part] / len(dataset)
        done = part.stop
        yield replace(
            pushes,
            contexts=contexts[:done],
            targets=targets[:done],
            counts=counts[:done],
            terms=terms[:done],
            complete=done == len(terms),
        )


def _gradients_of_windows(
    record: StepRecord, layer: int, row: int | None, column: int, dataset: SequenceDataset
) -> Callable[[Indices, Indices], Iterator[Array]]:
    """Return the function that yields the gradients of windows' own losses, some at a time."""
    network, loss = network_of(record), loss_function(record)
    at_once = min(MOST_AT_ONCE, rows_in_one_thread(network.layers))

    def own_gradients(contexts: Indices, targets: Indices) -> Array:
        """Return the gradient of each window's own loss, shape (windows,)."""
        work = Workspace(network, len(targets))
        dataset.one_hot(contexts, out=work.activations[0])
        with np.errstate(all="ignore"):
            for _ in network.forward(work):
                pass
            rows = one_hot(targets, network.widths[-1])
            propagate_back(network, work, loss, rows, network.depth - 1 - layer)
            # The delta is that of the mean loss of these windows.
            own = work.deltas[layer][:, column] * len(targets)
            return own if row is None else own * work.activations[layer][:, row]

    def gradients(contexts: Indices, targets: Indices) -> Iterator[Array]:
        """Yield the gradients of windows' own losses, `at_once` windows at a time."""
        for start in range(0, len(targets), at_once):
            part = slice(start, start + at_once)
            yield own_gradients(contexts[part], targets[part])

    return gradients


def _parameter(record: StepRecord, cell: RecordCell) -> tuple[str, int, int | None, int]:
    """Return the name of what is pushed, its layer, row and column; no row: a bias or a unit."""
    refuse_other("cell", cell, RecordCell)
    cell = checked(record, cell.quantity, cell.layer, cell.index)
    layer, index, quantity = cell.layer, cell.index, cell.quantity
    if quantity in OF_WEIGHTS:
        return RecordCell("weights", layer, index).name(record), layer, *index
    if quantity in record.moments:
        return _parameter(record, cell.parameter(record))
    if quantity in OF_BIASES:
        return RecordCell("biases", layer, index).name(record), layer, None, *index
    if quantity in OF_LEVELS and layer > 0:
        return f"{cell.symbol(record)}[:, {index[1]}]", layer - 1, None, index[1]
    if quantity in OF_UNITS:
        return f"{cell.symbol(record)}[:, {index[1]}]", layer, None, index[1]
    if quantity in OF_OUTPUTS:
        return f"{cell.symbol(record)}[:, {index[1]}]", len(record.layers) - 1, None, index[1]
    raise SettingError(
        "cell",
        f"Data push a weight, a bias, or a unit behind the inputs; {cell.name(record)} is none.",
    )


def _different(contexts: Indices, targets: Indices) -> tuple[Indices, Indices, Indices]:
    """Return the first index of each different window, the window of each row, and the counts."""
    # In the smallest type: a training set may have millions of windows.
    column = targets[:, np.newaxis].astype(np.min_scalar_type(targets.max(initial=0)))
    rows = np.concatenate([contexts, column], axis=1)
    _, first, window_of, counts = np.unique(
        rows, axis=0, return_index=True, return_inverse=True, return_counts=True
    )
    return first, window_of.ravel(), counts


def _origins(dataset: SequenceDataset | None, samples: Indices) -> Indices:
    if dataset is None:
        return np.empty((0, 2), np.intp)
    return dataset.origin[dataset.sample_windows[samples]]


def _refuse_other_data(record: StepRecord, dataset: SequenceDataset) -> None:
    refuse_other("dataset", dataset, SequenceDataset)
    samples = record.samples
    fits = len(samples) == len(record.contexts) and len(samples) > 0
    fits = fits and 0 <= samples.min() and samples.max() < len(dataset)
    if fits:
        contexts, targets = dataset.__getitems__(samples)
        fits = np.array_equal(contexts, record.contexts)
        fits = fits and np.array_equal(targets, record.targets)
    if not fits:
        raise SettingError("dataset", "The record's batch is not from this dataset.")
