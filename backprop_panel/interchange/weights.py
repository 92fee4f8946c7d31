"""Export and import of a model's weights as safetensors files."""

from __future__ import annotations

from ..settings import shown
from ..training.file_input import InterchangeError, Source, refuse_other
from ..training.file_output import Target, write_file
from ..training.model import Model
from ..training.pytorch_weights import sequential_bytes, torch_tensors
from ..training.weight_mapping import Expected, WeightMapping, as_mapping, read_mapping


def save_weights(model: Model, target: Target) -> None:
    """Write a model's weights as a safetensors file that a matching ``nn.Sequential`` loads.

    Parameters
    ----------
    model : Model
    target : path or binary file
        An existing file is replaced; missing parent folders are created.

    Raises
    ------
    InterchangeError
        If it cannot be written.
    """
    refuse_other(model, Model, "model")
    write_file(target, sequential_bytes(torch_tensors(model.weights, model.biases)))


def map_weights(source: Source, model: Model, transposed: bool | None = None) -> WeightMapping:
    """Return which tensor of a safetensors file becomes which weight or bias of a model.

    Nothing is loaded: ``print(mapping)`` shows the table, ``mapping.open`` what the shapes do not
    say, and `load_weights` or `TrainingRun.load_weights` take the mapping.

    Parameters
    ----------
    source : path, bytes or binary file
        Tensors of float32, float64, float16 or bfloat16 under any names, such as ``fc1.weight``.
        A layer without a bias gets zeros.
    model : Model
    transposed : bool, optional
        Whether weights whose shape does not say it, the square ones, are (out, in) in the file, as
        PyTorch's.

    Raises
    ------
    InterchangeError
        If the file is damaged or of another format, or its tensors are not finite or do not fit
        the model.
    """
    refuse_other(model, Model, "model")
    return read_mapping(source, Expected.of(model.network), transposed)


def load_weights(
    model: Model, source: Source | WeightMapping, transposed: bool | None = None
) -> None:
    """Load a model's weights from a safetensors file.

    The model of a run is refused, as a replay would lose weights that are not logged: use
    `TrainingRun.load_weights`. The model of a `Trainer` without a run takes weights at any time.

    Parameters
    ----------
    model : Model
    source : path, bytes, binary file or WeightMapping
        As for `map_weights`.
    transposed : bool, optional
        Whether weights whose shape does not say it, the square ones, are (out, in) in the file, as
        PyTorch's.

    Raises
    ------
    InterchangeError
        If the model belongs to a run, the file is damaged or of another format, its tensors are
        not finite or do not fit the model, or `transposed` is needed. Nothing has changed then.
    """
    refuse_other(model, Model, "model")
    if model.run is not None:
        raise InterchangeError(
            "weights",
            f"This model belongs to the run {shown(model.run.name)}: use run.load_weights(...), "
            "which logs it as an event.",
        )
    network = model.network
    network.parameters[...] = as_mapping(source, network, transposed).parameters(network)
