"""How tests are ordered, how examples are drawn, how garbage is collected, and where files are."""

import gc
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples each time, of any duration; what is not said here each test says itself.
settings.register_profile("tests", derandomize=True, deadline=None, database=None)
settings.load_profile("tests")

# Imports and the collection of tests make what lives on: looking for garbage then finds none. The
# tests of the pages make many objects, and a full collection looks at all that live, imported
# modules too: it took a fifth of their time.
gc.disable()
gc.set_threshold(*gc.get_threshold()[:2], 100)

UI = Path(__file__).parent / "ui"

MEMORY, ROOM = Path("/dev/shm"), 4 << 30


def pytest_configure():
    """Keep the files of tests in memory, where there is room: each save waits for the disk."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_finish():
    """Have the garbage collector skip what was imported, and look for garbage from now on."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_collection_modifyitems(items):
    """Mark the browser tests and run them last.

    The quick tests then fail first; and Playwright keeps an event loop running in the main thread
    for as long as its browser lives, which code that starts one of its own does not stand.
    """
    for item in items:
        if item.path.is_relative_to(UI):
            item.add_marker(pytest.mark.ui)
    items.sort(key=order)


def order(item):
    """Return where in order a test belongs: the longest browser tests come first of those.

    Two processes that take whole files in this order end at about the same time.
    """
    if not item.get_closest_marker("ui"):
        return 0
    return 2 if "used_page" in item.fixturenames else 1
