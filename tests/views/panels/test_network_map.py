"""The network map follows the run that is shown."""

import numpy as np
import panel as pn
import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.panels.network_map import NetworkMap
from backprop_panel.views.plots.color_scales import ROOM
from backprop_panel.views.state.session import Session

# The widgets' library gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")

DATA = {"vocabulary": list("abc"), "num_samples": 60}


@pytest.fixture
def manager():
    manager = TrainingRunManager()
    manager.create(**DATA)
    return manager


@pytest.fixture
def network_map(manager):
    return NetworkMap(Session(manager))


def plots(network_map):
    return network_map.__panel__().select(pn.pane.HoloViews)


def names_of_rows(network_map):
    return network_map._values[0].row_names.data["names"]


def of_every_heatmap(network_map):
    """Return what each heatmap shows, and what the record says that it should."""
    record = network_map.session.record
    for column, value, gradient in zip(
        network_map._columns, network_map._values, network_map._gradients, strict=True
    ):
        yield np.concatenate(value.images), column.values(record)
        yield np.concatenate(gradient.images), column.gradients(record)


def test_a_run_of_the_same_shape_is_shown_in_the_heatmaps_that_are_there(manager, network_map):
    before = plots(network_map)
    manager.create(**DATA, seed=5, batch_size=7, activation="relu")
    assert plots(network_map) == before
    for shown, values in of_every_heatmap(network_map):
        assert np.array_equal(shown, values)


def test_a_run_of_another_shape_is_shown_in_heatmaps_of_its_own(manager, network_map):
    before = plots(network_map)
    manager.create(**DATA, hidden_dimension=5)
    assert not set(before) & set(plots(network_map))
    for shown, values in of_every_heatmap(network_map):
        assert np.array_equal(shown, values)


def test_columns_are_named_by_the_tokens_of_the_run_that_is_shown(manager, network_map):
    manager.create(vocabulary=list("xyz"), num_samples=60)
    first, *_, last = network_map._values
    assert first.column_names.data["names"][:4] == ["x₁", "y₁", "z₁", "x₂"]
    assert last.column_names.data["names"] == ["x", "y", "z"]


def test_rows_are_named_by_the_examples_of_the_run_that_is_shown(manager, network_map):
    manager.create(vocabulary=list("xyz"), num_samples=60)
    names = names_of_rows(network_map)
    assert len(names) == len(network_map.session.record.targets)
    assert not set("abc") & set("".join(names))


def show_another_batch(session, **pace):
    """Show a step as it is shown while the run trains."""
    session.param.update(training=True, **pace)
    for _ in range(2):
        session.record = session.run.trainer.run_batch()


def test_rows_have_no_names_while_batches_fly_past(network_map):
    session = network_map.session
    before = names_of_rows(network_map)
    show_another_batch(session)
    assert not "".join(names_of_rows(network_map)).strip()
    assert [len(name) for name in names_of_rows(network_map)] == [len(name) for name in before]
    session.training = False
    session.look()
    assert "".join(names_of_rows(network_map)).strip()


@pytest.mark.parametrize("pace", [{"steps_per_second": 1.0}, {"frames_per_second": 2.0}])
def test_rows_have_the_names_of_their_batch_where_there_is_time_to_read_them(network_map, pace):
    before = names_of_rows(network_map)
    show_another_batch(network_map.session, **pace)
    assert names_of_rows(network_map) != before
    assert "".join(names_of_rows(network_map)).strip()


def test_a_run_that_is_shown_again_shows_its_own_weights(manager, network_map):
    first = manager.current
    manager.create(**DATA, seed=5)
    manager.switch(first.id)
    for shown, values in of_every_heatmap(network_map):
        assert np.array_equal(shown, values)


def weights_end_after_one_became(network_map, weight):
    """Return where the weights' scale ends once a weight is that much."""
    session = network_map.session
    engine = session.run.trainer.engine
    engine.set_weight(0, 0, 0, weight)
    session.record = engine.look()
    return network_map._values[1].mapper.high


def test_a_moment_of_its_own_is_shown_on_a_scale_that_fits_it(network_map):
    assert weights_end_after_one_became(network_map, 50.0) == 50 * ROOM


def test_while_frames_follow_each_other_the_scale_does_not_jump(network_map):
    network_map.session.training = True
    before = network_map._values[1].mapper.high
    assert before < weights_end_after_one_became(network_map, 50.0) < 50
