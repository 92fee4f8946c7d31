"""Names of runs: which are allowed, and which is the next free one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from itertools import count

from ..settings import SettingError, refuse_unstorable, shortened, shown

MOST_NAME_LENGTH = 120
"""Characters in a run's name, wherever it comes from; older stores may hold longer ones."""

NUMBER_LENGTH = 10
"""Characters that a stem leaves for its number."""

MOST_GENERATIONS = 3
"""Numbers that a fork's name has at most: forks of "run 1.1.1.1" are its siblings by name."""

CONTROLS = ("Cc", "Zl", "Zp")
"""Categories of characters that no name has: control characters and line breaks."""

DIRECTIONS = {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}
"""Characters that turn the direction of the text after them, beyond the end of a name."""


def free_name(stem: str, taken: Container[str]) -> str:
    """Return the first of ``stem1``, ``stem2``, … that is not taken; a long stem is cut short.

    A stem that ends in a bracket gives ``name (2)``, ``name (3)``, …
    """
    copy = stem.endswith(" (")
    end = 2 if copy else 1  # the characters after the name itself
    most = MOST_NAME_LENGTH - NUMBER_LENGTH
    if len(stem) > most:
        stem = f"{stem[: most - end - 1]}…{stem[-end:]}"
    names = (f"{stem}{number}{')' * copy}" for number in count(2 if copy else 1))
    return next(name for name in names if name not in taken)


def fork_stem(name: str) -> str:
    """Return the beginning of the names of forks: ``run 1.`` for ``run 1``."""
    name = made_legal(name)  # an older store may hold others
    generations = re.search(r"(\.[0-9]+)*$", name)[0].count(".")
    return f"{name.rpartition('.')[0] if generations >= MOST_GENERATIONS else name}."


def copy_stem(name: str) -> str:
    """Return the beginning of the names of copies: ``run 1 (`` for ``run 1`` and ``run 1 (2)``."""
    return f"{re.sub(r' [(][0-9]+[)]$', '', name)} ("


def sweep_run_name(sweep: str, number: int) -> str:
    """Return the name of a run of a sweep: ``sweep 1 #3`` for the third of ``sweep 1``."""
    return f"{sweep} #{number}"


def sweep_and_number(name: str) -> tuple[str, int] | None:
    """Return the sweep and the number that a name from `sweep_run_name` holds; None for others."""
    found = re.fullmatch(r"(.+) #(\d+)", name)
    return (found[1], int(found[2])) if found else None


def legal_name(name: str) -> str:
    """Return a name without the spaces around it.

    Raises
    ------
    SettingError
        If it is no text that can be stored, empty, too long, or has a control character, a line
        break or a character that turns the direction of text.
    """
    if not isinstance(name, str):
        raise SettingError("name", f"A run's name must be text, got {shown(name)}.")
    name = name.strip()
    if not name:
        raise SettingError("name", "A run needs a name.")
    if len(name) > MOST_NAME_LENGTH:
        raise SettingError(
            "name",
            f"A run's name has at most {MOST_NAME_LENGTH} characters, got {len(name):,}.",
        )
    for character in name:
        if _is_unseen(character):
            raise SettingError(
                "name",
                "A run's name has no control characters, line breaks or changes of direction; got "
                f"U+{ord(character):04X} in {shown(name)}.",
            )
    refuse_unstorable("name", name)
    return name


def made_legal(name: str) -> str:
    """Return a name that an older store holds, cut and without what no name has."""
    name = "".join(each for each in name if not _is_unseen(each)).strip()
    return shortened(name, MOST_NAME_LENGTH) or "run"


def _is_unseen(character: str) -> bool:
    return character in DIRECTIONS or unicodedata.category(character) in CONTROLS


def checked_name(name: str, taken: Container[str]) -> str:
    """Return a name without the spaces around it.

    Raises
    ------
    SettingError
        If it is not legal, or taken.
    """
    name = legal_name(name)
    if name in taken:
        raise SettingError("name", f"There is a run named {shown(name)} already.")
    return name
