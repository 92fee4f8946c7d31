"""Training data: token sequences, the windows on them, and batches of those."""
