"""ListField: a Redis list."""

from limpyd.fields.list.commands import BoundList
from limpyd.fields.list.field import ListField

__all__ = ["BoundList", "ListField"]
