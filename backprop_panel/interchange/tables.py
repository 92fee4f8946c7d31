"""Columns of numbers as CSV, written with all digits and read from anybody."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from ..settings import shortened
from .limits import InterchangeError

ROWS_AT_ONCE = 10_000
"""Rows converted together; other threads wait meanwhile."""

Columns = Mapping[str, type[np.number]]
"""The names of the columns of a table, and their types."""


def table_bytes(columns: Mapping[str, NDArray]) -> bytes:
    """Return columns of one length as CSV, with all significant digits."""
    text = io.StringIO()
    text.write(",".join(columns) + "\n")
    for first in range(0, len(columns["step"]), ROWS_AT_ONCE):
        part = [column[first : first + ROWS_AT_ONCE].astype(str) for column in columns.values()]
        text.writelines(",".join(row) + "\n" for row in zip(*part, strict=True))
    return text.getvalue().encode()


def lines_of(data: bytes, columns: Columns, what: str) -> bytes:
    """Return the lines of a table below its header.

    Raises
    ------
    InterchangeError
        If the header names other columns, or there are empty lines.
    """
    header, _, lines = data.partition(b"\n")
    if header.decode("ascii", "replace") != ",".join(columns):
        raise InterchangeError("file", f"The {what}'s columns must be {', '.join(columns)}.")
    # NumPy would skip these.
    if b"\n\n" in b"\n" + lines or b"\r" in lines:
        raise InterchangeError("file", f"The {what} cannot be read: it has empty lines.")
    return lines


def rows_of(lines: bytes, columns: Columns, count: int, what: str) -> Iterator[NDArray]:
    """Yield the first `count` rows in parts, as structured arrays.

    Raises
    ------
    InterchangeError
        If they are not numbers of the columns' types.
    """
    text = io.TextIOWrapper(io.BytesIO(lines), "ascii", newline="\n")
    dtype = list(columns.items())
    try:
        for first in range(0, count, ROWS_AT_ONCE):
            rows = min(ROWS_AT_ONCE, count - first)
            yield np.loadtxt(text, dtype, delimiter=",", comments=None, max_rows=rows, ndmin=1)
    except ValueError as error:
        raise InterchangeError("file", f"The {what} cannot be read: {shortened(error)}.") from error
