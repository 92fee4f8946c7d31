"""The help of buttons, tabs and fields, one sentence each, by the labels that the page shows.

A key that ends with … is the beginning of labels. Settings follow with their names in Python.
"""

from __future__ import annotations

from ..widgets.setting_fields import LABELS
from .sweep_values import OFFERED

BUTTONS = {
    "Visualize Only": "Steps compute everything and change nothing: the weights stay as they are.",
    "Train": "Steps change the weights by the optimizer's update.",
    "Run Single Step": "One step with a single example of the next batch instead of all of them.",
    "Run Batch": "One step: the next batch forward, backward, and one update of the weights.",
    "Run Full Epoch": "Steps to the end of the present epoch: until each training sample was "
    "used once. In the middle of an epoch it finishes that one.",
    "Play": "Step after step without end, at the speed below; the map shows what it can.",
    "Pause": "Stop after the present step.",
    "Slow motion": "Walk through one step phase by phase, forwards and backwards; training waits.",
    "Next phase": "What is computed next. Key: →",
    "Previous phase": "What was computed before. Key: ←",
    "Back to now": "Show the newest step again; the run stays as it is.",
    "New run": "Begin another run with the settings of the groups Network and Data below; this "
    "run stays.",
    "New run with the defaults": "Begin another run with the settings that the page begins with.",
    "New run with these settings": "Begin another run with the settings of the groups Network "
    "and Data; this run stays.",
    "Put back": "Show the settings of the run again.",
    "Fork": "Begin another run that has this one's past up to the step that is shown.",
    "Reset": "Back to the first weights and step 0, or to where a fork began; Undo brings the "
    "steps back.",
    "Rename": "Give the run the name that is typed above.",
    "Delete": "Delete the run, after a question; Undo brings it back while this page is open.",
    "Demonstrations": "A new run that shows one thing that goes wrong in training, trained as far "
    "as it takes.",
    "Choose a fault": "Train with one classic mistake, to see how it shows and what reveals it.",
    "Present": "Larger type and cells and no bars, for a projector; Escape ends it.",
    "Undo": "Take back the last reset or deletion.",
    "Export": "Download the run in the chosen form.",
    "Import a run": "Open a run that was exported as a zip, with its whole past.",
    "Import weights": "Take weights of a safetensors file, such as a PyTorch state_dict.",
    "Upload files": "Texts (.txt, .csv, .tsv) of this computer; they are previewed first.",
    "Compare": "Show on the map this run minus the other one at that step.",
    "Stop comparing": "Show the values themselves again, not differences.",
    "Copy LaTeX": "Copy the equation and its numbers as LaTeX.",
    "Copy NumPy": "Copy a line of Python that computes the number again from `record`.",
    "Deselect": "Choose no cell.",
    "What if": "Move this number with a slider and see the loss of this batch along it.",
    "Activation": "The activation function and its slope, with this unit's values in the batch.",
    "Which data": "The windows of the data that push this weight or unit most, up and down.",
    "Keep": "Make the tried value an event of the run, for its next steps.",
    "Drop": "Forget the tried value: it leaves no trace.",
    "Ten others": "Continue the prompt ten times more.",
    "Test loss": "The mean loss of the held-out test samples, which training never looks at.",
    "Start sweep": "Train every combination of the ticked values, on this machine's cores or on "
    "the cluster named above.",
    "Pause sweep": "Stop all of its runs where they are; Go on trains the rest.",
    "Go on": "Train the runs that are not finished, from where they are.",
    "Go on with stopped runs": "Train the runs that were stopped early to the whole budget.",
    "Cancel sweep": "Stop all of its runs; what is done is kept.",
    "Clear the brush": "Show all runs again.",
    "Draw around the present": "Compute the surface again, around the weights as they are now.",
    "Close drawer": "Hide the settings.",
    "Open drawer": "Show the settings.",
    "Close contextbar": "Hide the explanations.",
    "Open contextbar": "Show the explanations of the chosen cell.",
    "Show…": "Open the numbers behind this plot as a table.",
    "Show W…": "Choose this layer on the map.",
    "Worst: …": "Explain the gradient with the largest relative error.",
    "Audit the whole run": "Repeat the run from checkpoint to checkpoint, and compute each number "
    "of the last step of each interval again from what stands before it.",
    "Stop the audit": "Keep what was found so far.",
    "Try it in a fork": "Fork the run where it helps, with the setting that the doctor proposes.",
    "Explain": "Explain the number that this is about.",
    "Start detective": "Make a run with a hidden cause, which the case number chooses.",
    "Name the suspect": "Answer with the chosen suspect; a wrong answer costs points.",
    "Give up": "End the case and show what was hidden.",
    "Check the gradients": "Compare gradients with difference quotients of the loss.",
    "Audit a step": "Name the first number of a step that does not follow from those before it.",
    "Try other learning rates": "Make the next steps again at other rates, in a copy.",
    "Try larger batches": "Make the next steps again with larger batches, in a copy.",
    "Try without weight decay": "Make the next steps again without decay, in a copy.",
    "Look at the layers": "Tell the gradients of the layers, and which units pass nothing on.",
    "Count the steps of an epoch": "Tell how many steps an epoch has.",
    "Go to step …": "Show the run as it was after this step.",
}

TABS = {
    "Network": "All weights and activations, each above its gradient, in the order of the data.",
    "Loss": "The loss of each step, of the held-out samples, and of other runs.",
    "Runs": "All runs with their settings and losses: search, sort, rename, choose the curves.",
    "Data": "The sequences that the samples are cut from, and what the network predicts for them.",
    "Health": "Whether each layer learns: gradients, updates, dead and saturated units.",
    "Difference": "Compare this moment with another step or another run, number by number.",
    "Sweep": "Many runs that differ in a few settings: begin them, watch them, compare them.",
    "Surface": "The loss over two directions through the weights, with the run's path on it.",
}

FIELDS = {
    "Case": "The number of a detective's case: each hides something else.",
    "Suspect": "What may have been hidden in the run.",
    "Active run": "The run that the page shows; the others stay as they are.",
    "Run name": "A name for New run, Fork or Rename; without one the page finds one.",
    "Speed": "How many steps a second Play makes.",
    "Show": "How often the map is drawn while Play runs; each step is computed all the same.",
    "Stop after epochs": "Play stops by itself after so many epochs.",
    "Stop below loss": "Play stops by itself once the mean loss of the last 32 steps is smaller.",
    "Stop when not finite": "Play stops as soon as a loss is NaN or infinite.",
    "Activations": "The activation of each hidden layer, in order: gelu tanh.",
    "Source": "Where the sequences come from: generated at random, a text, or typed by you.",
    "Text": "One sequence a line, or a label, a tab and a text.",
    "What lines are": "Whether lines are examples of one text, or have labels to be learnt.",
    "Tokens": "Whether a text is cut into characters or into words.",
    "Most tokens of the vocabulary": "Keep only the most frequent tokens; the others become the "
    "unknown token.",
    "Colour scale": "How colours follow numbers. Symmetric log shows small numbers beside large "
    "ones; robust ends at the 99th percentile.",
    "One scale for": "Whether all heatmaps of a kind share one scale, or each has its own.",
    "Lock scale": "Keep the present scales, so that colours of different steps compare.",
    "Fit the map to the window": "Show all columns at once, however narrow, instead of scrolling.",
    "Show gradient check, not dW": "The lower row shows by what share the gradients of weights and "
    "biases differ from difference quotients of the loss, computed in the background.",
    "Show δ = ∂L/∂z, not ∂L/∂a": "The lower row shows the gradient before the activation, δ, "
    "which the equations are about.",
    "Export as": "A zip to import again, a PyTorch script, weights, or a TensorBoard log.",
    "Timeline": "Move back to any earlier step: it is computed again exactly.",
    "Smoothing": "How far each curve is averaged over neighbouring steps.",
    "Log axis": "Logarithmic loss: small losses get as much room as large ones.",
    "Layer": "The layer whose distributions are drawn below.",
    "Compare with": "The run that is subtracted; the same run compares two of its steps.",
    "At step": "The step of that run.",
    "Seeds": "Runs of each combination, with seeds one after the other.",
    "Epochs of each": "Passes over the data of each run.",
    "Stop early what lags behind": "Successive halving: one run in three goes on to three times "
    "the epochs; the others can be trained on later.",
    "Dask scheduler": "The address of a cluster, such as tcp://10.0.0.5:8786; without it, this "
    "machine.",
    "Compare by": "The loss by which runs are ranked, in the heatmap, the ranks and the table.",
    "Show only the best": "The curves and the table have only the runs with the lowest losses, so "
    "many per cent of all; 100 % shows all.",
    "Lowest loss, not the last one": "Compare by the lowest loss that a run ever had, not by the "
    "one it ended with.",
    "Mean and band over seeds": "One curve a configuration: the mean over its seeds, with a band "
    "from the lowest to the highest of them.",
    "Log loss": "Logarithmic loss: small losses get as much room as large ones.",
    "Log steps": "Logarithmic steps: the first ones get as much room as all others.",
    "Across": "The setting from left to right.",
    "Up": "The setting from bottom to top.",
    "Plane": "Over which two directions the loss is drawn.",
    "Prompt": "What the network continues.",
    "Temperature": "Below 1 likely tokens become likelier, above 1 all become more alike.",
    "Freeze the unit…": "No step changes the weights and the bias that lead to this unit.",
    "Freeze…": "No step changes this: its gradient is computed, its update is zero.",
    "Silence unit…": "The unit's activation is 0 whatever reaches it, as if it were cut out.",
    "Find": "Explain the number with this name, such as dW2[3, 17], b1[4], δ2[0, 3] or L.",
    "Set value": "Set this weight or bias by hand: an event of the run.",
    "Pace": "Time for each phase while slow motion plays by itself.",
}

SETTINGS = {
    "learning_rate": "How far each step moves the weights against their gradient.",
    "batch_size": "Examples whose gradients are averaged for one step.",
    "loss_type": "What is minimised: cross-entropy of the probabilities, or squared error of ŷ.",
    "optimizer": "The rule that turns gradients into updates.",
    "weight_decay": "Pulls all weights towards zero: this times the weights joins the gradient.",
    "fault": "A mistake in the code that trains, of the fault lab; None is no mistake.",
    "hidden_layers": "Layers between the inputs and the outputs; 0 makes the network linear.",
    "hidden_dimension": "Units of every hidden layer, or one number for each: 64 32.",
    "activation": "The function after each hidden layer; without it the network is linear.",
    "initialization": "The distribution of the first weights; biases begin at zero.",
    "task_type": "Learn the next token, or which sequence (or label) a window comes from.",
    "sequence_length": "Tokens in a window; for the next token, the last of them is the target.",
    "vocabulary": "The tokens, with spaces between them; for a text it is inferred.",
    "num_master_sequences": "How many sequences are generated for the windows to be cut from.",
    "master_sequence_length": "The shortest and the longest generated sequence: 8 to 12.",
    "num_samples": "Windows in one epoch: a number drawn at random, or all.",
    "split": "Hold out whole lines, or distinct windows wherever they stand.",
    "validation_fraction": "The share held out for the validation loss after each epoch.",
    "test_fraction": "The share held out for the test loss, which is shown only when asked for.",
    "seed": "Where all randomness begins: the same seed gives the same run.",
    "boundary": "A token before the first and after the last of each line, such as a full stop.",
}

MATRICES = {
    "input": "The inputs of the batch: a 1 for the token in each place, one example a row.",
    "weight": "Row i, column j: from unit i below to unit j above. The last row, set apart, is the "
    "bias.",
    "activation": "The activations of this hidden layer: one example a row, one unit a column.",
    "logit": "The logits: one number an output, before the softmax makes probabilities of them.",
}
"""The help of heatmaps, by the kinds of the map's columns."""

SHAPE = "Rows × columns: the units below, and the units above. The bias is one row more."
SHAPE_OF_BATCH = "Rows × columns: B is the batch size, the number of examples in the batch."
"""The help of the shape in the caption of a heatmap."""

OF_GRADIENT = "How much the loss of the batch grows if the number above grows a little."


def help_texts() -> dict[str, dict[str, str]]:
    """Return the help of ``buttons``, ``tabs`` and ``fields``, each by its label."""
    settings = {
        LABELS[name]: f"{sentence} In Python: {name}." for name, sentence in SETTINGS.items()
    }
    varied = {
        text: help_
        for name in OFFERED
        for text, help_ in (
            (LABELS[name].lower(), f"Vary this in a sweep. In Python: {name}."),
            (f"{LABELS[name]} values", "The values to try, with commas between them."),
        )
    }
    return {"buttons": BUTTONS, "tabs": TABS, "fields": FIELDS | settings | varied}
