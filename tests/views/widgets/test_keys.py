"""The map of the page's keys, and the scripts that act on them."""

import re
from pathlib import Path

import pytest

from backprop_panel.views.widgets import keys

WIDGETS = Path(keys.__file__).parent


def script(name):
    return (WIDGETS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("action", sorted(set(keys.IN_PLOT.values())))
def test_the_script_of_plots_knows_each_action_of_their_keys(action):
    code = script("plot_keys.js")
    steps = re.search(r"STEPS = \{(.*)\}", code)[1]
    assert f'action === "{action}"' in code or f"{action}: [" in steps


@pytest.mark.parametrize("action", sorted(keys.ON_PAGE.values()))
def test_the_script_of_the_page_knows_each_action_of_its_keys(action):
    assert f'action === "{action}"' in script("page_fit.js")


@pytest.mark.parametrize("path", sorted(WIDGETS.glob("*.js")), ids=lambda path: path.name)
def test_no_script_names_a_key_of_the_map(path):
    named = {*keys.IN_PLOT, *keys.ON_PAGE, *keys.IN_SLOW_MOTION.values()} - {" "}
    compared = re.findall(r'key(?:\.toLowerCase\(\))? === "(\w+)"', path.read_text("utf-8"))
    assert not named & set(compared)
