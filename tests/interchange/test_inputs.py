"""Mistaken input to interchange is refused with a helpful message, or works."""

import io
import os
import pathlib
import pickle
import resource
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from backprop_panel import Model, TrainingRun
from backprop_panel.interchange import (
    InterchangeError,
    export_notebook,
    export_run,
    export_script,
    export_tensorboard,
    file_name,
    from_query,
    import_run,
    load_weights,
    read_run,
    save_weights,
    to_query,
)
from tests.bundles import exported, unzipped


@pytest.fixture(scope="module")
def run():
    run = TrainingRun("run", {"num_samples": 20, "hidden_dimension": 3, "batch_size": 10})
    run.trainer.run_epoch()
    return run


@pytest.fixture(scope="module")
def model(run):
    return Model(**run.model.settings())


@pytest.fixture(scope="module")
def data(run):
    return exported(run)


WRITERS = {
    "export_run to a zip": (export_run, "x.zip"),
    "export_run to a folder": (export_run, "x"),
    "export_script": (export_script, "x.zip"),
    "export_notebook": (export_notebook, "x"),
    "export_tensorboard": (export_tensorboard, "x"),
    "save_weights": (lambda run, target: save_weights(run.model, target), "x.safetensors"),
}
READERS = {
    "import_run": lambda run, source: import_run(source),
    "read_run": lambda run, source: read_run(source),
    "load_weights": lambda run, source: run.load_weights(source),
}

every_writer = pytest.mark.parametrize("writer", WRITERS)
every_reader = pytest.mark.parametrize("reader", READERS)


def write(writer, run, target):
    return WRITERS[writer][0](run, target)


# Where to write


@every_writer
def test_missing_folders_are_created(writer, run, tmp_path):
    target = tmp_path / "not" / "yet" / WRITERS[writer][1]
    write(writer, run, target)
    assert target.exists()


@every_writer
def test_a_file_in_place_of_a_folder_is_named(writer, run, tmp_path):
    (tmp_path / "mine").write_bytes(b"mine")
    with pytest.raises(InterchangeError, match="mine' is a file, not a folder"):
        write(writer, run, tmp_path / "mine" / "more" / WRITERS[writer][1])
    assert (tmp_path / "mine").read_bytes() == b"mine"


@pytest.mark.skipif(not os.path.isdir("/sys/kernel"), reason="nobody may write there on Linux")
@every_writer
def test_a_folder_without_write_permission_is_named(writer, run):
    with pytest.raises(InterchangeError, match=r"cannot be (made|written): .*[Pp]ermi"):
        write(writer, run, f"/sys/kernel/{WRITERS[writer][1]}")


@every_writer
@pytest.mark.parametrize("path", ["x" * 300 + ".zip", "a\0b"])
def test_an_invalid_path_is_refused(writer, run, tmp_path, path):
    with pytest.raises(InterchangeError, match="cannot be"):
        write(writer, run, str(tmp_path / path))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a disk that is always full, on Linux")
def test_a_full_disk_is_reported(model):
    with pytest.raises(InterchangeError, match="'/dev/full' cannot be written: No space left"):
        save_weights(model, "/dev/full")


@pytest.mark.parametrize("name", ["x.zip", "x"])
def test_a_failed_export_leaves_no_files(run, tmp_path, name):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
    try:
        with pytest.raises(InterchangeError, match="cannot be written: File too large"):
            export_run(run, tmp_path / name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_weights_do_not_replace_a_folder(model, tmp_path):
    with pytest.raises(InterchangeError, match="cannot be written: Is a directory"):
        save_weights(model, tmp_path)


# What to read


@every_reader
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "cannot be opened .*No such file"),
        ("nothing/more.zip", "cannot be opened .*No such file"),
        ("empty", "The file is empty"),
        ("empty/more.zip", "cannot be opened .*Not a directory"),
        ("a\0b", "cannot be opened"),
        ("x" * 300, "cannot be"),
        ("endless", "cannot be"),
        ("dangling", "cannot be opened .*No such file"),
        ("noise", "neither a folder nor a zip|Not a whole safetensors file|header"),
    ],
)
def test_an_unreadable_source_is_refused_with_the_reason(reader, run, tmp_path, name, message):
    (tmp_path / "empty").touch()
    (tmp_path / "noise").write_bytes(b"noise" * 10)
    (tmp_path / "endless").symlink_to(tmp_path / "endless")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    with pytest.raises(InterchangeError, match=message):
        READERS[reader](run, str(tmp_path / name))


@every_reader
def test_a_pipe_is_refused_without_waiting(reader, run, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InterchangeError, match="not a plain file"):
        READERS[reader](run, tmp_path / "pipe")


def torch_file(path, run, **how):
    torch.save({"0.weight": torch.zeros(3, 4)}, path, **how)


NOT_WEIGHTS = {
    "torch": (
        torch_file,
        r"PyTorch's own .*torch\.save_file\(torch\.load\(path, weights_only=True",
    ),
    "old torch": (
        lambda path, run: torch_file(path, run, _use_new_zipfile_serialization=False),
        r"a pickle .*safetensors\.torch\.save_file\(torch\.load\(path, weights_only=True\), \"weig",
    ),
    "pickle": (lambda path, run: path.write_bytes(pickle.dumps({})), "a pickle"),
    "npz": (
        lambda path, run: np.savez(path.open("wb"), a=[1]),
        r"numpy\.save_file\(dict\(numpy\.l",
    ),
    "npy": (lambda path, run: np.save(path.open("wb"), [1]), "a single array of NumPy's"),
    "run": (
        lambda path, run: path.write_bytes(exported(run)),
        "a whole run, which import_run takes",
    ),
    "zip": (lambda path, run: zipfile.ZipFile(path, "w").writestr("a", "b"), "is a zip"),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("kind", NOT_WEIGHTS)
def test_a_file_without_weights_is_refused_with_its_kind(kind, run, model, tmp_path):
    make, message = NOT_WEIGHTS[kind]
    make(tmp_path / "model.pt", run)
    before = model.network.parameters.copy()
    with pytest.raises(InterchangeError, match=message):
        load_weights(model, tmp_path / "model.pt")
    assert np.array_equal(model.network.parameters, before)


def test_the_line_in_the_message_converts_the_file(run, model, tmp_path):
    layers = [torch.nn.Linear(*weights.shape) for weights in model.weights]
    activation = torch.nn.GELU(approximate="tanh")
    modules = [module for layer in layers for module in (layer, activation)][:-1]
    path, converted = tmp_path / "model.pth", tmp_path / "weights.safetensors"
    torch.save(torch.nn.Sequential(*modules).state_dict(), path)
    with pytest.raises(
        InterchangeError, match=r"save_file\(torch\.load\(path, weights_only=True\)"
    ):
        load_weights(model, path)
    save_file(torch.load(path, weights_only=True), converted)
    load_weights(Model(**run.model.settings()), converted, transposed=True)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(
    ("kind", "message"),
    [("torch", "PyTorch's own"), ("npz", "NumPy's"), ("pickle", "a pickle"), ("zip", "'a'; only")],
)
def test_a_file_without_a_run_is_refused_with_its_kind(kind, message, run, tmp_path):
    NOT_WEIGHTS[kind][0](tmp_path / "run.zip", run)
    with pytest.raises(InterchangeError, match=message):
        import_run(tmp_path / "run.zip")


def test_weights_given_as_a_run_are_named(run, model, tmp_path):
    save_weights(model, tmp_path / "weights.safetensors")
    with pytest.raises(InterchangeError, match="weights alone .*load_weights"):
        import_run(tmp_path / "weights.safetensors")


def test_for_a_runs_folder_the_message_names_its_weights(run, model, tmp_path):
    export_run(run, tmp_path / "first")
    with pytest.raises(InterchangeError, match=r"is a folder.*first/weights\.safetensors'"):
        load_weights(model, tmp_path / "first")


# What simply works


def is_the_same(run, other):
    return np.array_equal(run.model.network.parameters, other.model.network.parameters)


@pytest.mark.parametrize("name", ["first.zip", "first"])
def test_a_run_is_imported_through_a_link(run, tmp_path, name):
    export_run(run, tmp_path / "elsewhere" / name)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / name)
    assert is_the_same(run, import_run(tmp_path / "link"))


def test_weights_are_loaded_through_a_link(run, tmp_path):
    save_weights(run.model, tmp_path / "weights.safetensors")
    (tmp_path / "link").symlink_to("weights.safetensors")
    model = Model(**run.model.settings())
    load_weights(model, tmp_path / "link")
    assert np.array_equal(model.network.parameters, run.model.network.parameters)


@pytest.mark.parametrize("kind", [bytearray, memoryview, io.BytesIO])
def test_bytes_of_every_kind_are_read(run, data, kind):
    assert is_the_same(run, import_run(kind(data)))


LITTER = {"__MACOSX/first/._run.json": b"x", ".DS_Store": b"x", "first/.DS_Store": b"x"}


def zipped(files, comment=b""):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("folder", "more"),
    [
        ("first/", {}),
        ("first/", {"first/": b""}),
        ("first/", LITTER),
        ("my runs/of today/", {}),
        ("", LITTER),
    ],
)
def test_a_rezipped_run_is_imported(run, data, folder, more):
    files = {folder + name: content for name, content in unzipped(data).items()}
    assert is_the_same(run, import_run(zipped({**more, **files})))


@pytest.mark.parametrize("size", [1, 100, 65_535])
def test_a_zip_with_a_comment_is_imported(run, data, size):
    assert is_the_same(run, import_run(zipped(unzipped(data), b"c" * size)))


@pytest.mark.parametrize(
    "name", ["second/run.json", "run.json", "first/more/run.json", "first/x", "../first/run.json"]
)
def test_a_zip_with_a_run_in_a_folder_and_other_files_is_refused(data, name):
    files = {f"first/{name}": content for name, content in unzipped(data).items()}
    with pytest.raises(InterchangeError, match="The zip holds"):
        import_run(zipped({**files, name: b"x"}))


@pytest.mark.parametrize("folder", ["../", "/", "a/../", "./", "a//", "C:\\x\\", "..\\"])
def test_a_zip_with_a_run_in_an_unsafe_folder_is_refused(data, folder):
    with pytest.raises(InterchangeError, match="The zip holds"):
        import_run(zipped({folder + name: x for name, x in unzipped(data).items()}))


def test_a_long_zip_directory_before_a_comment_is_refused():
    many = zipped({f"{number:05}": b"" for number in range(2000)}, b"PK\x05\x05 a comment")
    with pytest.raises(InterchangeError, match="Bytes of the zip's directory: at most 65,536"):
        import_run(many)


# Wrong kinds of arguments

NO_FILES = [None, 3, 1.5, [], {}, object(), io.StringIO("text"), int]


@every_writer
@pytest.mark.parametrize("target", [*NO_FILES, b"bytes"], ids=lambda value: type(value).__name__)
def test_a_target_of_another_type_is_refused(writer, run, target):
    with pytest.raises(InterchangeError, match="is taken, got|cannot be written"):
        write(writer, run, target)


@every_reader
@pytest.mark.parametrize("source", NO_FILES, ids=lambda value: type(value).__name__)
def test_a_source_of_another_type_is_refused(reader, run, source):
    with pytest.raises(InterchangeError, match=r"is taken, got|open\(path, 'rb'\)"):
        READERS[reader](run, source)


@every_reader
def test_a_closed_file_is_refused(reader, run):
    source = io.BytesIO(b"x")
    source.close()
    with pytest.raises(InterchangeError, match="closed file"):
        READERS[reader](run, source)


@pytest.mark.parametrize("given", [None, "first", 3, {}, Model], ids=str)
def test_an_object_other_than_a_run_is_refused(given, tmp_path):
    for export in (export_run, export_script, export_notebook, export_tensorboard):
        with pytest.raises(InterchangeError, match="run must be a TrainingRun, got"):
            export(given, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_an_object_other_than_a_model_is_refused(run, tmp_path):
    for given, hint in ((None, "got None"), (run.model.network, "got"), (run, "Give its model")):
        with pytest.raises(InterchangeError, match=f"model must be a Model, .*{hint}"):
            save_weights(given, tmp_path / "x")
        with pytest.raises(InterchangeError, match=f"model must be a Model, .*{hint}"):
            load_weights(given, tmp_path / "x")


@pytest.mark.parametrize("given", [None, 3, ["seed"], b"seed=1", object], ids=str)
def test_an_object_other_than_a_configuration_is_refused(given):
    for function in (to_query, from_query):
        with pytest.raises(InterchangeError, match="a mapping of settings to values, got"):
            function(given)


def test_a_value_that_cannot_be_written_in_a_link_is_named():
    with pytest.raises(ValueError, match="seed cannot be written in a link"):
        to_query({"seed": object()})


@pytest.mark.parametrize("arguments", [(None,), (3,), (b"x",), ("x", None), (pathlib.Path("x"),)])
def test_a_name_other_than_text_is_refused(arguments):
    with pytest.raises(InterchangeError, match="made of text"):
        file_name(*arguments)
