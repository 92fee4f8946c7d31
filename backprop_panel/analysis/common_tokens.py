"""What windows that push a number have in common: their tokens, position by position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..settings import checked_whole, refuse_other
from .pushes import Pushes

Counts = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class WindowCounts:
    """How often each token stands at each position of some windows.

    Attributes
    ----------
    windows : int
        Windows counted, each as often as it occurs.
    tokens : array of int, shape (context_length, vocabulary_size)
    targets : array of int, shape (outputs,)
    """

    windows: int
    tokens: Counts
    targets: Counts


@dataclass(frozen=True)
class CommonToken:
    """A token that windows have in common.

    Attributes
    ----------
    position : int or None
        Its position in the context; None for the target.
    token : int
        Its id, or the target.
    count : int
        How many of these windows have it there.
    share, share_of_all : float
        The shares of these windows, and of all windows, that have it there.
    """

    position: int | None
    token: int
    count: int
    share: float
    share_of_all: float


@dataclass(frozen=True, eq=False)
class TokenCounts:
    """Tokens by position among the strongest pushes, beside those of all windows.

    Attributes
    ----------
    up, down, all : WindowCounts
        Of the windows that push up the most, of those that push down the most, and of all.
    """

    up: WindowCounts
    down: WindowCounts
    all: WindowCounts

    def common(self, among: WindowCounts) -> list[CommonToken]:
        """Return the tokens that are more frequent `among` some windows than among all.

        Those that stand out the most, by the difference of the shares, come first.
        """
        found = []
        for ours, whole in ((among.tokens, self.all.tokens), (among.targets, self.all.targets)):
            share = ours / max(1, among.windows)
            share_of_all = whole / max(1, self.all.windows)
            for place in np.argwhere(share > share_of_all).tolist():
                position, token = place if len(place) == 2 else (None, place[0])
                shares = float(share[tuple(place)]), float(share_of_all[tuple(place)])
                found.append(CommonToken(position, token, int(ours[tuple(place)]), *shares))
        return sorted(found, key=lambda token: token.share_of_all - token.share)


def token_counts(pushes: Pushes, most: int = 10) -> TokenCounts:
    """Return the tokens by position among the `most` strongest pushes each way, and among all.

    Parameters
    ----------
    pushes : Pushes
    most : int
        How many different windows count as the strongest.

    Raises
    ------
    SettingError
        If an argument is of another kind.
    """
    refuse_other("pushes", pushes, Pushes)
    most = checked_whole("most", most, least=1)
    return TokenCounts(
        up=_counts(pushes, pushes.strongest(up=True, most=most)),
        down=_counts(pushes, pushes.strongest(up=False, most=most)),
        all=_counts(pushes, np.arange(len(pushes.terms))),
    )


def _counts(pushes: Pushes, windows: NDArray[np.integer]) -> WindowCounts:
    contexts, weights = pushes.contexts[windows], pushes.counts[windows]
    tokens = [
        np.bincount(ids, weights, pushes.vocabulary_size).astype(np.intp) for ids in contexts.T
    ]
    return WindowCounts(
        windows=int(weights.sum()),
        tokens=np.array(tokens, np.intp).reshape(-1, pushes.vocabulary_size),
        targets=np.bincount(pushes.targets[windows], weights, pushes.outputs).astype(np.intp),
    )
