"""Reading a feed by one reader, as programs of requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import timedelta
from functools import partial
from typing import Any

from limpyd.changes import requests
from limpyd.changes.change import Change
from limpyd.changes.origins import Origin, numbers, origin
from limpyd.changes.positions import BEGINNING, EVERYTHING, NOTHING, NOW, parsed, text_of, too_long
from limpyd.changes.rounds import at_once, block_of, described_again, merged, until_some
from limpyd.fields import checks
from limpyd.keys import Partition
from limpyd.requests.request import Program
from limpyd.requests.scattered import Rounds


class Reading:
    """The state of one reader.

    Args:
        model: the model.
        last_id: where it begins.
        block: for how many milliseconds it waits when there is nothing; None for not at all, 0 for as long as it takes.
        count: the most changes that a request reads from a partition.

    Raises:
        InvalidValue: an argument is none of these.
    """

    def __init__(self, model: Any, last_id: str, block: int | timedelta | None, count: int) -> None:
        self.model = model
        self._name = f"{model.name}.{model.feed.name}"
        self._last = parsed(self._name, last_id, model.keys.count)
        self._given = last_id
        self._elsewhere = EVERYTHING if last_id == BEGINNING else NOTHING
        """The position in partitions that it does not know yet."""
        self._origins: dict[int, tuple[Partition, Origin | None]] = {}
        self._block = block_of(self._name, block)
        self._count = checks.integer(f"{self._name}'s count", count, low=1)

    @property
    def position(self) -> str:
        """The position after all that was read: the `last_id` of another reader."""
        if self._last is None:
            return NOW
        return text_of(map(self._at, range(max([self.model.keys.count, *(one + 1 for one in self._last)]))))

    def _at(self, number: int) -> bytes:
        return self._elsewhere if self._last is None else self._last.get(number, self._elsewhere)

    def pass_by(self, change: Change) -> None:
        """Notes that a change was read."""
        if self._last is not None:
            self._last[change.partition] = change.id.encode()

    def begin(self) -> Program[None]:
        """Finds out where it begins, if that is now."""
        model = self.model
        if self._last is None:
            newest = partial(at_once, lambda: [requests.newest(model, one) for one in model.keys.partitions])
            self._last = dict((yield from described_again(model, newest)))

    def next(self) -> Program[list[Change]]:
        """Returns the next changes; none if there are none in time.

        Raises:
            ChangesLost: the last one that was read was trimmed, and perhaps others.
            InvalidValue: the position is one in more partitions than there are.
        """
        model = self.model
        yield from self.begin()
        if model.keys.count > 1:
            return (yield from until_some(model, self._round, self._block))
        only = model.keys.first
        found = self._looked_at([only], (yield requests.read(model, only, self._at(0), self._count)))
        while not found and self._block is not None:
            if not (yield requests.wait(model, only, self._at(0), self._block)):
                break
            found = yield requests.read(model, only, self._at(0), self._count)
        return found

    def _round(self) -> Rounds[list[Change] | None]:
        """Reads all partitions once, but for those whose origin comes first; None if those may be read now."""
        model, partitions = self.model, self.model.keys.partitions
        asked = [one for one in partitions if not self._is_held(one)]
        unknown = [one for one in partitions[1:] if self._origins.get(one.number, (None,))[0] is not one]
        reads = [requests.read(model, one, self._at(one.number), self._count) for one in asked]
        replies = yield [*reads, *(origin(model, one) for one in unknown)]
        self._origins.update(
            (one.number, (one, found)) for one, found in zip(unknown, replies[len(reads) :], strict=True)
        )
        replies = dict(zip(asked, replies, strict=False))
        self._check_numbers(partitions)
        held = [one for one in partitions if self._is_held(one)]
        found = merged(some for one, some in replies.items() if one not in held)
        if held and not found:
            read = {one.number for one in asked if one not in held}
            self._release([one for one in held if one not in asked and one not in unknown], read)
            return None
        return self._looked_at(asked, found)

    def _is_held(self, partition: Partition) -> bool:
        """Returns whether the feed of another partition has to be read first, as far as is known."""
        first = self._origins.get(partition.number, (partition, None))[1]
        return first is not None and numbers(self._at(first.number)) < numbers(first.last)

    def _release(self, waiting: Iterable[Partition], read: AbstractSet[int]) -> None:
        """Has partitions be read whose origins were read to their ends since: others have removed entries of those."""
        for partition in waiting:
            first = self._origins[partition.number][1]
            if first is not None and first.number in read:
                self._origins[partition.number] = (partition, None)

    def _check_numbers(self, partitions: Sequence[Partition]) -> None:
        """Raises InvalidValue if the position is one in partitions that there are not."""
        places = {one.number for one in partitions}
        if any(one not in places and at not in {EVERYTHING, NOTHING} for one, at in (self._last or {}).items()):
            raise too_long(self._name, self._given, len(places))

    def _looked_at(self, asked: Sequence[Partition], found: list[Change]) -> list[Change]:
        """Notes which partitions have no entry yet, as the changes that were found tell, and returns these."""
        some = {change.partition for change in found}
        self._last = last = {} if self._last is None else self._last
        for one in asked:
            if self._at(one.number) == EVERYTHING and one.number not in some and not self._is_held(one):
                last[one.number] = NOTHING
            else:
                last.setdefault(one.number, self._elsewhere)
        self._elsewhere = NOTHING
        return found
