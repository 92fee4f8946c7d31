"""The tabs: the view of each but the map is built when its tab is first shown."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from .panels.data_tab import DataTab
from .panels.difference_tab import DifferenceTab
from .panels.health_tab import HealthTab
from .panels.loss_tab import LossTab
from .panels.network_map import NetworkMap
from .panels.runs_tab import RunsTab
from .panels.surface_tab import SurfaceTab
from .panels.sweep_tab import SweepTab
from .state.comparison import Comparison
from .state.diagnosis import Diagnosis
from .theme import TABS_SX
from .widgets.lazy_tabs import LazyTabs

FIRST = "Network"
"""The tab of the map."""


def new_tabs(network_map: NetworkMap, comparison: Comparison, diagnosis: Diagnosis) -> LazyTabs:
    """Return the tabs of a workbench, the map's first."""
    tabs = LazyTabs(
        {
            FIRST: lambda: network_map,
            **_tab_views(comparison, diagnosis),
            "Sweep": lambda: SweepTab(comparison.session, lambda: tabs.show(FIRST)),
        },
        margin=(0, 16),
        sx=TABS_SX,
        # Keeps the timeline at the foot of the page whichever tab is active, and below it: with
        # Panel's own limit, the height of the window, it would cover a long tab on a phone.
        styles={"min-height": "calc(var(--bp-height, 100vh) - 198px)", "max-height": "none"},
    )
    return tabs


def _tab_views(
    comparison: Comparison, diagnosis: Diagnosis
) -> dict[str, Callable[[], pn.viewable.Viewer]]:
    """Return a builder for the view of each tab but the map."""
    session = comparison.session
    return {
        "Loss": lambda: LossTab(comparison),
        "Runs": lambda: RunsTab(comparison),
        "Data": lambda: DataTab(session),
        "Health": lambda: HealthTab(diagnosis),
        "Difference": lambda: DifferenceTab(session),
        "Surface": lambda: SurfaceTab(session),
    }
