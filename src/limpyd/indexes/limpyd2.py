"""Entries and keys of indexes in the layout of limpyd 2.

Unique fields have the same entries and keys as others, but only one object may have a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.exceptions import DeclarationError
from limpyd.indexes.kind import IndexKind
from limpyd.indexes.normalizers import ENDING
from limpyd.keys.limpyd2 import Limpyd2Partition

SCORED_KEY = "equal-scored"
"""The part of its keys that marks an equality index by score."""
UNIQUENESS = b":__uniqueness__"
"""The ending of the keys of the sets that keep the values of an index by score unique."""


class IndexStorage(NamedTuple):
    """The entries and keys of an index of a field in a partition.

    Attributes:
        kind: its kind.
        key: its key, or the prefix of its keys.
        final: the form of a value in the index, after all other steps.
        one_owner: true if only one object may have an entry, although its kind allows several.
    """

    kind: IndexKind
    key: bytes
    final: str
    one_owner: bool = False


class Limpyd2Entries(NamedTuple):
    """The entries and keys of a class of indexes in limpyd 2.

    Attributes:
        key: the distinguishing part of its keys, unless the index sets another.
        form: the form of its values.
        kind: its kind in limpyd 2, if different.
    """

    key: str
    form: str
    kind: IndexKind | None = None


def limpyd2_storage(
    index: Any, field: Any, partition: Limpyd2Partition, *, unique: bool = False, scored: bool = False
) -> IndexStorage:
    """Returns the keys and entries of the index of a field in the layout of limpyd 2.

    Args:
        index: the index; for a unique index, the one whose texts are unique.
        field: the field.
        partition: the partition.
        unique: whether only one object may have a value.
        scored: true if it replaces a unique index by score.

    Raises:
        DeclarationError: limpyd 2 has no such index.
    """
    reason = index.limpyd2_lacks(field)
    if reason:
        msg = f"{field}: {index} is not possible in the layout of limpyd 2, {reason}"
        raise DeclarationError(msg)
    entries: Limpyd2Entries = index.limpyd2
    kind = entries.kind or index.kind_for(field)
    form = ENDING + UNIQUENESS.hex() if scored else index.limpyd2_form()
    name = index.key or (SCORED_KEY if scored else index.limpyd2_key or entries.key)
    key = partition.index(field.key_name, index.prefix, name, by_sub_key=field.has_subkeys)
    return IndexStorage(kind, key + b":" if kind.keys_by_value else key, form, unique)


def separate_keys(indexes: Sequence[Any]) -> None:
    """Makes indexes with a key for each value refuse values whose keys would belong to other indexes of the field."""
    for index in indexes:
        if index.kind.keys_by_value and index.index.alone:
            others = [other.key[len(index.key) :] for other in indexes if other.key.startswith(index.key)]
            index.add_forms([f"apart:{rest.hex()}" for rest in others if rest])
