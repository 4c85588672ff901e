"""HashField: a Redis hash of its own."""

from limpyd.fields.hash.commands import BoundHash, HashField

__all__ = ["BoundHash", "HashField"]
