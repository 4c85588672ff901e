"""The keys of a model of several partitions: their hash tags, and the partition of a primary key.

The layout does not depend on the servers. It is the same on one server and on a cluster of any number of nodes.
"""

from __future__ import annotations

import itertools
import os
from binascii import crc32, crc_hqx

from limpyd.keys import turns
from limpyd.keys.model_keys import ModelKeys
from limpyd.keys.moving import Given, Move
from limpyd.keys.names import MAX_PARTITIONS, literal_pattern, prefix_of, to_bytes
from limpyd.keys.partition import Partition
from limpyd.keys.places import MovingPlaces, Places
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
        self._turns = itertools.count(os.urandom(1)[0])
        self.follow(partitions)

    def follow(self, place: int | Move) -> None:
        self._go_to(MovingPlaces(place, self.keys_of) if isinstance(place, Move) else Places(place, self.keys_of))

    def learn(self, number: int, given: Given | None) -> list[Partition]:
        places = self._places
        if not isinstance(places, MovingPlaces):
            return []
        after = places.learned(places.source(number), given)
        self._go_to(after)
        return [made for each, made in places.made.items() if after.made.get(each) is not made]

    def _go_to(self, places: Places) -> None:
        self._places, self.count, self.move = places, places.count, places.move
        vars(self).pop("_prefixes", None)

    @property
    def known(self) -> object:
        return self._places

    @property
    def partitions(self) -> tuple[Partition, ...]:
        return self._places.partitions

    def at(self, number: int) -> Partition:
        return self._places.at(number)

    @property
    def first(self) -> Partition:
        return self._places.at(0)

    @property
    def pattern(self) -> bytes:
        return literal_pattern(b"{" + to_bytes(self.tag)) + b"[:}]*"

    def has(self, key: bytes) -> bool:
        return prefix_of(key) in self._prefixes

    @cached_property
    def _prefixes(self) -> frozenset[bytes]:
        return frozenset(partition.prefix for partition in (self.root, *self.partitions))

    def partition_of_key(self, key: bytes) -> Partition | None:
        return self._places.by_prefix.get(prefix_of(key))

    def beside(self, partition: Partition) -> Partition:
        return self._places.at(partition.number)

    def partition(self, pk: bytes | None) -> Partition:
        return self._places.minting(TURN.get()) if pk is None else self._places.having(self.spread(pk))

    def spread(self, pk: bytes) -> int:
        """Returns the number whose last bits are the number of the partition of a primary key."""
        if self._mints and pk.isdigit() and pk >= b"1" and len(pk) <= MAX_DIGITS:
            return int(pk) - 1
        return self._spread(pk)

    def _spread(self, pk: bytes) -> int:
        """Returns that number of a primary key that was not minted."""
        return crc32(pk)

    def partition_of_text(self, text: bytes) -> Partition:
        places = self._places
        return places.at(crc32(text) & (places.count - 1))

    def keeper(self, text: bytes) -> Partition:
        return self._places.having(crc32(text))

    def creating(self, text: bytes) -> Partition:
        return self._places.minting(crc32(text))

    def mints_in(self, partition: Partition) -> bool:
        return self._places.mints_in(partition.number)

    def former_keeper(self, text: bytes) -> int | None:
        return self._places.former(crc32(text))

    def holders(self, number: int) -> list[Partition]:
        return self._places.holders(number)

    def turn(self, text: bytes | None = None) -> None:
        TURN.set(next(self._turns) if text is None else crc32(text))

    def has_left(self, partition: Partition) -> bool:
        return partition is not self.root and self._places.made.get(partition.number) is not partition

    def has_tag(self, tag: bytes) -> bool:
        number = tag.partition(b"}")[0].rpartition(b":")[2].partition(b".")[0]
        return number.isdigit() and len(number) <= MAX_DIGITS and self.keys_of(int(number)).tag == tag

    def keys_of(self, number: int) -> Partition:
        return Partition(to_bytes(placed_tag(self.tag, number)))
