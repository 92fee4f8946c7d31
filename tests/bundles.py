"""Exported runs, as the tests look into them and make others of them."""

import io
import zipfile

import numpy as np
from stores import SMALL, train

from backprop_panel.interchange import export_run
from backprop_panel.training.pytorch_weights import sequential_bytes


def exported(run):
    """Return a run's zip."""
    buffer = io.BytesIO()
    export_run(run, buffer)
    return buffer.getvalue()


def unzipped(data):
    """Return the files in a zip by their names."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files):
    """Return a zip of files by their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def weights_file(network, seed=0):
    """Return a file of random weights that fits a network, and says that it is as PyTorch's."""
    random = np.random.default_rng(seed)
    tensors = {}
    for layer, (weights, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        inputs, outputs = weights.shape
        tensors[f"{2 * layer}.weight"] = random.normal(scale=0.3, size=(outputs, inputs))
        tensors[f"{2 * layer}.bias"] = random.normal(scale=0.3, size=bias.shape)
    return sequential_bytes({name: values.astype(np.float32) for name, values in tensors.items()})


def with_loaded_weights(manager, seed=0):
    """Return the current run, or a new one, trained ten steps before and after loading weights."""
    run = manager.current or manager.create(name="first", **SMALL, optimizer="adam")
    train(run, 10)
    run.load_weights(weights_file(run.model.network, seed))
    train(run, 10)
    return run
