"""Kinds of indexes: ways to keep entries, each declared once, beside the class of indexes that is kept so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from limpyd.keys import Partition
from limpyd.keys.partition import INDEX_WORDS

KINDS: list[IndexKind] = []
"""All kinds that are declared."""


@dataclass(eq=False)
class IndexKind:
    """A way to keep entries on the server.

    Attributes:
        name: its name, by which scripts find lua/library/index_kinds/NAME.lua, its node of a query
            (lua/library/conditions/NAME.lua), and statements their template (statements/lua/entries/NAME.lua).
        redis_type: the Redis type of its keys.
        key_word: the word in its keys behind the hash tag; its name, if it has no other.
        keys_by_value: whether it has a key for each text, which begins with that of the index.
        sub_key_in_entry: whether an entry of a field with sub-keys holds the sub-key; else each has a key of its own.
        order: the order in which it has one entry of each object, by the value of a field: `number` or `text`; None if
            it has no such order.
        several_of_each: whether an object may have several entries in one key.
        of_scores: whether it keeps the scores of members, not the members.
        values_tested_from: how many values a filter has at least whose objects may be tested by what they store, and
            not by the index alone; None if they never are.
        scans: whether the server can go through the objects within an interval in parts.
        owners_rank: the rank among the kinds that find the owners of a text (lua/library/index_owners), the best
            first; None if it does not find them. Only in the layout of limpyd 2 a reference relies on ranks from 3 on:
            an object without a score, or with another text for a number, is not found.
    """

    name: bytes
    redis_type: Literal["hash", "set", "zset"]
    key_word: bytes = b""
    keys_by_value: bool = False
    sub_key_in_entry: bool = False
    order: Literal["number", "text"] | None = None
    several_of_each: bool = False
    of_scores: bool = False
    values_tested_from: int | None = None
    scans: bool = True
    owners_rank: int | None = None

    def __post_init__(self) -> None:
        INDEX_WORDS[self.key_word or self.name] = None
        KINDS.append(self)

    def key(self, where: Partition, field: str, label: str) -> bytes:
        """Returns the key of an index of a field, or the start of its keys."""
        key = where.index_key(self.key_word or self.name, field, label)
        return key + b":" if self.keys_by_value else key

    def tests_values(self, count: int) -> bool:
        """Returns whether a filter of so many values may test objects by what they store."""
        return self.values_tested_from is not None and count >= self.values_tested_from


def has_keys_by_value(word: bytes) -> bool:
    """Returns whether an index has a key for each text, by the word in its keys."""
    return any(kind.keys_by_value for kind in KINDS if word == (kind.key_word or kind.name))
