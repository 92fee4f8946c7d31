"""A message quotes what was given, however long it is, in a few words."""

import io
import json
import zipfile
from contextlib import closing

import pytest
from stores import SMALL
from test_wrong_kinds import make, of_every_class

from backprop_panel import SettingError, TrainingRun, TrainingRunManager
from backprop_panel.interchange import (
    export_run,
    from_query,
    import_run,
    load_weights,
    save_weights,
)
from backprop_panel.views.widgets.setting_fields import (
    FRACTIONS,
    WHOLE_NUMBERS,
    finite,
    from_field,
)
from tests.bundles import exported, unzipped

MOST = 600
LONG = "x" * 10_000
VALUES = {
    "text": LONG,
    "list": [LONG] * 3,
    "many": list(range(5000)),
    "number": 10**4000,
    "bytes": LONG.encode(),
    "nested": {LONG: {LONG: LONG}},
}
of_every_kind = pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)


def message(action):
    """Return the message with which an action is refused."""
    with pytest.raises(SettingError) as caught:
        action()
    assert len(str(caught.value)) < MOST
    return str(caught.value)


def refused_in_short(action):
    """Check the message of an action that may succeed."""
    try:
        action()
    except SettingError as error:
        assert len(str(error)) < MOST


@of_every_kind
@of_every_class
def test_a_setting_is_refused_in_short(owner, setting, value):
    refused_in_short(lambda: make(owner, **{setting: value}))


@of_every_kind
def test_a_name_a_step_and_an_edit_are_refused_in_short(value):
    manager = TrainingRunManager()
    run = manager.create(name="a", **SMALL)
    engine = run.trainer.engine
    message(lambda: manager.rename(run.id, value))
    message(lambda: manager.create(name=value, **SMALL))
    message(lambda: manager.switch(value))
    message(lambda: manager.fork(run.id, step=value))
    message(lambda: run.at(value))
    message(lambda: manager.add(value))
    message(lambda: engine.edits.set_weight(value, 0, 0, 1))
    message(lambda: engine.edits.set_weight(0, value, 0, 1))
    message(lambda: engine.edits.freeze(value, True))
    message(lambda: run.load_weights(value))
    message(lambda: import_run(value))


def test_an_unknown_setting_is_refused_in_short():
    message(lambda: TrainingRun("a", {LONG: 1}))
    message(lambda: from_query(f"{LONG}=1"))
    message(lambda: from_query(f"{LONG}=1&{LONG}=2"))


def test_a_run_of_a_long_name_is_named_in_short(tmp_path):
    run = TrainingRun("x" * 120, SMALL)
    message(lambda: TrainingRun(LONG, SMALL))
    message(lambda: run.at(7))
    message(lambda: load_weights(run.model, b""))
    with closing(TrainingRunManager(tmp_path / "runs.sqlite")) as manager:
        manager.add(run)
        message(lambda: manager.delete(run.id))
        message(lambda: manager.add(run))


@pytest.mark.parametrize("name", [*WHOLE_NUMBERS, *FRACTIONS, "hidden_dimension"])
def test_the_text_of_a_field_is_refused_in_short(name):
    assert "xxx" in message(lambda: from_field(name, LONG))
    message(lambda: from_field(name, "1" * 5000 + "x"))


def test_the_text_of_a_number_field_is_refused_in_short():
    message(lambda: finite("weight", LONG))
    message(lambda: finite("weight", "9" * 10_000))


def test_a_long_path_is_refused_in_short(tmp_path):
    run = TrainingRun("a", SMALL)
    long = tmp_path.joinpath(*["y" * 200] * 10, "run.zip")
    message(lambda: export_run(run, str(tmp_path / LONG)))
    message(lambda: import_run(long))
    message(lambda: save_weights(run.model, tmp_path / LONG))
    message(lambda: TrainingRunManager(tmp_path / LONG))


@of_every_kind
@pytest.mark.parametrize("part", ["version", "name", "config", "events", "position", LONG])
def test_an_import_with_a_long_value_is_refused_in_short(part, value):
    files = unzipped(exported(TrainingRun("a", SMALL)))
    entries = json.loads(files["run.json"])
    entries[part] = value.decode() if isinstance(value, bytes) else value
    files["run.json"] = json.dumps(entries).encode()
    refused_in_short(lambda: import_run(zipped(files)))


def test_a_zip_with_a_long_name_is_refused_in_short():
    files = unzipped(exported(TrainingRun("a", SMALL)))
    message(lambda: import_run(zipped({**files, LONG: b""})))


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()
