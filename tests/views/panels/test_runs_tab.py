"""When the table of runs is drawn anew."""

import panel as pn
import pytest
from bokeh.document import Document
from panel.io.state import set_curdoc

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.runs_tab import RunsTab
from backprop_panel.views.state.comparison import Comparison
from backprop_panel.views.state.session import Session

# Of Bokeh's, with the newest pandas.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame")


def test_runs_from_elsewhere_are_drawn_at_intervals_and_those_of_the_page_at_once():
    manager = TrainingRunManager()
    for _ in range(20):
        manager.create(num_samples=20)
    with set_curdoc(Document()):
        session = Session(manager)
        tab = RunsTab(Comparison(session))
        (table,) = tab.__panel__().select(pn.widgets.Tabulator)
        tab.visible = True
        added = TrainingRunManager().create(num_samples=20)
        manager.runs = [*manager.runs, added]  # as a look into the store does
        assert len(table.value) == 20
        session.new_run(num_samples=20)
        assert len(table.value) == 22
