"""HashField: a Redis hash of its own."""

from limpyd.fields.hash.commands import BoundHash
from limpyd.fields.hash.field import HashField

__all__ = ["BoundHash", "HashField"]
