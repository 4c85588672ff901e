"""Suggestions for misspelt names."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: object, known: Iterable[str], likeness: float = 0.6) -> str:
    """The end of a message about an unknown name: `; did you mean 'city'?`, or nothing if no known name is like it."""
    close = closest(name, known, likeness)
    return "" if close is None else f"; did you mean {close!r}?"


def closest(name: object, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """Returns the known name that is most like another; None if none is like it."""
    from difflib import get_close_matches  # noqa: PLC0415 - only errors need it

    return next(iter(get_close_matches(str(name), known, n=1, cutoff=likeness)), None)
