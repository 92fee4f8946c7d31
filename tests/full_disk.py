"""A disk that is full: no file grows beyond 8 KiB."""

import resource
from contextlib import contextmanager


@contextmanager
def full_disk(size=8192):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
