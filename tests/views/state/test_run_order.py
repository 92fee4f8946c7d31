"""The order in which runs are listed."""

from types import SimpleNamespace

from backprop_panel.views.state.run_order import in_order


def test_runs_of_a_sweep_stand_by_their_numbers_where_the_first_of_them_was_created():
    names = ["run 1", "sweep 1 #10", "sweep 1 #2", "run 2", "sweep 2 #1", "sweep 1 #1", "a #x"]
    runs = [SimpleNamespace(name=name) for name in names]
    assert [run.name for run in in_order(runs)] == [
        "run 1", "sweep 1 #1", "sweep 1 #2", "sweep 1 #10", "run 2", "sweep 2 #1", "a #x",
    ]  # fmt: skip
