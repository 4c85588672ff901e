"""Dynamic fields: one declaration, and as many fields of each object as there are parts of names that fit a pattern."""

from limpyd.fields.dynamic.commands import BoundDynamic
from limpyd.fields.dynamic.field import DynamicField
from limpyd.fields.dynamic.kinds import (
    DynamicHashField,
    DynamicInstanceHashField,
    DynamicListField,
    DynamicSetField,
    DynamicSortedSetField,
    DynamicStringField,
)

__all__ = [
    "BoundDynamic",
    "DynamicField",
    "DynamicHashField",
    "DynamicInstanceHashField",
    "DynamicListField",
    "DynamicSetField",
    "DynamicSortedSetField",
    "DynamicStringField",
]
