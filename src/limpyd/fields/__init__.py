"""The fields of a model: each one Redis value, with the commands of its type."""

from limpyd.fields.base import BoundField, Field
from limpyd.fields.instancehash import InstanceHashField
from limpyd.fields.pk import AutoPKField, PKField
from limpyd.fields.single import SingleValueField
from limpyd.fields.string import StringField

__all__ = [
    "AutoPKField",
    "BoundField",
    "Field",
    "InstanceHashField",
    "PKField",
    "SingleValueField",
    "StringField",
]
