"""The comparison of runs: which are compared, and the number of each."""

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.state.comparison import MOST_BY_ITSELF, Comparison
from backprop_panel.views.state.session import Session


def manager_of(count):
    manager = TrainingRunManager()
    for _ in range(count):
        manager.create(num_samples=64)
    return manager


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


def test_of_many_runs_the_newest_are_compared_at_first():
    manager = manager_of(MOST_BY_ITSELF + 3)
    comparison = Comparison(Session(manager))
    assert comparison.listed() == manager.runs[3:]


def test_runs_that_come_where_many_are_compared_begin_hidden():
    manager = manager_of(MOST_BY_ITSELF - 1)
    comparison = Comparison(Session(manager))
    before = comparison.session.run
    kept, beyond = (manager.create(num_samples=64) for _ in range(2))
    manager.switch(before.id)
    assert kept in comparison.listed() and beyond not in comparison.listed()


def test_a_hidden_run_makes_room_for_one_that_comes():
    manager = manager_of(MOST_BY_ITSELF)
    comparison = Comparison(Session(manager))
    comparison.hidden = [manager.runs[0].id]
    new = manager.create(num_samples=64)
    assert comparison.hidden == [manager.runs[0].id] and new in comparison.listed()


def test_the_run_on_the_page_is_compared_even_when_hidden(comparison):
    parent, fork = comparison.session.manager.runs
    comparison.hidden = [parent.id, fork.id]
    assert comparison.runs() == [fork]


def test_a_fork_branches_off_only_where_its_parent_is_compared(comparison):
    parent, fork = comparison.session.manager.runs
    assert comparison.branches() == {parent: 0, fork: 1}
    comparison.hidden = [parent.id]
    assert comparison.branches() == {fork: 0}


def test_a_fork_of_a_run_that_was_reset_since_does_not_branch_off_it(comparison):
    parent, fork = comparison.session.manager.runs
    parent.reset()
    assert comparison.branches() == {parent: 0, fork: 0}
    parent.trainer.change(learning_rate=0.5, loss_type="cross_entropy")
    parent.trainer.run_batch()
    assert comparison.branches() == {parent: 0, fork: 0}


def test_a_run_keeps_its_number_when_another_is_deleted(comparison):
    manager = comparison.session.manager
    parent, fork = manager.runs
    assert [comparison.number(run) for run in (parent, fork)] == [0, 1]
    manager.delete(parent.id)
    assert comparison.number(fork) == 1
    assert comparison.number(manager.create(num_samples=64)) == 2
