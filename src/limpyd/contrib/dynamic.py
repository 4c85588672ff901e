"""Dynamic fields, as redis-limpyd-extensions has them. Every model can have them here."""

from typing import TYPE_CHECKING, Any

from limpyd.fields import (
    DynamicField,
    DynamicHashField,
    DynamicInstanceHashField,
    DynamicListField,
    DynamicSetField,
    DynamicSortedSetField,
    DynamicStringField,
)


class ModelWithDynamicFieldMixin:
    """A base class of models with dynamic fields, for type checkers: it tells them that versions are attributes."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


__all__ = [
    "DynamicField",
    "DynamicHashField",
    "DynamicInstanceHashField",
    "DynamicListField",
    "DynamicSetField",
    "DynamicSortedSetField",
    "DynamicStringField",
    "ModelWithDynamicFieldMixin",
]
