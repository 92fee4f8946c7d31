"""The version of the package, which the workers of a sweep must share."""

__version__ = "0.1.0"
