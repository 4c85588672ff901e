"""SortedSetField: a Redis sorted set."""

from limpyd.fields.sortedset.commands import BoundSortedSet
from limpyd.fields.sortedset.field import SortedSetField

__all__ = ["BoundSortedSet", "SortedSetField"]
