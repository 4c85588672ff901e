"""limpyd: Python classes mapped onto native Redis data types."""

from limpyd import exceptions, fields, indexes, model
from limpyd.database import RedisDatabase
from limpyd.exceptions import (
    DoesNotExist,
    LimpydError,
    MultipleObjectsReturned,
    UniquenessError,
)
from limpyd.fields import (
    AutoPKField,
    GeoField,
    HashField,
    HyperLogLogField,
    InstanceHashField,
    JSONField,
    ListField,
    PKField,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
)
from limpyd.indexes import (
    DateIndex,
    DateSimpleTimeIndex,
    DateTimeIndex,
    EqualIndex,
    EqualIndexWith,
    GeoIndex,
    MultiIndexes,
    NumberRangeIndex,
    ScoredEqualIndex,
    SimpleDateTimeIndex,
    TextRangeIndex,
    TimeIndex,
)
from limpyd.model import RedisModel
from limpyd.pipelines.pending import Pending
from limpyd.query.shapes import SORTED_SCORE
from limpyd.query.sync import Collection
from limpyd.types import GeoPoint

__version__ = "3.0.0.dev0"

__all__ = [
    "SORTED_SCORE",
    "AutoPKField",
    "Collection",
    "DateIndex",
    "DateSimpleTimeIndex",
    "DateTimeIndex",
    "DoesNotExist",
    "EqualIndex",
    "EqualIndexWith",
    "GeoField",
    "GeoIndex",
    "GeoPoint",
    "HashField",
    "HyperLogLogField",
    "InstanceHashField",
    "JSONField",
    "LimpydError",
    "ListField",
    "MultiIndexes",
    "MultipleObjectsReturned",
    "NumberRangeIndex",
    "PKField",
    "Pending",
    "RedisDatabase",
    "RedisModel",
    "ScoredEqualIndex",
    "SetField",
    "SimpleDateTimeIndex",
    "SortedSetField",
    "StreamField",
    "StringField",
    "TextRangeIndex",
    "TimeIndex",
    "UniquenessError",
    "exceptions",
    "fields",
    "indexes",
    "model",
]
