"""Slow motion: which phase of which step is shown, and what of the map that reveals."""

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.analysis import RecordCell
from backprop_panel.analysis.explanations.phases import phases_of
from backprop_panel.views.state.cell import Cell
from backprop_panel.views.state.reveal import reveal_of
from backprop_panel.views.state.session import Session
from backprop_panel.views.state.slow_motion import SlowMotion

# The widgets' library gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(optimizer="adam", loss_type="cross_entropy", num_samples=64)
    session = Session(manager)
    session.run_batch()
    return session


@pytest.fixture
def slow_motion(session):
    session.toggle_slow_motion()
    return session.slow_motion


def name_of(slow_motion):
    return slow_motion.phase.name


def test_slow_motion_begins_with_the_first_phase(slow_motion):
    assert slow_motion.on and name_of(slow_motion) == "forward 1"


def test_phases_are_walked_through_both_ways_and_end_at_the_ends(slow_motion):
    forth = []
    for place in range(20):
        slow_motion.show(place)
        forth.append(name_of(slow_motion))
    assert forth[:8] == [phase.name for phase in slow_motion.phases] and set(forth[7:]) == {
        "update"
    }
    for place in range(6, -5, -1):
        slow_motion.show(place)
    assert name_of(slow_motion) == "forward 1"


def test_autoplay_shows_phase_after_phase_and_stops_at_the_last(slow_motion):
    slow_motion.show(5)
    slow_motion.toggle_autoplay()
    slow_motion.tick()
    assert slow_motion.playing and name_of(slow_motion) == "backward 1"
    slow_motion.tick()
    assert not slow_motion.playing and name_of(slow_motion) == "update"


def test_autoplay_begins_again_after_the_last_phase(slow_motion):
    slow_motion.show(7)
    slow_motion.toggle_autoplay()
    assert slow_motion.playing and name_of(slow_motion) == "forward 1"
    slow_motion.toggle_autoplay()
    assert not slow_motion.playing


def test_choosing_a_phase_stops_autoplay(slow_motion):
    slow_motion.toggle_autoplay()
    slow_motion.show(3)
    assert not slow_motion.playing


def test_autoplay_does_nothing_while_slow_motion_is_off():
    slow_motion = SlowMotion()
    slow_motion.toggle_autoplay()
    assert not slow_motion.playing


def test_training_does_not_change_the_step_that_is_walked_through(session, slow_motion):
    walked = slow_motion.record
    session.training = True
    session.record = session.run.trainer.run_batch()
    assert session.examined is session.map_record is walked
    with session._at_once():  # as training ends
        session.training = False
        session.look()
    assert session.examined is walked
    session.toggle_slow_motion()
    assert session.examined is session.map_record is session.record is not walked


def test_another_step_is_walked_through_from_the_same_phase(session, slow_motion):
    slow_motion.show(5)
    session.run_batch()
    assert slow_motion.record is session.record and name_of(slow_motion) == "backward 2"


def test_a_past_step_is_walked_through(session, slow_motion):
    session.run_batch()
    session.travel(1)
    assert slow_motion.record is session.record and slow_motion.record.step == 1


def test_a_batch_without_an_update_ends_with_backward_1(session, slow_motion):
    slow_motion.show(7)
    session.look()
    assert name_of(slow_motion) == "backward 1"
    session.run.trainer.change(mode="visualize")
    session.run_batch()
    assert slow_motion.phases[-1].name == "backward 1"


def test_a_run_of_another_shape_is_walked_through(session, slow_motion):
    slow_motion.show(7)
    session.manager.create(hidden_layers=0, num_samples=64)
    assert slow_motion.record is session.record and len(slow_motion.phases) == 3


def test_a_fork_is_walked_through(session, slow_motion):
    session.fork_past("fork")
    assert session.run.name == "fork" and slow_motion.record is session.record


def test_slow_motion_ends_where_a_difference_is_shown(session, slow_motion):
    session.subtracted = session.run.replay(0).engine
    assert not slow_motion.on
    session.toggle_slow_motion()
    assert not slow_motion.on


def test_deltas_are_shown_in_slow_motion_only(session, slow_motion):
    assert session.deltas_shown
    session.toggle_slow_motion()
    assert not session.deltas_shown


def test_a_chosen_number_is_explained_by_the_step_that_is_walked_through(session, slow_motion):
    walked = slow_motion.record
    session.training = True
    session.record = session.run.trainer.run_batch()
    session.select(Cell("weight", 1, 3, 17, is_gradient=True))
    (explanation,) = session.explanations()
    assert explanation.value == walked.weight_gradients[1][3, 17]


def test_a_weight_is_the_new_one_after_the_update(session, slow_motion):
    session.select(Cell("weight", 1, 3, 17))
    assert session.question == RecordCell("weights", 1, (3, 17))
    slow_motion.show(7)
    session.select(Cell("weight", 1, 3, 17))
    assert session.question == RecordCell("new_weights", 1, (3, 17))
    assert session.map_record.weights[1][3, 17] == session.explanations()[0].value
    assert session.examined.weights[1][3, 17] != session.map_record.weights[1][3, 17]


def test_one_example_is_that_of_the_chosen_cell_or_the_first(session, slow_motion):
    session.toggle_one_example()
    assert slow_motion.example == 0
    session.toggle_one_example()
    assert slow_motion.example is None
    session.select(Cell("activation", 1, 9, 3))
    session.toggle_one_example()
    assert slow_motion.example == 9


def test_tapping_another_row_chooses_its_example(session, slow_motion):
    session.toggle_one_example()
    session.select(Cell("logit", 3, 5, 1))
    assert slow_motion.example == 5
    session.select(Cell("weight", 1, 9, 1))
    assert slow_motion.example == 5


def test_an_example_that_a_smaller_batch_lacks_gives_way_to_its_last(session, slow_motion):
    slow_motion.show_example(20)
    session.run_single_step()
    assert slow_motion.example == 0


def reveals(session, of_deltas=True):
    record, widths = session.record, session.run.model.network.widths
    return {each.name: reveal_of(each, record, widths, of_deltas) for each in phases_of(record)}


VALUES, GRADIENTS = False, True
X, W1, A1, W2, A2, W3, LOGITS = range(7)


def test_only_what_has_happened_is_revealed(session):
    revealed = reveals(session)
    given = {(X, VALUES), (W1, VALUES), (W2, VALUES), (W3, VALUES)}
    assert revealed["forward 1"].places == given | {(A1, VALUES)}
    assert revealed["loss"].places == {(column, VALUES) for column in range(7)}
    assert revealed["backward 3"].places - revealed["loss"].places == {
        (LOGITS, GRADIENTS),
        (W3, GRADIENTS),
    }
    assert len(revealed["update"].places) == 14


def places_of(blocks):
    return {(block.column, block.is_gradient) for block in blocks}


def test_a_phase_outlines_what_it_computes_and_what_it_reads(session):
    backward = reveals(session)["backward 2"]
    assert places_of(backward.computed) == {(A2, GRADIENTS), (W2, GRADIENTS)}
    assert places_of(backward.operands) == {(LOGITS, GRADIENTS), (W3, VALUES), (A1, VALUES)}
    update = reveals(session)["update"]
    assert places_of(update.computed) == {(W1, VALUES), (W2, VALUES), (W3, VALUES)}
    assert places_of(update.operands) == {(W1, GRADIENTS), (W2, GRADIENTS), (W3, GRADIENTS)}


def test_weights_alone_are_read_where_their_bias_is_not(session):
    revealed = reveals(session)
    rows = {
        phase: {block.column: block.rows for block in revealed[phase].operands}
        for phase in ("forward 3", "backward 2")
    }
    assert rows["forward 3"][W3] == (0, 32) and rows["backward 2"][W3] == (0, 31)


def test_arrows_lead_from_each_operand_to_its_result(session):
    assert set(reveals(session)["backward 2"].arrows) == {
        ((LOGITS, GRADIENTS), (A2, GRADIENTS)),
        ((W3, VALUES), (A2, GRADIENTS)),
        ((A1, VALUES), (W2, GRADIENTS)),
        ((A2, GRADIENTS), (W2, GRADIENTS)),
    }
    assert set(reveals(session)["update"].arrows) == {
        ((column, GRADIENTS), (column, VALUES)) for column in (W1, W2, W3)
    }
    assert ((LOGITS, VALUES), (LOGITS, GRADIENTS)) in reveals(session)["backward 3"].arrows


def test_gradients_of_activations_are_revealed_as_well_as_deltas(session):
    of_a, of_z = (reveals(session, of_deltas) for of_deltas in (False, True))
    for name, reveal in of_a.items():
        assert reveal.places == of_z[name].places
        assert places_of(reveal.computed) == places_of(of_z[name].computed)
