"""What was done by hand, in words and places."""

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.views.state.interventions import FROZEN, SET, SILENCED, interventions


@pytest.fixture
def trainer():
    return TrainingRunManager().create(hidden_layers=2, hidden_dimension=5).trainer


def marked(trainer):
    return interventions(trainer.engine.look(), trainer.model.network.widths)


def test_a_network_that_nobody_touched_has_none(trainer):
    assert marked(trainer) == ()


def test_a_frozen_layer_is_marked_whole(trainer):
    trainer.engine.edits.freeze(1, True)
    (one,) = marked(trainer)
    assert (one.column, one.symbol) == (3, FROZEN)
    assert one.words == "W2 and b2 are frozen: they do not learn."
    assert (one.blocks[0].rows, one.blocks[0].units) == ((0, 5), (0, 4))


def test_frozen_weights_units_and_biases_are_named_and_marked(trainer):
    trainer.engine.edits.freeze(1, True, row=3, column=2)
    trainer.engine.edits.freeze(1, True, row=5, column=4)
    trainer.engine.edits.freeze(1, True, column=0)
    (one,) = marked(trainer)
    assert one.words == (
        "All that leads to unit 0, W2[3, 2] and b2[4] are frozen: no step changes them."
    )
    assert [(block.rows, block.units) for block in one.blocks] == [
        ((0, 5), (0, 0)),
        ((3, 3), (2, 2)),
        ((5, 5), (4, 4)),
    ]


def test_a_silenced_unit_is_marked_in_all_examples(trainer):
    trainer.engine.edits.silence(1, 3, True)
    (one,) = marked(trainer)
    assert (one.column, one.symbol) == (2, SILENCED)
    assert one.words == "Unit 3 of a1 is silenced: the activation is 0 for each example."
    assert (one.blocks[0].rows, one.blocks[0].units) == ((0, 31), (3, 3))


def test_a_weight_set_by_hand_is_marked_until_the_step_after(trainer):
    trainer.engine.edits.set_weight(0, 2, 1, 0.5)
    (one,) = marked(trainer)
    assert (one.column, one.symbol) == (1, SET)
    assert one.words == "W1[2, 1] was set by hand before this step."
    trainer.run_batch()
    assert marked(trainer) == ()


def test_a_name_keeps_its_small_letter_at_the_beginning_of_a_sentence(trainer):
    trainer.engine.edits.set_weight(0, 16, 3, 0.5)
    (one,) = marked(trainer)
    assert one.words == "b1[3] was set by hand before this step."


def test_of_many_places_a_few_are_named_and_all_are_counted(trainer):
    for row in range(5):
        trainer.engine.edits.freeze(1, True, row=row, column=0)
    (one,) = marked(trainer)
    assert one.words.startswith("5 weights and biases (W2[0, 0], W2[1, 0], W2[2, 0], W2[3, 0], …)")
