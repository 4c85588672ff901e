"""ListField: a Redis list."""

from limpyd.fields.list.commands import BoundList, ListField

__all__ = ["BoundList", "ListField"]
