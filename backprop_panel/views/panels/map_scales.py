"""The colour scales of the map: how a person has them, and which numbers they fit."""

from __future__ import annotations

import param

from ...nn.record import StepRecord
from ..plots.color_scales import SPACINGS, SYMMETRIC_LOG, Scales
from ..plots.error_colors import ERROR_SCALE, RELATIVE_ERROR
from ..state.map_state import MapState
from .map_grid import MapGrid
from .map_values import EACH_HEATMAP, EACH_KIND, map_values, scales_of_deltas


class MapScales(param.Parameterized):
    """The scales by which the numbers of a record become colours.

    Attributes
    ----------
    current : Scales
        As they were fitted to the last record.
    """

    spacing = param.Selector(
        default=SYMMETRIC_LOG, objects=list(SPACINGS), doc="How the colours of a scale are spaced."
    )
    shared_by = param.Selector(
        default=EACH_KIND, objects=[EACH_KIND, EACH_HEATMAP], doc="What has one scale."
    )
    locked = param.Boolean(False, doc="Whether the scales stay as they are.")

    def __init__(self) -> None:
        super().__init__()
        self.current = Scales()
        self.param.watch(self._begin_anew, ["spacing", "shared_by", "locked"])

    def color(self, grid: MapGrid, record: StepRecord, state: MapState, anew: bool) -> bool:
        """Give each heatmap its numbers and their scale; return whether the legend changes.

        Parameters
        ----------
        grid : MapGrid
        record : StepRecord
        state : MapState
        anew : bool
            Whether the scales are fitted to these numbers.
        """
        drawn = list(
            map_values(grid, record, self.shared_by, state.deltas_shown, state.fitting_check)
        )
        is_changed = anew and self.current.fit_frame(
            ((scale, values) for _, scale, values in drawn if scale != RELATIVE_ERROR),
            smoothly=state.animated,
        )
        for heatmap, kind, values in drawn:
            scale = ERROR_SCALE if kind == RELATIVE_ERROR else self.current.by_kind[kind]
            heatmap.take(values, scale)
        return is_changed

    def forget_deltas(self, grid: MapGrid) -> None:
        """Fit the scales of gradients that have another form to the next record."""
        self.current.forget(scales_of_deltas(grid, self.shared_by))

    def _begin_anew(self, *events: param.parameterized.Event) -> None:
        self.current.spacing, self.current.locked = self.spacing, self.locked
        if not self.locked:
            self.current.forget()
