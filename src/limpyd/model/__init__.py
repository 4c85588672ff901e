"""Models: classes whose instances are objects in Redis; and what limpyd 2 has under this path besides."""

from limpyd.database.sync import RedisDatabase
from limpyd.exceptions import DoesNotExist, ImplementationError, LimpydException, UniquenessError
from limpyd.fields import (
    AutoPKField,
    HashField,
    InstanceHashField,
    ListField,
    PKField,
    SetField,
    SortedSetField,
    StringField,
)
from limpyd.model.sync import RedisModel

__all__ = [
    "AutoPKField",
    "DoesNotExist",
    "HashField",
    "ImplementationError",
    "InstanceHashField",
    "LimpydException",
    "ListField",
    "PKField",
    "RedisDatabase",
    "RedisModel",
    "SetField",
    "SortedSetField",
    "StringField",
    "UniquenessError",
]
