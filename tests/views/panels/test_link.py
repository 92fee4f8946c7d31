"""The run of a link: opened in a live page, after a question if it is large."""

import tracemalloc
from urllib.parse import urlencode

import pytest

from backprop_panel import TrainingRunManager
from backprop_panel.interchange import to_query
from backprop_panel.views.panels.link import MOST_WITHOUT_QUESTION, Link
from backprop_panel.views.state.session import Session

# panel-material-ui gives its own buttons both the old and the new name of an option.
pytestmark = pytest.mark.filterwarnings("ignore:Both '.*' and:PendingDeprecationWarning")

KEY = "0123456789abcdef" * 2
LARGE = {"num_samples": "10000000"}


@pytest.fixture
def session():
    manager = TrainingRunManager()
    manager.create(num_samples=64)
    return Session(manager)


def followed(session, arguments, first=None):
    link = Link(session, arguments, first)
    link.follow()
    return link


def followed_with(key, session):
    """Follow a link on the page of a key."""
    link = Link(session, {"seed": "3"})
    link.memory.key = key
    link.follow()


def shown(link):
    """Return the notice's title, its text, and whether it asks; None if it is not visible."""
    alert = link.__panel__()
    text, buttons = alert.objects
    return (alert.title, text.object, buttons.visible) if alert.visible else None


def press(link, name):
    (button,) = (each for each in link.__panel__().objects[1] if each.label == name)
    button.clicks += 1


def test_a_page_without_a_link_shows_its_run(session):
    first = session.run
    assert shown(followed(session, {"theme": [b"dark"]})) is None
    assert session.manager.runs == [first]


def test_a_link_makes_nothing_before_it_is_followed(session):
    Link(session, {"seed": "3"})
    assert len(session.manager.runs) == 1


def test_a_link_to_a_small_run_is_opened_without_a_question(session):
    assert shown(followed(session, {"seed": "3"})) is None
    assert session.run.config["seed"] == 3


def test_the_run_of_a_link_replaces_the_draft_of_an_empty_store():
    manager = TrainingRunManager()
    first = manager.draft(num_samples=64)
    session = Session(manager)
    followed(session, {"seed": "3"}, first)
    assert manager.runs == [session.run] and session.run.name == "run 1"


def test_the_run_of_a_link_does_not_replace_a_trained_run(session):
    first = session.run
    session.run_batch()
    followed(session, {"seed": "3"}, first)
    assert session.manager.runs == [first, session.run]


def test_a_link_makes_a_run_of_ones_own_beside_one_that_is_alike(session):
    alike = session.manager.create(seed=3)
    followed(session, {"seed": "3"})
    assert session.run is not alike and len(session.manager.runs) == 3
    assert session.run.config == alike.config


def test_a_reload_shows_the_run_that_the_link_made(session):
    followed_with(KEY, session)
    made = session.run
    session.manager.create(seed=4)
    followed_with(KEY, session)
    assert session.run is made and len(session.manager.runs) == 3


def test_the_same_link_in_another_tab_makes_another_run(session):
    for key in (KEY, KEY[::-1]):
        followed_with(key, session)
    assert len(session.manager.runs) == 3


def test_a_reload_after_the_run_was_deleted_makes_another(session):
    followed_with(KEY, session)
    session.manager.delete(KEY)
    followed_with(KEY, session)
    assert session.run.config["seed"] == 3


def test_settings_that_a_link_leaves_out_are_those_of_the_page(session):
    defaults = {"optimizer": "adam", "hidden_dimension": [9], "hidden_layers": 1}
    Link(session, {"hidden_dimension": "5,4"}, None, defaults).follow()
    config = session.run.config
    assert (config["optimizer"], config["hidden_dimension"]) == ("adam", [5, 4])


def test_the_first_draft_is_replaced_after_consent():
    manager = TrainingRunManager()
    first = manager.draft(num_samples=64)
    session = Session(manager)
    press(followed(session, {"num_samples": "500000"}, first), "Open it")
    assert manager.runs == [session.run]


def test_a_link_to_a_large_run_asks_first_and_makes_nothing(session):
    first = session.run
    tracemalloc.start()
    link = followed(session, LARGE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    title, text, asks = shown(link)
    assert asks and title == "Open a large run?"
    assert "10,000,000 training samples" in text and "about 229.2 MiB" in text
    assert session.manager.runs == [first]
    assert peak < MOST_WITHOUT_QUESTION


def test_a_link_to_a_large_run_is_opened_after_consent(session):
    link = followed(session, {"num_samples": "500000"})
    press(link, "Open it")
    assert shown(link) is None
    assert session.run.config["num_samples"] == 500_000


def test_a_declined_link_leaves_the_page_unchanged(session):
    first = session.run
    link = followed(session, LARGE)
    press(link, "Leave it")
    assert shown(link) is None
    assert session.manager.runs == [first]


def test_a_large_run_is_shown_again_without_a_question(session):
    wanted = session.manager.create(num_samples=500_000)
    session.manager.create(num_samples=64)
    link = Link(session, {"num_samples": "500000"})
    link.memory.key = wanted.id
    link.follow()
    assert shown(link) is None and session.run is wanted


def test_a_link_refused_after_consent_says_why(session):
    link = followed(session, LARGE | {"sequence_length": "50"})
    press(link, "Open it")
    title, text, asks = shown(link)
    assert title == "The link was not followed" and not asks
    assert "the longest master sequence" in text


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"hiden_dimension": "16"}, "Did you mean &#x27;hidden_dimension&#x27;?"),
        ({"sequence_length": "50"}, "the longest master sequence may have only"),
        ({"hidden_dimension": "100000"}, "Weights and biases: at most"),
        ({"hidden_dimension": "2000", "activation": "tan"}, "tanh"),
        ({"loss_type": "<img src=x>"}, "&lt;img src=x&gt;"),
        ({"batch_size": ["²".encode()]}, "batch_size must be a whole number, got &#x27;²&#x27;"),
    ],
    ids=lambda value: urlencode(value) if isinstance(value, dict) else "",
)
def test_a_refused_link_says_why(session, arguments, reason):
    first = session.run
    link = followed(session, arguments)
    if shown(link)[2]:
        press(link, "Open it")
    title, text, _ = shown(link)
    assert title == "The link was not followed" and reason in text
    assert session.run is first and session.manager.runs == [first]


def test_a_link_beyond_the_memory_is_refused_without_a_question(session, monkeypatch):
    monkeypatch.setattr("backprop_panel.training.model.physical_memory", lambda: 100 << 20)
    title, text, asks = shown(followed(session, {"hidden_dimension": "2000"}))
    assert title == "The link was not followed" and not asks
    assert "at most 50.0 MiB are allowed" in text


def test_the_pages_own_link_is_followed(session):
    run = session.manager.create(hidden_dimension=[7, 5], activation="tanh")
    query = to_query(run.config)
    session.manager.create()
    followed(session, dict(pair.split("=") for pair in query.split("&")))
    assert session.run is not run and session.run.config == run.config
