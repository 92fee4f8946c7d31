"""In place of torch, whose import takes seconds in each process; batches are the same without.

For processes that do not look at torch, on their ``PYTHONPATH``.
"""

raise ImportError("left out of this test")
