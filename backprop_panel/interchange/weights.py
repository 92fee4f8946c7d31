"""A model's weights to and from safetensors files."""

from __future__ import annotations

from ..settings import shown
from ..training.file_input import InterchangeError, Source, refuse_other
from ..training.file_output import Target, write_file
from ..training.model import Model
from ..training.weight_tensors import read_parameters, tensor_bytes, torch_tensors


def save_weights(model: Model, target: Target) -> None:
    """Write a model's weights as a safetensors file that a matching ``nn.Sequential`` loads.

    Parameters
    ----------
    model : Model
    target : path or binary file
        A file that is there already is replaced; folders that are not there are made.

    Raises
    ------
    InterchangeError
        If it cannot be written.
    """
    refuse_other(model, Model, "model")
    write_file(target, tensor_bytes(torch_tensors(model.weights, model.biases)))


def load_weights(model: Model, source: Source) -> None:
    """Take a model's weights from the safetensors file of a matching ``nn.Sequential``.

    The model of a run is refused: what its run does not log is lost at the next replay. A
    `Trainer` without a run replays nothing, so that its model takes weights at any time.

    Parameters
    ----------
    model : Model
    source : path, bytes or binary file
        Float32 tensors ``0.weight`` (out, in), ``0.bias`` (out,), ``2.weight``, …

    Raises
    ------
    InterchangeError
        If the model belongs to a run, the file is damaged or of another kind, which is named with
        a line that converts it, or its tensors are not finite or not those of the model: nothing
        has changed.
    """
    refuse_other(model, Model, "model")
    if model.run is not None:
        raise InterchangeError(
            "weights",
            f"This model belongs to the run {shown(model.run.name)}: use run.load_weights(...), "
            "which logs it as an event.",
        )
    model.network.parameters[...] = read_parameters(source, model.network)
