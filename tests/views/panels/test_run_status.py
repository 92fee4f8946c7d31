"""What the toolbar says of the run beside its buttons."""

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.run_status import RunStatus
from backprop_panel.views.state.session import Session

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


def test_training_on_in_the_past_says_that_it_goes_on_in_a_fork():
    manager = TrainingRunManager()
    manager.create(num_samples=64)
    session = Session(manager)
    status = RunStatus(session)
    for _ in range(4):
        session.run_batch()
    session.travel(2)
    session.run_batch()
    assert "a fork: run 1.1" in status._notes.object
    assert "run 1.1 goes on from run 1 at step 2, which stays as it was" in status._notes.object
    manager.switch(manager.runs[0].id)
    assert "fork" not in status._notes.object
