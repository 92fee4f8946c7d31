"""Any link makes a run or a message, without a traceback or a long wait."""

import json
import os
import random
from urllib.parse import quote

from backprop_panel import SettingError, TrainingRunManager
from backprop_panel.interchange import from_query, to_query
from backprop_panel.interchange.config_validation import SETTINGS

LINKS = int(os.environ.get("RANDOM_LINKS", "4000"))

SMALL = {"num_samples": 16, "hidden_dimension": 3, "num_master_sequences": 2}
"""Settings of all links, so that runs are created quickly."""

NUMBERS = [0, 1, 2, 3, 4, 5, 7, 12, 40, -1, -7, 2**31, 2**63, 10**30, 10**400, -(10**400)]
NUMBERS += [0.0, -0.0, 0.1, 0.5, 0.999, 1.0, 3.0, 1.5, 1e-320, 1e39, 1e308, -0.25]
WORDS = ["", "a", "b", "ab", "abcd", "aab\nabb", "gelu", "relu", "tanh", "zeros", "he", "mse"]
WORDS += [
    "adam",
    "sgd",
    "train",
    "visualize",
    "next_token",
    "sequence_classification",
    "nan",
    "inf",
]
WORDS += [
    "null",
    "true",
    "None",
    "1e999",
    "-1e999",
    "0x10",
    "1_000",
    "٣",
    "½",
    "é",
    "🎲",
    "漢字",
    "\x00",
]
WORDS += [
    "\x1b[2J",
    "\u202e",
    "\ud800",
    "<b>",
    "'",
    '"',
    "\\",
    "{}",
    "[",
    "[[",
    ",",
    ",,",
    " 3 ",
    "+3",
]
WORDS += ["9" * 20, "9" * 4300, "9" * 5000, "-" + "9" * 5000, "0." + "1" * 5000, "x" * 9000]
TEXTS = ["[" * 3000, "[" * 400 + "]" * 400, "NaN", "[NaN]", "[Infinity]", "[1e999]", '"\\ud800"']
TEXTS += ["[-0]", '["a","a"]', "[1,2", '"', "[[1]]", "[null,true]", '[{"a":[1]}]', "8,12", "1,1"]


def any_value(chance, depth=0):
    """A JSON value, or a constant that only Python's reader accepts."""
    kind = chance.random()
    if depth > 3 or kind < 0.3:
        return chance.choice(NUMBERS)
    if kind < 0.6:
        return chance.choice(WORDS)
    if kind < 0.7:
        return chance.choice([None, True, False, float("nan"), float("inf"), -float("inf")])
    count = chance.choice([0, 1, 1, 2, 2, 3, 5])
    values = [any_value(chance, depth + 1) for _ in range(count)]
    if kind < 0.93:
        return values
    return {chance.choice(WORDS): value for value in values}


def any_text(chance):
    kind = chance.random()
    if kind < 0.35:
        return json.dumps(any_value(chance), ensure_ascii=chance.random() < 0.5)
    if kind < 0.6:
        return str(chance.choice(WORDS))
    if kind < 0.75:
        return repr(chance.choice([number for number in NUMBERS if abs(number) < 10**100]))
    if kind < 0.9:
        return chance.choice(TEXTS)
    return "".join(map(chr, chance.choices(range(1, 0x3000), k=chance.randint(1, 8))))


def fitting_text(chance, name):
    """A text that is probably valid for the setting, so that runs are created too."""
    setting = SETTINGS[name]
    if hasattr(setting, "objects"):
        return chance.choice(list(setting.objects))
    if name in ("learning_rate", "weight_decay", "validation_fraction"):
        return chance.choice(["0", "0.1", "1e-3", ".5"])
    known = {"vocabulary": "a,b,c", "activation": "relu,tanh", "master_sequences": "abcabc"}
    return known.get(name, chance.choice(["1", "2", "3", "5", "5,9", "[4]"]))


def any_name(chance):
    if chance.random() < 0.93:
        return chance.choice(sorted(SETTINGS))
    return chance.choice(
        ["", "seeds", "x" * 5000, "\x00", "\ud800", "learning rate", "name", "store"]
    )


def encoded(chance, text):
    """The bytes of a text, sometimes invalid UTF-8."""
    data = text.encode("utf-8", "surrogatepass")
    return data + b"\xff\xfe" if chance.random() < 0.05 else data


def any_link(chance):
    """A link as the text of an address, as a session's arguments, or as a mapping in Python."""
    names = [any_name(chance) for _ in range(chance.choice([1, 1, 1, 2, 3, 5]))]
    texts = [
        fitting_text(chance, name)
        if name in SETTINGS and chance.random() < 0.4
        else any_text(chance)
        for name in names
    ]
    form = chance.random()
    if form < 0.2:
        return dict(zip(names, (any_value(chance) for _ in names), strict=True))
    if form < 0.5:
        return {
            name: [encoded(chance, text)] * chance.choice([1, 1, 1, 1, 2, 0])
            for name, text in zip(names, texts, strict=True)
        }
    pairs = [
        f"{quote(encoded(chance, name))}={quote(encoded(chance, text))}"
        for name, text in zip(names, texts, strict=True)
    ]
    if chance.random() < 0.1:
        pairs.append(chance.choice([pairs[0], "", "=", "%", "seed", "&&", "seed=%zz", "#a"]))
    return "?" * chance.choice([0, 1, 1, 2]) + "&".join(pairs)


def followed(link, manager):
    """Follow a link; return whether a run was made, or else a message."""
    try:
        config = from_query(link)
        to_query(config)  # by which a page finds the run of the same link again
        manager.create(**(SMALL | config))
    except SettingError as error:
        message = str(error)
        message.encode()  # it goes to a browser
        assert 10 < len(message) < 1500
        return False
    return True


def test_any_link_makes_a_run_or_a_message():
    made = 0
    for number in range(LINKS):
        if number % 50 == 0:
            manager = TrainingRunManager()
        link = any_link(random.Random(number))
        try:
            made += followed(link, manager)
        except Exception as error:
            raise AssertionError(f"Link {number}: {link!r:.500}") from error
    assert LINKS / 20 < made < LINKS / 2
