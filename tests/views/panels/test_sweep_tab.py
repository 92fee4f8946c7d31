"""The Sweep tab without a browser: what it offers, says and opens."""

import shutil
import sqlite3
from contextlib import closing

import panel as pn
import panel_material_ui as pmui
import pytest
from stores import PATIENCE, wait_until

from backprop_panel import SettingError, TrainingRunManager
from backprop_panel.sweeps import Sweep
from backprop_panel.sweeps.cluster import local_client
from backprop_panel.views.panels import sweep_curves, sweep_form
from backprop_panel.views.panels.help_texts import FIELDS
from backprop_panel.views.panels.sweep_form import duration
from backprop_panel.views.panels.sweep_tab import SweepTab
from backprop_panel.views.panels.sweep_values import suggested, typed_values
from backprop_panel.views.plots.colors import LOSS_LEGEND
from backprop_panel.views.state.session import Session
from backprop_panel.views.state.sweep_work import SWEEPS, SweepWork
from backprop_panel.views.widgets.buttons import WORKING

pytest.importorskip("distributed")

# Of Bokeh's, with the newest pandas.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame")

BASE = {"num_samples": 60, "loss_type": "cross_entropy", "optimizer": "adam"}
GRID = {"learning_rate": [0.001, 0.05, 1e30], "hidden_dimension": [4, 8]}


@pytest.fixture(scope="module")
def client():
    with local_client(2) as client:
        yield client


@pytest.fixture(scope="module")
def path(client, tmp_path_factory):
    """A store with a run and a sweep of twelve, of which those with the largest rate failed."""
    path = tmp_path_factory.mktemp("sweep") / "runs.sqlite"
    manager = TrainingRunManager(path)
    manager.create(**BASE)
    Sweep(BASE, manager=manager, grid=GRID, seeds=2, budget={"epochs": 4}).run(client)
    manager.close()
    return path


@pytest.fixture
def tab(path):
    session = Session(TrainingRunManager(path))
    opened = []
    tab = SweepTab(session, lambda: opened.append(session.run.name))
    tab.opened = opened
    tab.visible = True
    yield tab
    close(tab, path)


def close(tab, path):
    """Close a tab with its session and the sweep of its store."""
    tab.close()
    sweep = SWEEPS.pop((str(path), ""), None)
    tab.session.close()
    if sweep is not None:
        sweep.close()


def test_no_sweep_tells_the_settings_that_are_hidden(tab):
    session = tab.form.work.session
    session.run.secret = True
    for field in tab.form._values.values():
        field.value = ""
    session.param.trigger("run")
    assert "what is hidden" in tab.form._summary.object
    assert not any(field.value for field in tab.form._values.values())
    tab.form._start.clicks += 1
    assert "what is hidden" in session.mistakes["sweep"]


def test_a_late_page_shows_the_sweep_that_is_in_the_store(tab):
    assert "4 failed" in tab.progress._text.object and "8 finished" in tab.progress._text.object
    table = tab.table._table.value
    assert list(table["state"]) == ["finished"] * 8 + ["failed"] * 4
    assert "not finite" in table["what is wrong"].iloc[-1]
    assert [name for name in table if name.startswith(("Hidden", "Learning", "Seed", "Batch"))] == [
        "Learning rate", "Hidden dimension", "Seed",
    ]  # fmt: skip


def test_a_page_has_the_plots_of_results_once_there_are_results(tab):
    manager = TrainingRunManager()
    manager.create(**BASE)
    empty = SweepTab(Session(manager), lambda: None)
    empty.visible = True
    assert not empty.__panel__().select(pn.pane.HoloViews)
    assert tab.__panel__().select(pn.pane.HoloViews)
    empty.close()


def test_curves_are_means_over_seeds_or_all_runs(tab):
    tab.choice.percent = 100
    assert len(tab.curves._shown) == 6
    tab.choice.means = False
    assert len(tab.curves._shown) == 12
    tab.choice.percent = 25
    assert len(tab.curves._shown) == 3


def test_clicking_a_curve_a_cell_a_dot_or_a_line_opens_the_run(tab):
    tab.choice.means = False
    tab.curves._pick(0)
    assert tab.opened[-1] == f"sweep #{tab.curves._shown[0].number + 1}"
    tab.heatmap._pick_cell("0.05", "8")
    number = int(tab.opened[-1].split("#")[1]) - 1
    assert tab.work.sweep.trials[number].settings["learning_rate"] == 0.05
    tab.heatmap._pick_rank(0.1, 0.0)
    tab.parallel._pick(0.0, 0.0)
    assert len(tab.opened) == 4
    assert tab.session.run.trainer.step > 0


def test_clicking_a_row_of_the_table_opens_its_run(tab):
    tab.table._pick(2)
    assert tab.opened[-1] == f"sweep {tab.table._table.value['run'].iloc[2]}"


def test_a_brush_leaves_the_runs_that_pass_through_it(tab):
    tab.parallel._brush(-0.2, 0.2, 0.9, 1.1)
    table = tab.table._table.value
    assert set(table["Learning rate"]) == {"0.05"} and len(table) == 4
    tab.choice.brushes = {}
    assert len(tab.table._table.value) == 12


def test_how_long_a_sweep_takes_is_measured_once_for_each_plan(tab, monkeypatch):
    measured = []
    monkeypatch.setattr(sweep_form, "estimated_seconds", lambda plan: measured.append(plan) or 60.0)
    tab.form._seeds.value = "4"
    tab.form.visible = False
    tab.form.visible = True
    assert [plan.seeds for plan in measured] == [[0, 1, 2, 3]]


def test_the_form_says_how_many_runs_there_would_be_and_refuses_what_cannot_work(tab):
    tab.form._ticks.value = ["learning_rate", "optimizer"]
    text = tab.form._summary.object
    assert "45 runs" in text and "about" in text
    tab.form._values["learning_rate"].value = "0.1, x"
    assert "must be a number" in tab.form._summary.object
    tab.form._begin()
    assert "must be a number" in tab.form._mistake.object
    tab.form._values["learning_rate"].value = "0.1"
    tab.form._seeds.value = "0"
    assert "seeds must be" in tab.form._summary.object


def test_the_doctor_examines_the_failed_runs_and_the_worst(tab):
    tab.findings.examine_at_rest()
    wait_until(lambda: not tab.findings.running)
    tab.findings.examine_at_rest()
    failed = [t.number for t in tab.work.sweep.begun if t.status == "failed"]
    assert set(failed) <= set(tab.findings.texts)


def test_what_was_found_in_the_runs_of_another_sweep_is_forgotten(tab):
    tab.findings.texts = {1: "The learning rate is too high."}
    other = Sweep(BASE, seeds=2, budget={"epochs": 1})
    tab.work._show(other)
    tab.findings.examine_at_rest()
    assert not tab.findings.texts
    tab.findings.stop()
    other.close()


@pytest.mark.parametrize(
    ("setting", "value", "text"),
    [
        ("learning_rate", 0.01, "0.001, 0.01, 0.1"),
        ("weight_decay", 0.0, "0.0001, 0.001, 0.01"),
        ("hidden_dimension", 32, "16, 32, 64"),
        ("hidden_layers", 0, "1, 0"),
        ("hidden_dimension", [64, 32], "64,32"),
    ],
)
def test_values_around_the_present_one_are_suggested(setting, value, text):
    assert suggested(setting, value) == text


def test_lists_are_typed_with_semicolons_between_them():
    assert typed_values("hidden_dimension", "8, 16") == [8, 16]
    assert typed_values("hidden_dimension", "8; 16,4") == [8, [16, 4]]
    assert typed_values("activation", "relu, tanh") == ["relu", "tanh"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (42, "42 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_a_time_is_said_as_people_say_it(seconds, text):
    assert duration(seconds) == text


def test_the_curves_have_a_legend_while_they_are_few(tab, monkeypatch):
    assert "Learning rate 0.001, Hidden dimension 4" in tab.curves._note.object
    monkeypatch.setattr(sweep_curves, "MOST_NAMED", 1)
    tab.curves.draw()
    assert "Learning rate 0.001" not in tab.curves._note.object


def test_what_is_shown_of_the_runs_is_said_beside_the_fields(tab):
    labels = {name: tab.choice.param[name].label for name in ("percent", "lowest")}
    assert labels == {"percent": "Show only the best", "lowest": "Lowest loss, not the last one"}
    [slider] = tab._layout.select(pmui.IntSlider)
    assert slider.format.format % 25 == "25 % of the runs"
    assert set(labels.values()) <= set(FIELDS)


def test_the_heatmap_says_what_its_colours_mean(tab):
    assert LOSS_LEGEND in tab.heatmap._colors.object and tab.heatmap._colors.visible
    tab.heatmap._up.value = tab.heatmap._across.value
    assert not tab.heatmap._colors.visible


def test_starting_a_sweep_shows_work_at_once(tab):
    assert WORKING in tab.form._start.css_classes


def test_a_table_gets_no_columns_while_a_browser_builds_it(tab):
    first = tab.table._table
    tab.table.draw(tab.work.sweep.begun)
    assert tab.table._table is first
    tab.table.draw([])
    assert tab.table._table is not first
    assert tab.table.__panel__()[-1] is tab.table._table


@pytest.fixture
def open_spoilt(path, tmp_path):
    """Return a function that opens the tab on a copy of the store with a spoilt row."""
    tabs = []

    def opened(statement, *values):
        copy = tmp_path / "spoilt.sqlite"
        shutil.copy(path, copy)
        with closing(sqlite3.connect(copy)) as db, db:
            assert db.execute(statement, values).rowcount
        tab = SweepTab(Session(TrainingRunManager(copy)), lambda: None)
        tabs.append((copy, tab))
        tab.visible = True
        return tab

    yield opened
    for copy, tab in tabs:
        close(tab, copy)


SPOILT = {
    "a run": "UPDATE trials SET rungs = '{}' WHERE number = 1",
    "a plan": "UPDATE sweeps SET plan = '[]'",
    "a name": "UPDATE sweeps SET name = CAST(x'ff' AS TEXT)",
}


@pytest.mark.parametrize("statement", SPOILT.values(), ids=SPOILT)
def test_a_sweep_that_cannot_be_read_is_told_of_and_another_is_begun(
    open_spoilt, statement, client
):
    tab = open_spoilt(statement)
    assert tab.work.sweep is None
    assert tab.progress._notices.visible
    assert "cannot be read" in tab.progress._notices.object
    again = SweepTab(tab.session, lambda: None)
    assert "cannot be read" in again.progress._notices.object
    tab.form._scheduler.value = client.scheduler.address
    tab.form._epochs.value = "1"
    tab.form._ticks.value = []
    tab.form._seeds.value = "1"
    tab.form._begin()
    assert "sweep" not in tab.session.mistakes
    assert tab.work.sweep.wait(PATIENCE)
    tab.work.tick()
    assert tab.work.sweep.counts["finished"] == 1
    assert not tab.progress._notices.visible
    again.close()


def test_the_newest_sweep_that_can_be_read_is_shown_below_the_reason(open_spoilt):
    tab = open_spoilt(
        "INSERT INTO sweeps (id, workspace, name, plan, created) "
        "SELECT 'newer', workspace, '<newer>', '0', created + 1 FROM sweeps"
    )
    assert "8 finished" in tab.progress._text.object
    notice = tab.progress._notices.object
    assert tab.progress._notices.visible and "The sweep &#x27;&lt;newer&gt;&#x27; cannot" in notice
    late = SweepTab(tab.session, lambda: None)
    assert late.progress._notices.object == notice
    late.close()


@pytest.mark.parametrize("columns", ["zeroblob(10)", "(SELECT tensors FROM states)"])
def test_a_curve_that_cannot_be_read_hides_no_other(open_spoilt, columns):
    run = "(SELECT run FROM trials WHERE number = 4)"
    tab = open_spoilt(f"UPDATE history SET columns = {columns} WHERE run = {run}")
    tab.choice.means = False
    assert len(tab.curves._shown) == 11
    assert "sweep #5: " in tab.curves._note.object and "is damaged" in tab.curves._note.object
    tab.choice.means = True
    assert len(tab.curves._shown) == 6


def test_a_page_follows_a_sweep_that_another_process_trains_beside_it(tmp_path, client):
    path = tmp_path / "runs.sqlite"
    manager = TrainingRunManager(path)
    manager.create(**BASE)
    tab = SweepTab(Session(manager), list)
    tab.visible = True
    assert tab.work.sweep is None

    def text():
        tab.work._next_look = 0.0
        tab._look()
        return tab.progress._text.object

    trained = Sweep(BASE, store=path, seeds=2, budget={"steps": 10**7})
    try:
        trained.start(client.scheduler.address)
        wait_until(lambda: "2 not finished" in text())
        assert "paused" not in text() and not tab.progress._go_on.visible
        assert "is being run in another window or process" in tab.progress._notices.object
        wait_until(lambda: all(trial.step for trial in trained.begun))
        trained.pause()
        assert "2 waiting · paused" in text() and tab.progress._go_on.visible
        assert not tab.progress._notices.visible
        steps = {trial.number: trial.step for trial in tab.work.sweep.begun}
        assert steps == {trial.number: trial.step for trial in trained.begun}
    finally:
        trained.close()
        close(tab, path)


def test_the_tab_shows_a_newer_sweep_of_another_process_when_it_is_opened(tab, path):
    older = tab.work.sweep
    newer = Sweep(BASE, store=path, grid=GRID, budget={"steps": 1}, name="newer")
    try:
        newer._sweep_store.enter(newer.plan)
        tab._look()
        assert tab.work.sweep is older
        tab.visible = False
        tab.visible = True
        assert tab.work.sweep.plan.name == "newer"
    finally:
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("DELETE FROM sweeps WHERE name = 'newer'")
        newer.close()
        older.close()


def test_a_window_shows_the_sweep_that_another_has_begun_and_begins_none_beside_it(
    tmp_path, client
):
    path = tmp_path / "runs.sqlite"
    works = []
    for _ in range(2):
        manager = TrainingRunManager(path)
        manager.create(**BASE)
        works.append(SweepWork(Session(manager)))
    one, other = works
    address = client.scheduler.address
    try:
        one.start(BASE, address, budget={"steps": 10**7})
        with pytest.raises(SettingError, match="A sweep is running: cancel it first"):
            other.start(BASE, address, budget={"steps": 1})
        assert other.sweep is one.sweep
    finally:
        SWEEPS.pop((str(path), "")).close()
        for work in works:
            work.close()
            work.session.close()
