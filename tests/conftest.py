"""How tests are ordered and distributed over processes, and how examples are drawn.

They are distributed well with ``--dist loadgroup --no-loadscope-reorder``, as ``make test`` does.
"""

from pathlib import Path

import pytest
from hypothesis import settings

# The same examples each time, of any duration; what is not said here each test says itself.
settings.register_profile("tests", derandomize=True, deadline=None, database=None)
settings.load_profile("tests")

UI = Path(__file__).parent / "ui"


def pytest_collection_modifyitems(items):
    """Mark the browser tests and run them last; keep together what shares a module's fixture.

    The quick tests then fail first; and Playwright keeps an event loop running in the main thread
    for as long as its browser lives, which code that starts one of its own does not stand.
    Fixtures of modules take seconds to make: servers, pages, other interpreters.
    """
    for item in items:
        if item.path.is_relative_to(UI):
            item.add_marker(pytest.mark.ui)
        if shares_fixture(item):
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))
    items.sort(key=order)


def shares_fixture(item):
    """Return whether a fixture of the test is one of its module."""
    fixtures = item._fixtureinfo.name2fixturedefs.values()
    return any(fixture.scope == "module" for *_, fixture in fixtures)


def order(item):
    """Return where in order a test belongs: of the browser tests, the longest come first."""
    if not item.get_closest_marker("ui"):
        return 0
    if item.get_closest_marker("xdist_group"):
        return 1
    return 3 if "used_page" in item.fixturenames else 2
