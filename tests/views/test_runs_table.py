"""What the table of runs says of them."""

import math

import numpy as np

from backprop_panel import TrainingRunManager
from backprop_panel.views.comparison import runs_table


def test_the_best_loss_is_of_the_steps_before_training_blew_up():
    run = TrainingRunManager().create()
    finite = [float(run.trainer.run_batch().loss) for _ in range(2)]
    run.trainer.engine.network.parameters[...] = np.nan
    run.trainer.run_batch()
    (row,) = runs_table([run]).to_dict("records")
    assert math.isnan(row["last loss"])
    assert row["best loss"] == float(f"{min(finite):.4g}")


def test_settings_in_which_runs_differ_come_first():
    manager = TrainingRunManager()
    runs = [manager.create(learning_rate=0.1), manager.create(learning_rate=0.2)]
    assert list(runs_table(runs))[:3] == ["name", "learning rate", "step"]
