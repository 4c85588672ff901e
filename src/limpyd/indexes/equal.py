"""Indexes that find an exact value."""

from __future__ import annotations

from limpyd.indexes.base import Index


class EqualIndex(Index):
    """A set of primary keys per value."""

    kind = b"eq"
    redis_type = "set"
    operators = frozenset({"eq", "in"})


class UniqueIndex(Index):
    """A hash from each value to its one owner."""

    kind = b"uniq"
    redis_type = "hash"
    operators = frozenset({"eq", "in"})
