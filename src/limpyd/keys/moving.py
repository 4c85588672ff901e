"""The records of objects that move to a greater number of partitions while the model is in use.

Each of the former partitions gives some of its objects to new ones, in slices: an object's slice follows from its
primary key. The catalog of such a partition says how many slices it has given away, and so do those of the partitions
that get them. While a slice is on its way, these partitions are closed.
"""

from __future__ import annotations

import re
from typing import NamedTuple

STATE = rb"-(\d+) (\d+) (\d+) (\d+)( closed)?"
"""The record in the catalog of a partition; see `Given.text`. Compiled when objects move, which is rare."""
MOVE = rb"-(\d+) (\d+)"
"""The record of a model; see `Move.text`."""


class Move(NamedTuple):
    """A move of the objects of a model, which is in use.

    Attributes:
        to: the new number of partitions.
        before: the former number.
    """

    to: int
    before: int

    @property
    def text(self) -> bytes:
        """The record of the model: older versions of limpyd take it for that of a move which allows no use."""
        return b"-%d %d" % self

    @classmethod
    def of(cls, text: bytes) -> Move | None:
        """Returns the move that the record of a model tells of; None if it tells of none."""
        found = re.fullmatch(MOVE, text)
        return None if found is None else cls(int(found[1]), int(found[2]))


class Given(NamedTuple):
    """The slices that a partition has given away.

    Attributes:
        slices: how many slices are with the partitions that get them.
        all: how many slices there are.
    """

    slices: int
    all: int

    @property
    def is_all(self) -> bool:
        return self.slices == self.all

    @property
    def next(self) -> Given:
        """The state after one more slice."""
        return Given(self.slices + 1, self.all)

    def text(self, move: Move, *, closed: bool = False) -> bytes:
        """The record in the catalogs of the partition and of those that get its objects."""
        if self.is_all:
            return b"%d" % move.to
        return b"-%d %d %d %d%b" % (*move, *self, b" closed" if closed else b"")


class Told(NamedTuple):
    """The record of a partition whose objects are moving.

    Attributes:
        move: the move.
        given: how far it has come.
        closed: true while a slice is on its way.
    """

    move: Move
    given: Given
    closed: bool

    @classmethod
    def of(cls, text: bytes) -> Told | None:
        """Returns what a record tells; None if it tells of no move, or of one that has ended."""
        found = re.fullmatch(STATE, text)
        if found is None:
            return None
        to, before, given, slices = map(int, found.groups()[:4])
        return cls(Move(to, before), Given(given, slices), found[5] is not None)


ALL = Given(1, 1)
"""The state of a partition that has given away all."""
