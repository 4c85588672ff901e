"""InstanceHashField: an entry of the hash that all such fields of an instance share."""

from limpyd.fields.instancehash.commands import BoundHashEntry, InstanceHashField

__all__ = ["BoundHashEntry", "InstanceHashField"]
