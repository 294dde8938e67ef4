"""The closest known word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint naming the word that was begun, or else the closest, capital letters apart; or the list of all of them.

    Examples
    --------
    >>> nearest("ReLU", ["erf", "relu"]), nearest("?", ["relu", "erf"])
    ("did you mean 'relu'?", 'known: erf, relu')
    >>> nearest("linear", ["deep-linear", "linear-network"])
    "did you mean 'linear-network'?"
    """
    known = list(known)
    lower = {word.lower(): word for word in known}
    begun = sorted((word for word in lower if len(name) > 2 and word.startswith(name.lower())), key=len)
    close = begun or difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.6)
    return f"did you mean {lower[close[0]]!r}?" if close else f"known: {', '.join(sorted(known))}"
