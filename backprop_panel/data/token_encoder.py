"""Encoding of explicit masters and of texts as token ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..settings import SettingError, refuse_unstorable, shown
from .master_sequences import MasterSequences, TokenIds, joined, smallest_id_type
from .text_tokens import lines_of, pieces, split_tokens


class TokenEncoder:
    """Encodes tokens by their place in a vocabulary.

    Parameters
    ----------
    vocabulary : sequence of str
    token_type : str
        What a text is divided into, ``"characters"`` or ``"words"``.
    unknown : str, optional
        The token that stands for all that are not in the vocabulary, which are refused otherwise.
    special : sequence of str
        Tokens of any length that need not occur.
    """

    def __init__(
        self,
        vocabulary: Sequence[str],
        token_type: str = "characters",
        unknown: str | None = None,
        special: Sequence[str] = (),
    ) -> None:
        self._vocabulary = vocabulary
        self._token_type = token_type
        self._special = special
        self._id_type = smallest_id_type(len(vocabulary))
        self._index = {token: number for number, token in enumerate(vocabulary)}
        self._unknown = None if unknown is None else self._index[unknown]

    def masters(self, given: Any) -> MasterSequences:
        """Encode explicit masters: a list of strings or of lists of tokens, or a text.

        Raises
        ------
        SettingError
            If they are nothing of this kind, or hold a token that is not in the vocabulary.
        """
        if isinstance(given, str):
            return self._text(given)
        if not isinstance(given, (list, tuple)) or not given:
            raise SettingError(
                "master_sequences",
                "master_sequences must be a list of strings or of lists of tokens, or a text with "
                f"one master a line, got {shown(given)}.",
            )
        return joined(
            [
                self._master(master, f"master_sequences[{number}]")
                for number, master in enumerate(given)
            ],
            self._id_type,
        )

    def _master(self, master: Any, name: str) -> TokenIds:
        if not isinstance(master, (str, list, tuple)):
            raise SettingError(
                "master_sequences",
                f"{name} must be a string or a list of tokens, got {shown(master)}.",
            )
        if isinstance(master, str):
            master = split_tokens(master, self._token_type)
        return np.array([self._id(token, name) for token in master], self._id_type)

    def _id(self, token: Any, name: str) -> int:
        known = self._index.get(token) if isinstance(token, str) else None
        if known is not None:
            return known
        if self._unknown is None or not isinstance(token, str):
            self._refuse(token, name)
        refuse_unstorable("master_sequences", token)
        return self._unknown

    def _refuse(self, token: Any, name: str) -> None:
        raise SettingError(
            "master_sequences",
            f"{name} holds {shown(token)}, which is not in the vocabulary "
            f"{_shortened(self._vocabulary)}.",
        )

    def _text(self, text: str) -> MasterSequences:
        """Encode a text: each line is a master."""
        if self._token_type == "words":
            encoded = [self._master(line, "The text") for line in lines_of(text)]
            return joined(encoded, self._id_type)
        self._refuse_longer()
        ids = np.empty(len(text), self._id_type)
        filled = 0
        breaks = []
        table, known = self._character_table()
        for codes in pieces(text):
            is_break = codes == ord("\n")
            places = codes if codes.itemsize == 1 else np.minimum(codes, len(known) - 1)
            if self._unknown is None:
                unknown = ~(known[places] | is_break)
                if unknown.any():
                    self._refuse(chr(codes[unknown.argmax()]), "The text")
            tokens = table[places[~is_break]]
            ids[filled : filled + len(tokens)] = tokens
            at = np.flatnonzero(is_break)
            breaks.append(filled + at - np.arange(len(at)))
            filled += len(tokens)
        starts = np.concatenate([np.zeros(1, np.int64), *breaks])
        lengths = np.diff(starts, append=filled)
        return MasterSequences(ids[:filled], starts, lengths)

    def _refuse_longer(self) -> None:
        longer = [t for t in self._vocabulary if len(t) != 1 and t not in self._special]
        if longer:
            raise SettingError(
                "vocabulary",
                "In a text every character is a token, so vocabulary must hold single characters, "
                f"got {shown(longer[0])}. Give master_sequences as a list of lists of tokens, or "
                "token_type='words', instead.",
            )

    def _character_table(self) -> tuple[TokenIds, NDArray[np.bool_]]:
        """Return the id of each character code, and which codes are known; the last never is.

        There are all codes of one byte.
        """
        codes = {ord(token): number for token, number in self._index.items() if len(token) == 1}
        size = max(255, *codes) + 2
        table = np.full(size, self._unknown or 0, self._id_type)
        known = np.zeros(size, bool)
        table[list(codes)] = list(codes.values())
        known[list(codes)] = True
        return table, known


def _shortened(vocabulary: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(map(repr, vocabulary[:most]))
    return f"[{shown}{', …' if len(vocabulary) > most else ''}]"
