"""A bounded cache of statements, which are compiled after a few uses."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
S = TypeVar("S")

PREPARE_THRESHOLD = 5
"""A statement is compiled when it is asked for the sixth time."""
PREPARED_MAX = 15
"""The most statements that are kept; the one that was not asked for the longest goes first."""


class StatementCache(Generic[K, S]):
    """The statements of a model by key. Threads may share it.

    Args:
        compile: makes the statement; None if only the general script can run it.
        threshold: the number of uses that the general script serves first.
        max_size: the most keys that have a statement or a counter of uses.
    """

    def __init__(
        self, compile: Callable[[K], S | None], threshold: int = PREPARE_THRESHOLD, max_size: int = PREPARED_MAX
    ) -> None:
        self._compile = compile
        self._threshold = threshold
        self._max_size = max_size
        self._known: OrderedDict[K, S | int | None] = OrderedDict()

    def get(self, key: K) -> S | None:
        """Returns the statement; None as long as the general script has to run."""
        known = self._known
        found = known.get(key, 0)
        if isinstance(found, int):
            found = found + 1 if found < self._threshold else self._compile(key)
            known[key] = found
        self._note_use(key)
        return None if isinstance(found, int) else found

    def known(self, key: K) -> S | None:
        """Returns the statement if it is compiled; does not count this as a use before it is."""
        found = self._known.get(key, 0)
        if found is None or isinstance(found, int):
            return None
        self._note_use(key)
        return found

    def _note_use(self, key: K) -> None:
        """Notes a use; removes the key that was not asked for the longest, if there are too many."""
        known = self._known
        try:
            known.move_to_end(key)
            if len(known) > self._max_size:
                known.popitem(last=False)
        except KeyError:  # another thread has just removed it
            pass

    def __len__(self) -> int:
        return len(self._known)
