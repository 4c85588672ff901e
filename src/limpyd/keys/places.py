"""The partitions that have the objects of a model, as a process knows them at a moment.

A process that learns that objects have moved gets other places, with new partitions where something is different. So
what a thread has described with former ones names partitions that the process has left, and is never sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from limpyd.keys.moving import Given, Move
from limpyd.keys.partition import Partition
from limpyd.utils.cached_properties import cached_property

Placed = Callable[[int], Partition]
"""Makes the partition of a number."""


class Places:
    """The partitions of objects of which none is on its way.

    Args:
        count: their number, a power of two.
        placed: makes one.
    """

    def __init__(self, count: int, placed: Placed, made: Mapping[int, Partition] | None = None) -> None:
        self.count = count
        self.move: Move | None = None
        self._last = count - 1
        self._placed = placed
        self.made = dict(made or ())
        self.by_prefix = {partition.prefix: partition for partition in self.made.values()}

    @cached_property
    def partitions(self) -> tuple[Partition, ...]:
        """All that may have objects."""
        return tuple(map(self.at, self.numbers()))

    def numbers(self) -> list[int]:
        """The numbers of these."""
        return [*range(self.count)]

    def at(self, number: int) -> Partition:
        """The partition of a number."""
        return self.made.get(number) or self._make(number)

    def having(self, spread: int) -> Partition:
        """The partition that has the object that a number spreads over partitions."""
        number = spread & self._last
        return self.made.get(number) or self._make(number)

    def former(self, spread: int) -> int | None:  # noqa: ARG002 - nothing has moved
        """The number of the partition that had, before this move, what a number spreads over partitions."""
        return None

    def holders(self, number: int) -> list[Partition]:
        """The partitions that may have what was in the partition of a number at some moment of this move."""
        return [self.at(number)]

    def minting(self, turn: int) -> Partition:
        """The partition whose turn it is to get a new object."""
        return self.having(turn)

    def mints_in(self, number: int) -> bool:  # noqa: ARG002 - nothing is moving
        """Returns whether new objects may be made in the partition of a number."""
        return True

    def _make(self, number: int) -> Partition:
        partition = self._placed(number)
        partition.number = number
        self._mark(partition)
        partition = self.made.setdefault(number, partition)
        self.by_prefix[partition.prefix] = partition
        return partition

    def _mark(self, partition: Partition) -> None:
        """Sets what is of its number of partitions."""
        partition.count = partition.recorded = self.count


class MovingPlaces(Places):
    """The partitions of objects that move to a greater number while they are in use.

    Args:
        move: the move.
        placed: makes a partition.
        given: how far each of the former partitions has come, as far as is known.
        made: those that are made already.
    """

    def __init__(
        self,
        move: Move,
        placed: Placed,
        given: Mapping[int, Given] | None = None,
        made: Mapping[int, Partition] | None = None,
    ) -> None:
        super().__init__(move.before, placed, made)
        self.move = self._move = move
        self.given = dict(given or ())
        self._last = move.to - 1

    def source(self, number: int) -> int:
        """Returns the number of the former partition that has, or had, the objects of a partition."""
        return number & (self._move.before - 1)

    def learned(self, source: int, given: Given | None) -> MovingPlaces:
        """Returns the places once a former partition has given so much."""
        known = {number: some for number, some in self.given.items() if number != source}
        if given is not None:
            known[source] = given
        made = {number: one for number, one in self.made.items() if self.source(number) != source}
        return MovingPlaces(self._move, self._placed, known, made)

    def numbers(self) -> list[int]:
        before = self._move.before
        give = {source for source, given in self.given.items() if given.slices}
        return [number for number in range(self._move.to) if number < before or self.source(number) in give]

    def having(self, spread: int) -> Partition:
        number = spread & self._last
        source = self.source(number)
        given = self.given.get(source)
        has_moved = given is not None and slice_of(spread, self._move.to, given.all) < given.slices
        return self.at(number if has_moved else source)

    def former(self, spread: int) -> int | None:
        number = self.having(spread).number
        return None if number < self._move.before else self.source(number)

    def holders(self, number: int) -> list[Partition]:
        getting = [each for each in self.numbers() if each != number and self.source(each) == number]
        return [self.at(number), *map(self.at, getting)]

    def minting(self, turn: int) -> Partition:
        """Partitions that get objects mint once they have all, as the others do not give what they mint meanwhile."""
        number = turn & self._last
        return self.at(number if self.mints_in(number) else self.source(number))

    def mints_in(self, number: int) -> bool:
        given = self.given.get(self.source(number))
        return number < self._move.before or (given is not None and given.is_all)

    def _mark(self, partition: Partition) -> None:
        given = self.given.get(self.source(partition.number))
        if given is None:
            partition.count = partition.recorded = self._move.before
        else:
            partition.count = self._move.to
            partition.recorded = self._move.to if given.is_all else given.text(self._move)


def slice_of(spread: int, partitions: int, slices: int) -> int:
    """Returns the slice of the object that a number spreads over a number of partitions."""
    return spread // partitions % slices
