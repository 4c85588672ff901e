"""limpyd: Python classes mapped onto native Redis data types."""

from limpyd import exceptions, fields, model
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
from limpyd.model import RedisModel
from limpyd.query.sync import Collection

__version__ = "3.0.0.dev0"

__all__ = [
    "AutoPKField",
    "Collection",
    "DoesNotExist",
    "GeoField",
    "HashField",
    "HyperLogLogField",
    "InstanceHashField",
    "JSONField",
    "LimpydError",
    "ListField",
    "MultipleObjectsReturned",
    "PKField",
    "RedisDatabase",
    "RedisModel",
    "SetField",
    "SortedSetField",
    "StreamField",
    "StringField",
    "UniquenessError",
    "exceptions",
    "fields",
    "model",
]
