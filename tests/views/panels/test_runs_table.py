"""The table of runs."""

import math
from contextlib import closing

import numpy as np
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.runs_table import runs_table, settings_alike, settings_in_words
from backprop_panel.views.plots.colors import run_color, run_dash
from backprop_panel.views.plots.numbers import NO_NUMBER


def table_of(runs):
    return runs_table(runs, [settings_in_words(run) for run in runs])


def test_the_table_says_what_the_best_loss_is_of():
    manager = TrainingRunManager()
    runs = [
        manager.create(num_samples=64),
        manager.create(num_samples=64, validation_fraction=0.0),
        manager.create(num_samples=64),
    ]
    for run in runs[:2]:
        run.trainer.run_epoch()
    rows = table_of(runs).to_dict("records")
    assert [row["best of"] for row in rows] == ["validation", "mean of up to 2 batches", ""]
    assert (rows[2]["last loss"], rows[2]["best loss"]) == (NO_NUMBER, NO_NUMBER)
    assert rows[0]["best loss"] == pytest.approx(runs[0].history["validation_loss"][-1])
    assert rows[1]["best loss"] == pytest.approx(runs[1].history["loss"].mean())
    assert rows[1]["last loss"] == pytest.approx(runs[1].history["loss"][-1])


def test_a_loss_that_is_not_a_number_is_not_the_best():
    run = TrainingRunManager().create()
    run.trainer.run_batch()
    run.trainer.engine.network.parameters[...] = np.nan
    run.trainer.run_batch()
    (row,) = table_of([run]).to_dict("records")
    assert math.isnan(row["last loss"]) and row["best loss"] == NO_NUMBER
    assert row["best of"] == ""


def test_a_fork_without_a_step_has_its_parents_last_loss_and_a_dash():
    manager = TrainingRunManager()
    parent = manager.create(num_samples=64)
    parent.trainer.run_epoch()
    manager.fork(parent.id, parent.trainer.step, fault="no_bias_gradient")
    of_parent, of_fork = table_of(manager.runs).to_dict("records")
    assert of_fork["last loss"] == of_parent["last loss"]
    assert of_fork["best loss"] == NO_NUMBER


def test_settings_with_one_value_in_all_runs_are_alike():
    manager = TrainingRunManager()
    runs = [manager.create(learning_rate=0.1), manager.create(learning_rate=0.2)]
    alike = settings_alike([settings_in_words(run) for run in runs])
    shown = [column for column in table_of(runs) if column not in alike]
    assert shown[:2] == ["name", "step"]
    assert shown[-1] == "learning rate"


def test_the_columns_and_their_types_do_not_depend_on_the_runs():
    manager = TrainingRunManager()
    new, other = manager.create(), manager.create(hidden_dimension=8)
    other.trainer.run_batch()
    dtypes = [table_of(runs).dtypes.to_dict() for runs in ([new], [other], [new, other])]
    assert dtypes[0] == dtypes[1] == dtypes[2]


def test_settings_are_written_as_people_write_them():
    words = settings_in_words(TrainingRunManager().create(vocabulary=[" ", "b"]))
    assert words["vocabulary"] == "␣ b"
    assert words["master sequence length"] == "8 to 12"
    assert words["master sequences"] == "generated"
    assert words["loss type"] == "mse"
    text = TrainingRunManager().create(vocabulary=[*"ab"], master_sequences=1000 * "abab")
    assert settings_in_words(text)["master sequences"] == "a text of 4,000 characters"


def test_runs_beyond_the_colours_have_another_dash():
    looks = [(run_color(number), run_dash(number)) for number in range(36)]
    assert len(set(looks)) == 36
    assert [dash for _, dash in looks[:12]] == 12 * ["solid"]


def test_a_fork_names_its_parent_though_that_cannot_be_read(tmp_path):
    path = tmp_path / "runs.sqlite"
    with closing(TrainingRunManager(path)) as manager:
        parent = manager.create("parent", num_samples=64)
        parent.trainer.run_batch()
        manager.fork(parent.id, 1).trainer.run_batch()
        manager.give_back()
        with manager.store.transaction() as db:
            db.execute("UPDATE runs SET config = '[1' WHERE id = ?", (parent.id,))
    with closing(TrainingRunManager(path)) as manager:
        (fork,) = table_of(manager.runs).to_dict("records")
    assert fork["forked from"] == "parent (cannot be read), step 1"
