"""Numbers beyond float32 are refused at every entry, before anything changes."""

import json

import numpy as np
import pytest
from bundles import exported, unzipped
from stores import SMALL

from backprop_panel import SettingError, Trainer, TrainingRunManager
from backprop_panel.interchange import from_query, import_run
from backprop_panel.plain_values import LARGEST
from backprop_panel.views.widgets.setting_fields import from_field

BEYOND = [1e39, -1e39, 10**39, np.float64(3.5e38), np.longdouble("1e4000"), np.inf, np.nan]
RATES = ("learning_rate", "weight_decay")


@pytest.fixture
def run():
    return TrainingRunManager().create(**SMALL)


def in_folder(files, folder):
    """Write an exported run's files without their sums, as if it had been edited by hand."""
    for name, data in files.items():
        if name != "SHA256SUMS":
            (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("value", BEYOND)
@pytest.mark.parametrize("setting", RATES)
def test_a_rate_beyond_float32_is_refused_in_python(run, setting, value):
    before = run.settings
    for attempt in (
        lambda: TrainingRunManager().create(**{setting: value}),
        lambda: Trainer(run.model, run.dataset, **{setting: value}),
        lambda: run.trainer.param.update(**{setting: value}),
    ):
        with pytest.raises(SettingError, match=f"{setting} must be a finite number"):
            attempt()
    assert run.settings == before
    assert run.trainer.engine.events == []


def test_the_largest_number_of_float32_is_taken(run):
    run.trainer.learning_rate = LARGEST
    run.trainer.engine.edits.set_weight(0, 0, 0, -LARGEST)
    assert run.model.weights[0][0, 0] == -LARGEST
    assert np.float32(LARGEST) == np.finfo(np.float32).max


@pytest.mark.parametrize("value", BEYOND)
def test_a_weight_beyond_float32_is_refused(run, value):
    before = run.trainer.engine.state().digest()
    with pytest.raises(SettingError, match="A weight must be a finite number, at most 3.4e"):
        run.trainer.engine.edits.set_weight(0, 0, 0, value)
    assert run.trainer.engine.state().digest() == before
    assert run.trainer.engine.events == []


@pytest.mark.parametrize("setting", RATES)
def test_a_rate_beyond_float32_is_refused_in_a_link(setting):
    with pytest.raises(SettingError, match=f"{setting} must be a finite number"):
        TrainingRunManager().create(**from_query(f"{setting}=1e39"))


@pytest.mark.parametrize("setting", RATES)
def test_a_rate_beyond_float32_is_refused_on_the_page(run, setting):
    with pytest.raises(SettingError, match=f"{setting} must be a finite number"):
        run.trainer.param.update(**{setting: from_field(setting, "1e39")})


@pytest.mark.parametrize(
    "event",
    [
        {"kind": "changed", "step": 0, "settings": {"learning_rate": 1e39}},
        {"kind": "changed", "step": 0, "settings": {"weight_decay": 1e39}},
        {"kind": "weight_set", "step": 0, "layer": 0, "row": 0, "column": 0, "value": 1e39},
    ],
    ids=lambda event: f"{event['kind']}",
)
def test_a_number_beyond_float32_is_refused_at_an_import(run, event, tmp_path):
    files = unzipped(exported(run))
    entries = json.loads(files["run.json"])
    entries["events"] = [event]
    files["run.json"] = json.dumps(entries).encode()
    with pytest.raises(SettingError, match="must be a finite number"):
        import_run(in_folder(files, tmp_path))
