"""Indexes: what makes a field's values findable."""

from limpyd.indexes.base import Index
from limpyd.indexes.equal import EqualIndex, UniqueIndex

__all__ = ["EqualIndex", "Index", "UniqueIndex"]
