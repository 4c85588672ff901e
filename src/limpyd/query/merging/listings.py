"""Keys that list primary keys in an order: lists of stored collections, and sorted sets of scores.

Each is walked from one end, or from a position on, part by part. A part has primary keys, with the position or the
score of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from limpyd.query.merging.row_order import number_of
from limpyd.query.ordering import SortKey
from limpyd.requests.decoders import returned
from limpyd.requests.request import Argument, Request
from limpyd.requests.scattered import Rounds
from limpyd.scripts.error_mapping import Model
from limpyd.scripts.queries import stored_gone
from limpyd.scripts.query_values import known_key

MIN_PART, MAX_PART = 100, 10_000
"""The fewest and the most primary keys that are read at once."""

Part = dict[bytes, bytes]


class ListingWalk(Protocol):
    """A walk through what a key lists."""

    at_end: bool

    def part(self, size: int) -> Rounds[Part]:
        """Reads the next part, of about so many primary keys."""
        ...


def walk(model: Model, key: SortKey, start: Sequence[Argument]) -> ListingWalk:
    """Begins a walk in the order of a sort key; after a position, as arguments of scripts, if one is given."""
    return StoredWalk(model, key, start) if key.positions else ScoreWalk(model, key, start)


def part_size(wanted: int) -> int:
    """Returns how many primary keys are read at once, if so many objects are wanted; 0 for all."""
    return min(max(wanted, MIN_PART), MAX_PART) if wanted else MAX_PART


class StoredWalk:
    """A walk through the list of a stored collection, from its beginning, or backwards from its end."""

    def __init__(self, model: Model, key: SortKey, start: Sequence[Argument]) -> None:
        self._model = model
        self._key = key.positions
        self._backwards = key.desc
        self._next: int | None = None
        """Going forwards, the next position; backwards, the one after that. None before the first part."""
        if start:
            self._next = int(start[2]) if key.desc else int(start[2]) + 1
        self.at_end = False

    def part(self, size: int) -> Rounds[Part]:
        """Reads the next part.

        Raises:
            DoesNotExist: the list does not exist any more.
        """
        first, last = self._range(size)
        length, pks = yield [self._read("LLEN"), self._read("LRANGE", first, last)]
        if not length:
            raise stored_gone(self._model)
        first = max(first + length, 0) if first < 0 else first
        part: Part = {}
        for position, pk in enumerate(pks, first):
            part.setdefault(pk, b"%d" % position)
        self._next = first if self._backwards else first + len(pks)
        self.at_end = first == 0 if self._backwards else self._next >= length
        return dict(reversed(part.items())) if self._backwards else part

    def _range(self, size: int) -> tuple[int, int]:
        if not self._backwards:
            first = self._next or 0
            return first, first + size - 1
        if self._next is None:
            return -size, -1
        return max(self._next - size, 0), self._next - 1

    def _read(self, command: str, *args: int) -> Request[Any]:
        return Request((command, self._key, *args), returned, readonly=True, subject=self._model)


class ScoreWalk:
    """A walk through a sorted set, by scores and then by primary keys."""

    def __init__(self, model: Model, key: SortKey, start: Sequence[Argument]) -> None:
        self._model = model
        self._key = known_key(key.scores)
        self._desc = key.desc
        self._after = (number_of(_text(start[2])), _text(start[0])) if start else None
        self._read = 0
        self.at_end = False

    def part(self, size: int) -> Rounds[Part]:
        """Reads the next part, without those up to the position that the walk begins at."""
        command = "ZREVRANGE" if self._desc else "ZRANGE"
        args = (command, self._key, self._read, self._read + size - 1, "WITHSCORES")
        (reply,) = yield [Request(args, returned, readonly=True, subject=self._model)]
        self._read += size
        self.at_end = len(reply) < 2 * size
        part: Part = dict(zip(reply[::2], reply[1::2], strict=True))
        return {pk: score for pk, score in part.items() if self._follows(pk, score)} if self._after else part

    def _follows(self, pk: bytes, score: bytes) -> bool:
        place = (number_of(score), pk)
        return self._after is None or (place < self._after if self._desc else place > self._after)


def _text(argument: Argument) -> bytes:
    return argument if isinstance(argument, bytes) else str(argument).encode()
