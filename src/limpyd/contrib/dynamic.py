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
from limpyd.query.sync import Collection
from limpyd.relations.dynamic import (
    DynamicFKInstanceHashField,
    DynamicFKStringField,
    DynamicM2MListField,
    DynamicM2MSetField,
    DynamicM2MSortedSetField,
)


class CollectionManagerForModelWithDynamicFieldMixin:
    """A base class of collection managers, without anything: every collection has `dynamic_filter` here."""


CollectionManagerForModelWithDynamicField = Collection


class ModelWithDynamicFieldMixin:
    """A base class of models with dynamic fields, for type checkers: it declares versions as attributes."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


__all__ = [
    "CollectionManagerForModelWithDynamicField",
    "CollectionManagerForModelWithDynamicFieldMixin",
    "DynamicFKInstanceHashField",
    "DynamicFKStringField",
    "DynamicField",
    "DynamicHashField",
    "DynamicInstanceHashField",
    "DynamicListField",
    "DynamicM2MListField",
    "DynamicM2MSetField",
    "DynamicM2MSortedSetField",
    "DynamicSetField",
    "DynamicSortedSetField",
    "DynamicStringField",
    "ModelWithDynamicFieldMixin",
]
