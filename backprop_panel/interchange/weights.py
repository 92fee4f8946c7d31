"""Export and import of a model's weights as safetensors files."""

from __future__ import annotations

from ..settings import shown
from ..training.file_input import InterchangeError, Source, refuse_other
from ..training.file_output import Target, write_file
from ..training.model import Model
from ..training.pytorch_weights import read_parameters, tensor_bytes, torch_tensors


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
    write_file(target, tensor_bytes(torch_tensors(model.weights, model.biases)))


def load_weights(model: Model, source: Source) -> None:
    """Load a model's weights from the safetensors file of a matching ``nn.Sequential``.

    The model of a run is refused, as a replay would lose weights that are not logged: use
    `TrainingRun.load_weights`. The model of a `Trainer` without a run takes weights at any time.

    Parameters
    ----------
    model : Model
    source : path, bytes or binary file
        Float32 tensors ``0.weight`` (out, in), ``0.bias`` (out,), ``2.weight``, …

    Raises
    ------
    InterchangeError
        If the model belongs to a run, the file is damaged or of another format, or its tensors are
        not finite or do not fit the model. Nothing has changed then.
    """
    refuse_other(model, Model, "model")
    if model.run is not None:
        raise InterchangeError(
            "weights",
            f"This model belongs to the run {shown(model.run.name)}: use run.load_weights(...), "
            "which logs it as an event.",
        )
    model.network.parameters[...] = read_parameters(source, model.network)
