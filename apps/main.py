"""The served page: ``panel serve apps/main.py --port 7000``."""

from backprop_panel.views import Workbench

# The first run's settings; any key of TrainingRunManager.create can stand here.
workbench = Workbench(
    vocabulary=["a", "b", "c", "d"],
    sequence_length=5,
    task_type="next_token",
    num_master_sequences=3,
    master_sequence_length=(8, 12),
    hidden_dimension=32,
    hidden_layers=2,
    learning_rate=0.01,
    batch_size=32,
    loss_type="cross_entropy",
    optimizer="adam",
)
workbench.page().servable()
