"""Settings of a trainer: one route to change them, one place where they live."""

from __future__ import annotations

import pytest

from backprop_panel import SettingError, TrainingRun
from backprop_panel.training.events import Changed
from backprop_panel.training.trainer import SETTING_NAMES

CHANGES = {
    "learning_rate": 0.5,
    "batch_size": 7,
    "loss_type": "cross_entropy",
    "optimizer": "adam",
    "weight_decay": 0.25,
    "fault": "wrong_sign",
    "mode": "visualize",
}


@pytest.fixture
def run():
    return TrainingRun("a run", {"hidden_dimension": 8, "num_samples": 60})


@pytest.fixture
def trainer(run):
    return run.trainer


def settings_of(trainer):
    return {name: getattr(trainer, name) for name in CHANGES}


def in_engine(trainer):
    engine = trainer.engine
    settings = {name: getattr(engine.settings, name) for name in SETTING_NAMES}
    return {**settings, "mode": "visualize" if engine.batches.viewing else "train"}


@pytest.fixture
def told(trainer):
    """What watchers of all settings are told, call by call."""
    told = []
    trainer.param.watch(
        lambda *events: told.append({event.name: (event.old, event.new) for event in events}),
        list(CHANGES),
    )
    return told


def test_all_settings_change_together_and_are_logged_once(trainer):
    trainer.change(**CHANGES)
    assert settings_of(trainer) == in_engine(trainer) == CHANGES
    logged = {name: CHANGES[name] for name in SETTING_NAMES}
    assert trainer.engine.events == [Changed(0, logged)]


@pytest.mark.parametrize("name", CHANGES)
def test_assignment_and_change_do_the_same(name):
    assigned, changed = (
        TrainingRun("a run", {"hidden_dimension": 8, "num_samples": 60}).trainer for _ in range(2)
    )
    setattr(assigned, name, CHANGES[name])
    changed.change(**{name: CHANGES[name]})
    assert settings_of(assigned) == settings_of(changed)
    assert in_engine(assigned) == in_engine(changed)
    assert assigned.engine.events == changed.engine.events


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"weight_decay": -1}, "weight_decay must be a finite number"),
        ({"mode": "look"}, "mode must be one of 'train', 'visualize'"),
        ({"optimizer": "adm"}, "Did you mean 'adam'"),
        ({"weight_decy": 0.1}, "Did you mean 'weight_decay'"),
        ({"hidden_dimension": 5}, "Unknown setting 'hidden_dimension'"),
        ({"model": None}, "Unknown setting 'model'"),
    ],
)
def test_one_refused_setting_leaves_all_as_they_were(trainer, told, bad, message):
    before = settings_of(trainer)
    with pytest.raises(SettingError, match=message) as refused:
        trainer.change(**{**CHANGES, **bad})
    assert refused.value.setting in bad
    assert settings_of(trainer) == in_engine(trainer) == before
    assert trainer.engine.events == []
    assert told == []


def test_refused_claim_leaves_all_as_they_were(trainer, told):
    def refuse():
        raise SettingError("runs", "trained elsewhere")

    trainer.claim = refuse
    before = settings_of(trainer)
    with pytest.raises(SettingError, match="trained elsewhere"):
        trainer.change(**CHANGES)
    assert settings_of(trainer) == in_engine(trainer) == before
    assert told == []


def test_values_that_do_not_change_are_neither_claimed_nor_logged(trainer, told):
    trainer.claim = None
    trainer.change(**settings_of(trainer))
    trainer.learning_rate = trainer.learning_rate
    assert trainer.engine.events == []
    assert told == []


def test_change_is_shown_while_it_waits_for_the_end_of_a_step(trainer, told):
    before = in_engine(trainer)
    with trainer.stepping():
        trainer.change(**CHANGES)
        trainer.learning_rate = 0.75
        assert in_engine(trainer) == before
        assert settings_of(trainer) == {**CHANGES, "learning_rate": 0.75}
        assert told[0] == {name: (before[name], CHANGES[name]) for name in CHANGES}
    assert settings_of(trainer) == in_engine(trainer) == {**CHANGES, "learning_rate": 0.75}
    assert len(told) == 2


def test_value_set_back_while_the_change_waits_is_in_force_after_it(trainer):
    with trainer.stepping():
        trainer.learning_rate = 0.5
        trainer.learning_rate = 0.001
    assert trainer.learning_rate == trainer.engine.settings.learning_rate == 0.001


def test_watchers_are_told_once_and_only_of_what_changed(trainer, told):
    trainer.change(learning_rate=0.5, batch_size=trainer.batch_size, optimizer="adam")
    assert told == [{"learning_rate": (0.001, 0.5), "optimizer": ("sgd", "adam")}]


def test_watchers_are_told_of_settings_that_a_reset_brings_back(run, told):
    run.trainer.change(learning_rate=0.5)
    run.reset()
    assert told == [{"learning_rate": (0.001, 0.5)}, {"learning_rate": (0.5, 0.001)}]


def test_settings_are_read_from_the_engine(trainer):
    trainer.engine.change(learning_rate=0.5)
    trainer.engine.batches.view_only(True)
    assert trainer.learning_rate == trainer.settings()["learning_rate"] == 0.5
    assert trainer.mode == "visualize"


def test_params_update_goes_the_same_way(trainer, told):
    trainer.param.update(learning_rate=0.5, mode="visualize")
    assert in_engine(trainer)["learning_rate"] == 0.5
    assert in_engine(trainer)["mode"] == "visualize"
    assert told == [{"learning_rate": (0.001, 0.5), "mode": ("train", "visualize")}]
