"""Whether the numbers of a record are right: its gradients, and each number from those before."""
