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

__all__ = [
    "DateIndex",
    "DateSimpleTimeIndex",
    "DateTimeIndex",
    "EqualIndexWith",
    "MultiIndexes",
    "ScoredEqualIndex",
    "SimpleDateTimeIndex",
    "TimeIndex",
]
