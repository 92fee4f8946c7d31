"""The comparison of runs: which are compared, and the number of each."""

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.state.comparison import Comparison
from backprop_panel.views.state.session import Session


@pytest.fixture
def comparison():
    """A comparison of a run and its fork at step 1, which is the run on the page."""
    manager = TrainingRunManager()
    parent = manager.create(num_samples=64)
    parent.trainer.run_batch()
    manager.fork(parent.id, 1)
    return Comparison(Session(manager))


def test_all_runs_are_compared_at_first(comparison):
    assert comparison.runs() == comparison.session.manager.runs


def test_the_run_on_the_page_is_compared_even_when_hidden(comparison):
    parent, fork = comparison.session.manager.runs
    comparison.hidden = [parent.id, fork.id]
    assert comparison.runs() == [fork]


def test_a_fork_branches_off_only_where_its_parent_is_compared(comparison):
    parent, fork = comparison.session.manager.runs
    assert comparison.branches() == {parent: 0, fork: 1}
    comparison.hidden = [parent.id]
    assert comparison.branches() == {fork: 0}


def test_a_run_keeps_its_number_when_another_is_deleted(comparison):
    manager = comparison.session.manager
    parent, fork = manager.runs
    assert [comparison.number(run) for run in (parent, fork)] == [0, 1]
    manager.delete(parent.id)
    assert comparison.number(fork) == 1
    assert comparison.number(manager.create(num_samples=64)) == 2
