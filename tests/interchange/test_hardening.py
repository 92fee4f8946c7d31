"""Five hundred damaged or hostile files: each is refused with a reason, or read correctly."""

import io
import json
import os
import random
import struct
import time
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest
from safetensors.numpy import load, save

from backprop_panel import Model, TrainingRun
from backprop_panel.interchange import (
    InterchangeError,
    ReplayWarning,
    import_run,
    limits,
    load_weights,
)
from backprop_panel.interchange import bounded_replay as replaying
from tests.bundles import exported, unzipped, weights_file

CASES = 36
"""Cases of each kind below; more than five hundred in all."""

MOST_SECONDS = 2
MOST_BYTES = 300 << 20

WEIGHTS = "weights.safetensors"

HOSTILE_NAMES = [
    "../run.json",
    "../../etc/cron.d/x",
    "/tmp/x",
    "//server/share/x",
    "C:\\x",
    "..\\run.json",
    "folder/run.json",
    "./run.json",
    "run.json/",
    "run.json\x00.txt",
    "RUN.JSON",
    "",
]

ODD_VALUES = [
    None,
    True,
    -1,
    0,
    1.5,
    1e308,
    10**30,
    "",
    "\x00",
    "x" * 10_000,
    [],
    {},
    [[]],
    [1, 2, 3],
    {"a": 1},
    ["a"] * 1000,
]


@pytest.fixture(scope="module")
def run():
    run = TrainingRun("run", {"num_samples": 40, "hidden_dimension": 6, "batch_size": 16})
    run.trainer.run_epoch()
    run.trainer.learning_rate = 0.1
    run.load_weights(weights_file(run.model.network))
    run.trainer.run_epoch()
    return run


@pytest.fixture(scope="module")
def files(run):
    return unzipped(exported(run))


@pytest.fixture(scope="module")
def long_files(run):
    """The files of a run that is too long for a replay."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replaying, "MOST_UPDATES", 1)
        return unzipped(exported(run))


@pytest.fixture(scope="module")
def bomb():
    """A hundred megabytes of zeros, in a hundred kilobytes."""
    return zipped({"run.json": bytes(100 << 20)})


def zipped(files):
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # that a name stands twice
        for name, data in files.items() if isinstance(files, dict) else files:
            member = zipfile.ZipInfo("placeholder")
            # The constructor would cut a name at its zero byte.
            member.filename = name
            archive.writestr(member, data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def without_sums(files, name, data):
    """The files with one of them replaced, and matching checksums."""
    kept = {other: data for other, data in files.items() if other != "SHA256SUMS"}
    return {**kept, name: data}


def with_weights(files, data):
    return zipped(without_sums(files, WEIGHTS, data))


def flipped(data, chance):
    damaged = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def cut(data, chance):
    return data[: chance.randrange(len(data))]


def with_odd_entry(files, chance):
    """Replace, or add, an entry somewhere in run.json."""
    entries = json.loads(files["run.json"])
    place = entries
    while True:
        key = chance.choice(list(place) if isinstance(place, dict) else range(len(place)))
        if not isinstance(place[key], (dict, list)) or not place[key] or chance.random() < 0.3:
            break
        place = place[key]
    if isinstance(place, dict) and chance.random() < 0.2:
        key = f"{key}x"
    place[key] = chance.choice(ODD_VALUES)
    return without_sums(files, "run.json", json.dumps(entries).encode())


def with_odd_header(data, chance):
    """Falsify the header of a safetensors file."""
    length = int.from_bytes(data[:8], "little")
    header, rest = json.loads(data[8 : 8 + length]), data[8 + length :]
    name = chance.choice([name for name in header if name != "__metadata__"])
    key = chance.choice(["dtype", "shape", "data_offsets"])
    odd = {
        "dtype": ["F64", "BF16", "I8", "BOOL", "nothing", 7],
        "shape": [[], [0], [10**12, 10**12], [-1, 3], [1.5], "x", [2**63]],
        "data_offsets": [[0, 2**62], [0, 0], [4, 0], [-4, 4], [0], None],
    }
    header[name][key] = chance.choice(odd[key])
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + rest


def with_other_shape(data, chance):
    tensors = load(data)
    name = chance.choice(list(tensors))
    shape = tensors[name].shape
    other = chance.choice([(*shape, 1), (shape[0] + 1, *shape[1:]), shape[1:], (0,), ()])
    return save({**tensors, name: np.zeros(other, np.float32)})


def with_odd_number(data, chance):
    tensors = {name: values.copy() for name, values in load(data).items()}
    values = tensors[chance.choice(list(tensors))]
    values.flat[chance.randrange(values.size)] = chance.choice([np.nan, np.inf, -np.inf])
    return save(tensors)


def with_huge_header(data, chance):
    size = chance.choice([2**63, 2**64 - 1, 2**40, limits.MOST_HEADER_BYTES + 1, len(data)])
    return struct.pack("<Q", size) + data[8:]


def with_hostile_name(files, chance):
    return zipped({**files, chance.choice(HOSTILE_NAMES): b"x"})


def with_hostile_name_in_place(files, chance):
    changed = dict(files)
    changed[chance.choice(HOSTILE_NAMES)] = changed.pop(chance.choice(list(files)))
    return zipped(changed)


def with_a_link(files, chance):
    buffer = io.BytesIO()
    chosen = chance.choice(list(files))
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name)
            if name == chosen:
                member.external_attr = 0o120777 << 16
                data = chance.choice([b"/etc/passwd", b"../x", b"/dev/zero"])
            archive.writestr(member, data)
    return buffer.getvalue()


def with_a_name_twice(files, chance):
    name = chance.choice(list(files))
    return zipped([*files.items(), (name, flipped(files[name], chance))])


def with_untrue_directory(files, chance):
    """Falsify the directory of a zip."""
    data = bytearray(zipped(files))
    start = data.rfind(b"PK\x05\x06")
    directory = int.from_bytes(data[start + 16 : start + 20], "little")
    place = chance.randrange(directory, len(data) - 4)
    data[place : place + 4] = struct.pack("<I", chance.choice([0, 1, 2**31, 2**32 - 1]))
    return bytes(data)


KINDS = {
    "zip cut short": lambda files, chance: cut(zipped(files), chance),
    "zip with flipped bits": lambda files, chance: flipped(zipped(files), chance),
    "zip with an untrue directory": with_untrue_directory,
    "zip with a hostile name more": with_hostile_name,
    "zip with a hostile name": with_hostile_name_in_place,
    "zip with a link": with_a_link,
    "zip with a name twice": with_a_name_twice,
    "run.json with flipped bits": lambda files, chance: zipped(
        without_sums(files, "run.json", flipped(files["run.json"], chance))
    ),
    "run.json with an odd entry": lambda files, chance: zipped(with_odd_entry(files, chance)),
    "weights cut short": lambda files, chance: with_weights(files, cut(files[WEIGHTS], chance)),
    "weights with flipped bits": lambda files, chance: with_weights(
        files, flipped(files[WEIGHTS], chance)
    ),
    "weights with an odd header": lambda files, chance: with_weights(
        files, with_odd_header(files[WEIGHTS], chance)
    ),
    "weights of another shape": lambda files, chance: with_weights(
        files, with_other_shape(files[WEIGHTS], chance)
    ),
    "weights with an odd number": lambda files, chance: with_weights(
        files, with_odd_number(files[WEIGHTS], chance)
    ),
    "weights with a huge header": lambda files, chance: with_weights(
        files, with_huge_header(files[WEIGHTS], chance)
    ),
}

ALWAYS_REFUSED = {
    "zip cut short",
    "zip with a hostile name more",
    "zip with a hostile name",
    "zip with a link",
    "zip with a name twice",
    "weights cut short",
    "weights of another shape",
    "weights with an odd number",
    "weights with a huge header",
}


PLACES = "checkpoints.json"
ARRAYS = "checkpoints.safetensors"
HISTORY = "history.csv"
LOADED = "loaded_weights.safetensors"

KINDS_OF_LONG_RUNS = {
    f"{name}, {change.__name__}": (name, change)
    for name, changes in {
        PLACES: [cut, flipped],
        ARRAYS: [cut, flipped, with_odd_header, with_other_shape, with_odd_number],
        HISTORY: [cut, flipped],
        LOADED: [cut, flipped, with_odd_header, with_other_shape, with_odd_number],
    }.items()
    for change in changes
}


def damaged(kind, files):
    """Yield the cases of a kind, the same in every run of the tests."""
    for number in range(CASES):
        yield KINDS[kind](files, random.Random(f"{kind} {number}"))


def imported(data):
    """Return the run in a file, None if it is refused; another error fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ReplayWarning)
        try:
            return import_run(data)
        except InterchangeError as error:
            assert len(str(error)) > 10
            return None


def stored_weights(data):
    return load(unzipped(data)[WEIGHTS])


def has_weights(run, tensors):
    return all(
        np.array_equal(tensors[f"{2 * layer}.weight"].T, run.model.weights[layer])
        and np.array_equal(tensors[f"{2 * layer}.bias"], run.model.biases[layer])
        for layer in range(len(run.model.weights))
    )


def test_there_are_five_hundred_cases():
    assert CASES * len(KINDS) >= 500


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_run_is_refused_or_read_correctly(kind, files):
    for data in damaged(kind, files):
        run = imported(data)
        assert run is None or has_weights(run, stored_weights(data))


@pytest.mark.parametrize("kind", KINDS_OF_LONG_RUNS)
def test_a_damaged_long_run_is_refused_or_read_correctly_and_fast(kind, long_files):
    name, change = KINDS_OF_LONG_RUNS[kind]
    for number in range(CASES):
        data = change(long_files[name], random.Random(f"{kind} {number}"))
        changed = zipped(without_sums(long_files, name, data))
        began = time.process_time()
        run = imported(changed)
        assert time.process_time() - began < MOST_SECONDS
        assert run is None or has_weights(run, stored_weights(changed))


@pytest.mark.parametrize("kind", sorted(ALWAYS_REFUSED))
def test_damage_that_cannot_be_read_is_refused(kind, files):
    assert [imported(data) for data in damaged(kind, files)] == [None] * CASES


@pytest.mark.parametrize("place", ["run.json", "history.csv", WEIGHTS])
def test_damage_is_always_detected_with_checksums(place, files):
    for number in range(CASES):
        data = zipped({**files, place: flipped(files[place], random.Random(number))})
        with pytest.raises(InterchangeError):
            import_run(data)


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_run_takes_little_time_and_memory(kind, files):
    cases = list(damaged(kind, files))[::4]
    tracemalloc.start()
    try:
        for data in cases:
            began = time.process_time()
            imported(data)
            assert time.process_time() - began < MOST_SECONDS
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_importing_writes_nothing(kind, files, tmp_path, monkeypatch):
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    for data in list(damaged(kind, files))[::4]:
        imported(data)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "a", tmp_path / "a" / "b", deep]


def test_a_symbolic_link_in_a_zip_is_refused(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = 0o120777 << 16
            archive.writestr(member, data)
    with pytest.raises(InterchangeError, match=r"run\.json is a link"):
        import_run(buffer.getvalue())


def test_a_repeated_name_in_a_zip_is_refused(files):
    with pytest.raises(InterchangeError, match=r"run\.json more than once"):
        import_run(zipped([*files.items(), ("run.json", files["run.json"])]))


def test_a_huge_safetensors_header_is_refused_before_it_is_parsed(files):
    data = struct.pack("<Q", 300_000) + bytes(300_000)
    with pytest.raises(InterchangeError, match=r"at most 262,144 .* got 300,000"):
        import_run(with_weights(files, data))


def test_a_safetensors_header_longer_than_its_file_is_refused(files):
    with pytest.raises(InterchangeError, match="Not a whole safetensors file"):
        import_run(with_weights(files, struct.pack("<Q", 2**63) + files[WEIGHTS][8:]))


def test_a_zip_bomb_is_refused_within_the_limit(bomb):
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    try:
        with pytest.raises(InterchangeError, match=f"larger than {limits.MOST_JSON_BYTES:,} bytes"):
            import_run(bomb)
        assert tracemalloc.get_traced_memory()[1] < 4 * limits.MOST_JSON_BYTES
    finally:
        tracemalloc.stop()


def test_a_zip_bomb_with_a_false_size_is_refused(bomb):
    lying = bytearray(bomb)
    directory = lying.rfind(b"PK\x01\x02")
    for sizes in (22, directory + 24):
        lying[sizes : sizes + 4] = struct.pack("<I", 100)
    assert imported(bytes(lying)) is None


def test_a_zip_with_a_long_directory_is_refused_before_it_is_read():
    many = zipped([(f"{number:05}", b"") for number in range(2000)])
    with pytest.raises(InterchangeError, match="Bytes of the zip's directory: at most 65,536"):
        import_run(many)


def test_a_file_larger_than_any_run_is_refused(tmp_path):
    path = tmp_path / "run.zip"
    with path.open("wb") as file:
        file.truncate(limits.MOST_ARCHIVE_BYTES + 1)
    with pytest.raises(InterchangeError, match="larger than 268,435,456 bytes"):
        import_run(path)


@pytest.mark.parametrize("name", ["run.json", WEIGHTS])
@pytest.mark.parametrize("what", ["link", "pipe", "folder", "device"])
def test_a_folder_with_something_other_than_files_is_refused(files, tmp_path, name, what):
    (tmp_path / "elsewhere").write_bytes(files[name])
    folder = tmp_path / "run"
    folder.mkdir()
    for other, data in files.items():
        (folder / other).write_bytes(data)
    place = folder / name
    place.unlink()
    if what == "link":
        place.symlink_to(tmp_path / "elsewhere")
    elif what == "pipe":
        os.mkfifo(place)
    elif what == "folder":
        place.mkdir()
    else:
        place.symlink_to("/dev/zero")
    with pytest.raises(InterchangeError, match=r"cannot be opened|not a plain file"):
        import_run(folder)


@pytest.mark.parametrize(
    "change",
    [cut, with_odd_header, with_other_shape, with_odd_number, with_huge_header],
    ids=lambda change: change.__name__,
)
def test_damaged_weights_change_nothing(change, files, run):
    model = Model(**run.model.settings())
    before = model.network.parameters.copy()
    for number in range(CASES):
        with pytest.raises(InterchangeError):
            load_weights(model, change(files[WEIGHTS], random.Random(number)))
    assert np.array_equal(model.network.parameters, before)
