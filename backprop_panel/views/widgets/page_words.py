"""Refusals in the words of the page: its labels in place of Python's names."""

from __future__ import annotations

import re

from ...nn.activations import ACTIVATIONS
from ...nn.faults import FAULTS
from ...nn.losses import LOSSES
from ...nn.optimizers import OPTIMIZERS
from .setting_fields import INITIALIZATION_LABELS, LABELS, SPLITS, TASKS

SETTINGS = LABELS | {
    "activations": "Activations",
    "master_labels": "Labels",
    "token_type": "Tokens",
}
CHOICES = {
    name: label
    for labels in (TASKS, SPLITS, INITIALIZATION_LABELS)
    for label, name in labels.items()
} | {
    name: each.label
    for registry in (ACTIVATIONS, LOSSES, OPTIMIZERS, FAULTS)
    for name, each in registry.items()
}
"""The labels of what settings may be."""

DEEDS = {"import_run": "“Import a run”", "load_weights": "“Import weights”"}
"""The buttons for what functions do in Python."""


def _either(names: list[str]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


# A name of one word, such as seed, is a word as well, but for where a message begins with it. What
# was typed stands in quotes, where only a choice is no text of a person's own.
_NAMED = re.compile(
    rf"^(?P<first>{_either(list(SETTINGS))})\b"
    rf"|(?<!\w)'(?P<quoted>[^']*)'(?!\w)"
    rf'|"[^"]*"'
    rf"|\b(?P<setting>{_either([name for name in SETTINGS if '_' in name])})\b"
    rf"|\b(?P<choice>{_either([name for name in CHOICES if '_' in name])})\b"
    rf"|\b(?P<deed>{_either(list(DEEDS))})\b"
)


def in_page_words(message: str) -> str:
    """Return a message with the page's labels of all settings and choices that it names."""
    return _NAMED.sub(_label, message)


def _label(found: re.Match) -> str:
    if found["first"]:
        return SETTINGS[found["first"]]
    if found["quoted"] in CHOICES:
        return f"'{CHOICES[found['quoted']]}'"
    if found["setting"]:
        label = SETTINGS[found["setting"]]
        return label[0].lower() + label[1:]
    if found["deed"]:
        return DEEDS[found["deed"]]
    return CHOICES[found["choice"]] if found["choice"] else found[0]
