"""The keys of a model of several partitions: their hash tags, and the partition of a primary key.

The layout does not depend on the servers. It is the same on one server and on a cluster of any number of nodes.
"""

from __future__ import annotations

import itertools
import os
from binascii import crc32, crc_hqx

from limpyd.keys import turns
from limpyd.keys.model_keys import ModelKeys
from limpyd.keys.names import MAX_PARTITIONS, literal_pattern, prefix_of, to_bytes
from limpyd.keys.partition import Partition
from limpyd.keys.turns import TURN
from limpyd.utils.cached_properties import cached_property

SLOTS = 16384
"""The hash slots of a cluster."""
MAX_DIGITS = 19
"""The most digits of a primary key that counts as a number: those of the highest one that a counter can give."""


def placed_tag(model_tag: str, number: int) -> str:
    """Returns the hash tag of a partition.

    It is the tag of the model with the number of the partition, followed by `.1`, `.2` … until its slot lies in the
    right one of 256 equal parts of the slots: the one whose number has the bits of the partition's number in reverse.
    So the partitions of a model are spread evenly over the slots, whatever its name. The tag depends on nothing but
    the name and the number, so it stays when the number of partitions is doubled.
    """
    part = int(f"{number:08b}"[::-1], 2)
    plain = f"{model_tag}:{number}"
    crc = crc_hqx(to_bytes(plain), 0)
    if _part_of(crc) == part:
        return plain
    crc = crc_hqx(b".", crc)
    attempt = next(attempt for attempt in itertools.count(1) if _part_of(crc_hqx(b"%d" % attempt, crc)) == part)
    return f"{plain}.{attempt}"


def _part_of(crc: int) -> int:
    return crc % SLOTS // (SLOTS // MAX_PARTITIONS)


class PartitionedKeys(ModelKeys):
    """The keys of a model of several partitions.

    Args:
        namespace: the namespace of the model.
        model: its name.
        partitions: the number of partitions, a power of two.
        mints: true if the model mints primary keys. Numbers are then spread over the partitions in turn, as they are
            minted; the hash of any other primary key decides.
    """

    has_record = True

    def __init__(self, namespace: str, model: str, partitions: int, *, mints: bool = False) -> None:
        super().__init__(namespace, model)
        turns.partitions_exist = True
        self._mints = mints
        self.declared = partitions
        self._lay_out(partitions)
        self._turns = itertools.count(os.urandom(1)[0])

    def _lay_out(self, partitions: int) -> None:
        self.count = partitions
        self._last = partitions - 1
        self._made: list[Partition | None] = [None] * partitions
        self._by_prefix: dict[bytes, Partition] = {}

    def follow(self, partitions: int) -> None:
        """Has another number of partitions from now on, which are new ones, although some have the same keys."""
        self._lay_out(partitions)
        for name in ("partitions", "_prefixes"):
            vars(self).pop(name, None)

    @cached_property
    def partitions(self) -> tuple[Partition, ...]:
        return tuple(made or self._make(number) for number, made in enumerate(self._made))

    @property
    def first(self) -> Partition:
        return self._made[0] or self._make(0)

    @property
    def pattern(self) -> bytes:
        return literal_pattern(b"{" + to_bytes(self.tag)) + b"[:}]*"

    def has(self, key: bytes) -> bool:
        return prefix_of(key) in self._prefixes

    @cached_property
    def _prefixes(self) -> frozenset[bytes]:
        return frozenset(partition.prefix for partition in (self.root, *self.partitions))

    def partition_of_key(self, key: bytes) -> Partition | None:
        return self._by_prefix.get(prefix_of(key))

    def beside(self, partition: Partition) -> Partition:
        return self._made[partition.number] or self._make(partition.number)

    def partition(self, pk: bytes | None) -> Partition:
        if pk is None:
            number = TURN.get() & self._last
        elif self._mints and pk.isdigit() and pk >= b"1" and len(pk) <= MAX_DIGITS:
            number = (int(pk) - 1) & self._last
        else:
            number = self._spread(pk)
        return self._made[number] or self._make(number)

    def _spread(self, pk: bytes) -> int:
        """Returns the number of the partition of a primary key that was not minted."""
        return crc32(pk) & self._last

    def partition_of_text(self, text: bytes) -> Partition:
        number = crc32(text) & self._last
        return self._made[number] or self._make(number)

    def turn(self, text: bytes | None = None) -> None:
        TURN.set(next(self._turns) if text is None else crc32(text))

    def _make(self, number: int) -> Partition:
        partition = self._placed(number)
        partition.number, partition.count, partition.recorded = number, self.count, self.count
        self._made[number] = self._by_prefix[partition.prefix] = partition
        return partition

    def _placed(self, number: int) -> Partition:
        return Partition(to_bytes(placed_tag(self.tag, number)))
