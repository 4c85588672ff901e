"""More indexes, under the path of limpyd 2."""

from limpyd.indexes import (
    DateIndex,
    DateSimpleTimeIndex,
    DateTimeIndex,
    EqualIndexWith,
    MultiIndexes,
    ScoredEqualIndex,
    SimpleDateTimeIndex,
    TimeIndex,
)
from limpyd.indexes.dates import DateIndexParts

__all__ = [
    "DateIndex",
    "DateIndexParts",
    "DateSimpleTimeIndex",
    "DateTimeIndex",
    "EqualIndexWith",
    "MultiIndexes",
    "ScoredEqualIndex",
    "SimpleDateTimeIndex",
    "TimeIndex",
]
