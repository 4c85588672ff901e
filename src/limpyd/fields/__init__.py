"""The fields of a model: each one Redis value, with the commands of its type."""

from limpyd.fields.base import BoundField, Field
from limpyd.fields.geo import GeoField
from limpyd.fields.hash import HashField
from limpyd.fields.hyperloglog import HyperLogLogField
from limpyd.fields.instancehash import InstanceHashField
from limpyd.fields.json import JSONField
from limpyd.fields.list import ListField
from limpyd.fields.pk import AutoPKField, PKField
from limpyd.fields.set import SetField
from limpyd.fields.single import SingleValueField
from limpyd.fields.sortedset import SortedSetField
from limpyd.fields.stream import StreamField
from limpyd.fields.string import StringField
from limpyd.fields.value import ValueField
from limpyd.fields.version import VersionField

__all__ = [
    "AutoPKField",
    "BoundField",
    "Field",
    "GeoField",
    "HashField",
    "HyperLogLogField",
    "InstanceHashField",
    "JSONField",
    "ListField",
    "PKField",
    "SetField",
    "SingleValueField",
    "SortedSetField",
    "StreamField",
    "StringField",
    "ValueField",
    "VersionField",
]
