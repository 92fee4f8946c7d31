"""Training that a page watches, without the rest of a session."""

import time

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.state.playback import Playback


class BarePlayback(Playback):
    """Shows a run, and nothing else."""

    def look(self):
        self.record = self.run.trainer.engine.look()


@pytest.fixture
def playback():
    return BarePlayback(run=TrainingRunManager().create(num_samples=64))


def wait_until_finished(playback):
    while playback.run.worker.running:
        time.sleep(0.01)
    playback.tick()


def test_a_step_on_a_batch_is_shown(playback):
    playback.run_batch()
    assert (playback.record.step, playback.run.trainer.step) == (1, 1)
    assert playback.record.updated


def test_an_epoch_is_trained_in_the_background_to_its_end(playback):
    playback.run_full_epoch()
    assert playback.training
    assert playback.goal_epoch == 1
    wait_until_finished(playback)
    assert not playback.training
    assert playback.run.trainer.epoch == 1
    assert playback.record.step == playback.run.trainer.step


def test_play_ends_when_it_is_pressed_again(playback):
    playback.toggle_play()
    assert playback.training
    playback.toggle_play()
    assert not playback.training
    assert not playback.run.worker.running


def test_an_error_of_the_worker_is_shown(playback):
    playback.toggle_play()
    playback.run.worker.fail(ValueError("out of luck"))
    wait_until_finished(playback)
    assert playback.mistakes == {"training": "Training stopped: out of luck"}
