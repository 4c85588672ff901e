"""SortedSetField: a Redis sorted set."""

from limpyd.fields.sortedset.commands import BoundSortedSet, SortedSetField

__all__ = ["BoundSortedSet", "SortedSetField"]
