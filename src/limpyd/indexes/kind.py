"""Kinds of indexes: the ways in which the server stores entries. Each is declared once, next to its index class.

A kind has a Lua file that adds and removes its entries (lua/library/index_kinds/). It may have a file for its
conditions (lua/library/conditions/), one with a template for statements (statements/lua/entries/), and one that finds
owners (lua/library/index_owners/). CONTRIBUTING.md lists everything that a new kind needs.

"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from limpyd.keys import Partition
from limpyd.keys.partition import INDEX_WORDS

KINDS: list[IndexKind] = []
"""All kinds that are declared."""


@dataclass(eq=False)
class IndexKind:
    """A way to store entries on the server.

    Attributes:
        name: its name, which is also the name of its Lua files.
        redis_type: the Redis type of its keys.
        key_word: the word after the hash tag in its keys; empty for its name.
        keys_by_value: true if each text has a key, which begins with the key of the index (`by_value` in Lua).
        sub_key_in_entry: true if an entry of a field with sub-keys begins with the sub-key; else each has a key.
        order: `number` or `text` if it has one entry of each object, in that order of a field's values; else None.
        several_of_each: true if an object may have several entries in one key.
        of_scores: true if it keeps the scores of members, not the members.
        values_tested_from: the fewest values of a filter for which scripts may test an object by reading its stored
            values, instead of the index; None if they never do.
        scans: true if the server can go through the objects within an interval in parts.
        owners_rank: the rank among the kinds that find the owners of a text (lua/library/index_owners), the best
            first; None if it does not find them. A reference uses a rank of 3 or more only in the layout of limpyd 2:
            these kinds do not find an object without a score, or with another text for a number.
        only_one: true if a text has only one owner.
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
    only_one: bool = False

    def __post_init__(self) -> None:
        INDEX_WORDS[self.key_word or self.name] = None
        KINDS.append(self)

    def key(self, partition: Partition, field: str, label: str) -> bytes:
        """Returns the key of an index of a field, or the prefix of its keys."""
        key = partition.index_key(self.key_word or self.name, field, label)
        return key + b":" if self.keys_by_value else key

    def tests_values(self, count: int) -> bool:
        """Returns whether scripts may test an object by its stored values, for a filter with so many values."""
        return self.values_tested_from is not None and count >= self.values_tested_from


def has_keys_by_value(word: bytes) -> bool:
    """Returns whether an index has a key for each text, by the word in its keys."""
    return any(kind.keys_by_value for kind in KINDS if word == (kind.key_word or kind.name))
