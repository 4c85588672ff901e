"""limpyd: Python classes mapped onto native Redis data types."""

from typing import TYPE_CHECKING

from limpyd import exceptions, fields, indexes, model
from limpyd.database.sync import RedisDatabase
from limpyd.exceptions import (
    BulkError,
    ConditionFailed,
    ConstraintError,
    DoesNotExist,
    LimpydError,
    MultipleObjectsReturned,
    StaleObject,
    TooManyChanges,
    UniquenessError,
)
from limpyd.fields import (
    AutoPKField,
    HashField,
    InstanceHashField,
    ListField,
    PKField,
    SetField,
    SortedSetField,
    StringField,
    VersionField,
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
from limpyd.pipelines.pending_result import Pending
from limpyd.query.collection.core import CollectionCore
from limpyd.query.paging import Page
from limpyd.query.results.columns import SORTED_SCORE
from limpyd.query.sync import Collection
from limpyd.relations import FKInstanceHashField, FKStringField, M2MListField, M2MSetField, M2MSortedSetField
from limpyd.relations.reverse import Reverse
from limpyd.types import GeoPoint
from limpyd.utils.lazy_imports import imported_on_use
from limpyd.version import __version__

RelatedModel = RedisModel
"""The name that limpyd 2 has for models with references, which every model can have here."""

if TYPE_CHECKING:
    from limpyd.changes import Change, ChangeFeed
    from limpyd.fields import (
        DeadlineField,
        DynamicHashField,
        DynamicInstanceHashField,
        DynamicListField,
        DynamicSetField,
        DynamicSortedSetField,
        DynamicStringField,
        GeoField,
        HyperLogLogField,
        JSONField,
        StreamField,
    )
    from limpyd.model.typed import TypedModel
    from limpyd.relations.dynamic import (
        DynamicFKInstanceHashField,
        DynamicFKStringField,
        DynamicM2MListField,
        DynamicM2MSetField,
        DynamicM2MSortedSetField,
    )

EXACT_VERSION = __version__
VERSION = (3, 0, 0)

__all__ = [
    "SORTED_SCORE",
    "AutoPKField",
    "BulkError",
    "Change",
    "ChangeFeed",
    "Collection",
    "CollectionCore",
    "ConditionFailed",
    "ConstraintError",
    "DateIndex",
    "DateSimpleTimeIndex",
    "DateTimeIndex",
    "DeadlineField",
    "DoesNotExist",
    "DynamicFKInstanceHashField",
    "DynamicFKStringField",
    "DynamicHashField",
    "DynamicInstanceHashField",
    "DynamicListField",
    "DynamicM2MListField",
    "DynamicM2MSetField",
    "DynamicM2MSortedSetField",
    "DynamicSetField",
    "DynamicSortedSetField",
    "DynamicStringField",
    "EqualIndex",
    "EqualIndexWith",
    "FKInstanceHashField",
    "FKStringField",
    "GeoField",
    "GeoIndex",
    "GeoPoint",
    "HashField",
    "HyperLogLogField",
    "InstanceHashField",
    "JSONField",
    "LimpydError",
    "ListField",
    "M2MListField",
    "M2MSetField",
    "M2MSortedSetField",
    "MultiIndexes",
    "MultipleObjectsReturned",
    "NumberRangeIndex",
    "PKField",
    "Page",
    "Pending",
    "RedisDatabase",
    "RedisModel",
    "RelatedModel",
    "Reverse",
    "ScoredEqualIndex",
    "SetField",
    "SimpleDateTimeIndex",
    "SortedSetField",
    "StaleObject",
    "StreamField",
    "StringField",
    "TextRangeIndex",
    "TimeIndex",
    "TooManyChanges",
    "TypedModel",
    "UniquenessError",
    "VersionField",
    "exceptions",
    "fields",
    "indexes",
    "model",
]

if not TYPE_CHECKING:  # few programs use these
    __getattr__, __dir__ = imported_on_use(
        __name__,
        {
            "limpyd.changes": ("Change", "ChangeFeed"),
            "limpyd.fields": (
                "DeadlineField",
                "DynamicHashField",
                "DynamicInstanceHashField",
                "DynamicListField",
                "DynamicSetField",
                "DynamicSortedSetField",
                "DynamicStringField",
                "GeoField",
                "HyperLogLogField",
                "JSONField",
                "StreamField",
            ),
            "limpyd.model.typed": ("TypedModel",),
            "limpyd.relations.dynamic": (
                "DynamicFKInstanceHashField",
                "DynamicFKStringField",
                "DynamicM2MListField",
                "DynamicM2MSetField",
                "DynamicM2MSortedSetField",
            ),
        },
    )
