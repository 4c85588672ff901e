"""The fields of a model: each one Redis value, with the commands of its type."""

from typing import TYPE_CHECKING

from limpyd.fields.bound.field import BoundField
from limpyd.fields.declaration.field import Field
from limpyd.fields.declaration.single_value import SingleValueField
from limpyd.fields.declaration.value import ValueField
from limpyd.fields.hash import HashField
from limpyd.fields.instancehash import InstanceHashField
from limpyd.fields.list import ListField
from limpyd.fields.pk import AutoPKField, PKField
from limpyd.fields.set import SetField
from limpyd.fields.sortedset import SortedSetField
from limpyd.fields.string import StringField
from limpyd.fields.version import VersionField
from limpyd.utils.lazy_imports import imported_on_use

if TYPE_CHECKING:
    from limpyd.fields.deadline import DeadlineField
    from limpyd.fields.dynamic import (
        BoundDynamic,
        DynamicField,
        DynamicHashField,
        DynamicInstanceHashField,
        DynamicListField,
        DynamicSetField,
        DynamicSortedSetField,
        DynamicStringField,
    )
    from limpyd.fields.geo import GeoField
    from limpyd.fields.hyperloglog import HyperLogLogField
    from limpyd.fields.json import JSONField
    from limpyd.fields.stream import StreamField

RedisField = Field
"""The name that limpyd 2 has for the base class of all fields."""

__all__ = [
    "AutoPKField",
    "BoundDynamic",
    "BoundField",
    "DeadlineField",
    "DynamicField",
    "DynamicHashField",
    "DynamicInstanceHashField",
    "DynamicListField",
    "DynamicSetField",
    "DynamicSortedSetField",
    "DynamicStringField",
    "Field",
    "GeoField",
    "HashField",
    "HyperLogLogField",
    "InstanceHashField",
    "JSONField",
    "ListField",
    "PKField",
    "RedisField",
    "SetField",
    "SingleValueField",
    "SortedSetField",
    "StreamField",
    "StringField",
    "ValueField",
    "VersionField",
]

if not TYPE_CHECKING:  # few programs use these
    __getattr__, __dir__ = imported_on_use(
        __name__,
        {
            "limpyd.fields.deadline": ("DeadlineField",),
            "limpyd.fields.dynamic": (
                "BoundDynamic",
                "DynamicField",
                "DynamicHashField",
                "DynamicInstanceHashField",
                "DynamicListField",
                "DynamicSetField",
                "DynamicSortedSetField",
                "DynamicStringField",
            ),
            "limpyd.fields.geo": ("GeoField",),
            "limpyd.fields.hyperloglog": ("HyperLogLogField",),
            "limpyd.fields.json": ("JSONField",),
            "limpyd.fields.stream": ("StreamField",),
        },
    )
