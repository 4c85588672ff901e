"""Suggestions for misspelt names."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: object, known: Iterable[str], likeness: float = 0.6) -> str:
    """The end of a message about an unknown name: `; did you mean 'city'?`, or nothing if no known name is like it."""
    from difflib import get_close_matches  # noqa: PLC0415 - only errors need it

    close = get_close_matches(str(name), known, n=1, cutoff=likeness)
    return f"; did you mean {close[0]!r}?" if close else ""
