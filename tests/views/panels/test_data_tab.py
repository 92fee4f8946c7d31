"""The Data tab: the contexts of its predictions."""

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.data.text_settings import text_settings
from backprop_panel.views.panels.data_tab import (
    DataTab,
    context_html,
    masters_html,
    predictions_html,
)
from backprop_panel.views.state.session import Session
from tests.texts import NAMES


@pytest.fixture
def run():
    return TrainingRunManager().create(
        vocabulary=["a", "b", "wonderland"],
        master_sequences=[" ".join(["a", "b", "wonderland"] * 12).split()],
        sequence_length=21,
        num_samples=64,
    )


def test_a_long_context_shows_its_last_tokens_and_all_of_them_on_hover(run):
    record = run.trainer.run_batch()
    context = record.contexts[0]
    said = context_html(run, context)
    tokens = [run.dataset.vocabulary[token] for token in context]
    assert said.startswith(f'<span title="{" ".join(tokens)}">… <span class="bp-token"')
    shown = said.count("bp-token")
    assert 2 <= shown < len(tokens)
    last = said.rpartition('">')[2]
    assert last.startswith(tokens[-1])
    assert said in predictions_html(run, record)


def test_a_context_that_has_room_is_shown_whole(run):
    said = context_html(run, run.trainer.run_batch().contexts[0][:2])
    assert said.count("bp-token") == 2
    assert "…" not in said


def test_the_last_token_is_shown_however_long():
    long = TrainingRunManager().create(
        vocabulary=["x" * 60, "y"], master_sequences=[["x" * 60, "y"] * 6], sequence_length=4
    )
    record = long.trainer.run_batch()
    assert all(context_html(long, context).count("bp-token") >= 1 for context in record.contexts)


def test_the_button_for_the_table_covers_no_count():
    manager = TrainingRunManager()
    manager.create(num_samples=64)
    _, button = DataTab(Session(manager))._confusion
    assert int(button.styles["top"].removesuffix("px")) <= -button.height


def test_a_hidden_tab_forgets_the_examples_of_another_run():
    manager = TrainingRunManager()
    session = Session(manager.create(num_samples=64) and manager)
    tab = DataTab(session)
    tab.visible = True
    assert tab._predictions.object
    tab.visible = False
    session.run = manager.create(num_samples=64)
    assert not tab._predictions.object
    assert not tab._masters.object


def test_the_arrow_and_the_target_stay_in_one_line(run):
    assert 'class="bp-one-line">→ ' in predictions_html(run, run.trainer.run_batch())


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (4, "6 of 11 lines are shorter than the sequence length 4 and give no example."),
        (3, "1 of 11 lines is shorter than the sequence length 3 and gives no example."),
        (2, ""),
    ],
)
def test_lines_that_give_no_example_are_told_below_the_others(length, said):
    settings = text_settings(f"{NAMES}\n", sequence_length=length)
    run = TrainingRunManager().create(**settings)
    shown = masters_html(run, run.trainer.run_batch())
    assert said in shown
    assert ("no example" in shown) == bool(said)
