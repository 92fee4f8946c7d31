"""The views of the tabs beside the map: each is built when its tab is first shown."""

from __future__ import annotations

from collections.abc import Callable

import panel as pn

from .panels.data_tab import DataTab
from .panels.difference_tab import DifferenceTab
from .panels.health_tab import HealthTab
from .panels.loss_tab import LossTab
from .panels.runs_tab import RunsTab
from .panels.surface_tab import SurfaceTab
from .state.comparison import Comparison
from .state.diagnosis import Diagnosis


def tab_views(
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
