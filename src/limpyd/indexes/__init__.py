"""Indexes: they find objects by the values of fields."""

from limpyd.indexes.base import Index
from limpyd.indexes.composite import EqualIndexWith, ScoredEqualIndex
from limpyd.indexes.dates import DateIndex, DateSimpleTimeIndex, DateTimeIndex, SimpleDateTimeIndex, TimeIndex
from limpyd.indexes.equality import EqualIndex, UniqueIndex
from limpyd.indexes.field_index import FieldIndex
from limpyd.indexes.geo import GeoIndex
from limpyd.indexes.multi import MultiIndexes
from limpyd.indexes.ranges import NumberRangeIndex, TextRangeIndex

BaseIndex = Index
"""limpyd 2's name."""
Kept = FieldIndex
"""The former name."""

__all__ = [
    "BaseIndex",
    "DateIndex",
    "DateSimpleTimeIndex",
    "DateTimeIndex",
    "EqualIndex",
    "EqualIndexWith",
    "FieldIndex",
    "GeoIndex",
    "Index",
    "Kept",
    "MultiIndexes",
    "NumberRangeIndex",
    "ScoredEqualIndex",
    "SimpleDateTimeIndex",
    "TextRangeIndex",
    "TimeIndex",
    "UniqueIndex",
]
