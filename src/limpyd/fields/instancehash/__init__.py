"""InstanceHashField: an entry of the hash that all such fields of an instance share."""

from limpyd.fields.instancehash.commands import BoundHashEntry
from limpyd.fields.instancehash.field import InstanceHashField

__all__ = ["BoundHashEntry", "InstanceHashField"]
