"""limpyd: Python classes mapped onto native Redis data types."""

from limpyd import exceptions, fields, model
from limpyd.database import RedisDatabase
from limpyd.exceptions import (
    DoesNotExist,
    LimpydError,
    MultipleObjectsReturned,
    UniquenessError,
)
from limpyd.fields import AutoPKField, InstanceHashField, PKField, StringField
from limpyd.model import RedisModel
from limpyd.query.sync import Collection

__version__ = "3.0.0.dev0"

__all__ = [
    "AutoPKField",
    "Collection",
    "DoesNotExist",
    "InstanceHashField",
    "LimpydError",
    "MultipleObjectsReturned",
    "PKField",
    "RedisDatabase",
    "RedisModel",
    "StringField",
    "UniquenessError",
    "exceptions",
    "fields",
    "model",
]
