"""Dynamic fields that refer to objects: as many references, or collections of them, as there are parts of names."""

from __future__ import annotations

import copy
import re
from typing import Any, Generic, Self, TypedDict, TypeVar, Unpack, overload

from limpyd.commands.faces import Async, Faced, Sync
from limpyd.exceptions import DeclarationError
from limpyd.fields.declaration.field import Field
from limpyd.fields.declaration.protocols import FieldModel
from limpyd.fields.declaration.value import ValueField
from limpyd.fields.dynamic import DynamicField
from limpyd.fields.dynamic.commands import BoundDynamic
from limpyd.relations.dynamic_reverse import BoundDynamicReverse
from limpyd.relations.foreign_keys import BoundFKHashEntry, BoundFKString, FKInstanceHashField, FKStringField
from limpyd.relations.many_to_many import (
    BoundM2MList,
    BoundM2MSet,
    BoundM2MSortedSet,
    M2MListField,
    M2MSetField,
    M2MSortedSetField,
)
from limpyd.relations.references import referred

M = TypeVar("M")


class DynamicReferenceOptions(TypedDict, total=False):
    """The options of a dynamic reference beside the model and the name of the reverse side."""

    pattern: str | re.Pattern[str] | None
    format: str | None
    check: bool
    unique: bool
    indexes: Any
    lockable: bool
    indexable: bool


class DynamicReferenceField(DynamicField[Any], Generic[M]):
    """The declaration of a field with any number of versions, each of which refers to objects of a model.

    On the reverse side a version is named first: `tag.movies("ann")`. Nothing records by which versions an object is
    referred to, so its deletion leaves such references as they are; what does not exist is not found by them.

    Args:
        to: the model, as a ReferenceField takes it.
        related_name: the name of the reverse side; by default `<model>_set`.
        pattern, format: see DynamicField.
        check: whether a reference to an object that does not exist is refused.
        unique: whether no two objects may refer to the same one by the same version.
        indexes: indexes to keep beside the one that finds who refers to an object.
    """

    refers = True
    bound_reverse = BoundDynamicReverse

    def __init__(
        self,
        to: Any = ...,
        related_name: str | None = None,
        *,
        pattern: str | re.Pattern[str] | None = None,
        format: str | None = None,
        check: bool = True,
        unique: bool = False,
        indexes: Any = (),
        lockable: bool = True,
        indexable: bool = True,
        on_delete: Any = None,
    ) -> None:
        if on_delete is not None:
            msg = (
                f"{type(self).__name__} takes no 'on_delete': limpyd does not record which versions refer to an "
                f"object, so a deletion leaves them unchanged; for on_delete, use {self.of.__name__}"
            )
            raise DeclarationError(msg)
        Field.__init__(self, lockable=lockable)
        options = {"check": check, "unique": unique, "indexes": indexes, "lockable": lockable, "indexable": indexable}
        kind: Any = self.of
        self._declare(kind(to, related_name, **options), pattern, format)

    def attach(self, model: FieldModel) -> Self:
        mine = super().attach(model)
        reference: Any = self._declared
        if reference.to is ...:
            reference = mine._declared = copy.copy(reference)
            reference.to = referred(self)
        return mine

    @property
    def _reference(self) -> Any:
        return self._template

    @property
    def target(self) -> Any:
        """The schema of the model that versions refer to. Raises as that of a ReferenceField."""
        return self._reference.target

    @property
    def _target(self) -> Any:
        return self._reference._target

    def connect(self, target: Any) -> None:
        """Notes the model that versions refer to, which must have objects for references to be valid."""
        self._reference.connect(target)
        self._versions.clear()

    def _join(self, version: ValueField[Any]) -> None:
        if version.version_of is self and self._target is not None:
            reference: Any = version
            reference.connect(self._target)


class DynamicFKStringField(DynamicReferenceField[M]):
    """A dynamic field whose versions are each a reference in a Redis string of its own; see `DynamicReferenceField`."""

    of = FKStringField

    @overload
    def __init__(
        self, to: type[M], related_name: str | None = None, **options: Unpack[DynamicReferenceOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: DynamicFKStringField[Any],
        to: str,
        related_name: str | None = None,
        **options: Unpack[DynamicReferenceOptions],
    ) -> None: ...
    @overload
    def __init__(self, *, related_name: str | None = None, **options: Unpack[DynamicReferenceOptions]) -> None: ...
    def __init__(self, to: Any = ..., related_name: str | None = None, **options: Any) -> None:
        super().__init__(to, related_name, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundDynamic[BoundFKString[M, Sync], Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundDynamic[BoundFKString[M, Async], Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundDynamic(self, instance)


class DynamicFKInstanceHashField(DynamicReferenceField[M]):
    """A dynamic field whose versions are each a reference in the hash of its instance; see `DynamicReferenceField`."""

    of = FKInstanceHashField

    @overload
    def __init__(
        self, to: type[M], related_name: str | None = None, **options: Unpack[DynamicReferenceOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: DynamicFKInstanceHashField[Any],
        to: str,
        related_name: str | None = None,
        **options: Unpack[DynamicReferenceOptions],
    ) -> None: ...
    @overload
    def __init__(self, *, related_name: str | None = None, **options: Unpack[DynamicReferenceOptions]) -> None: ...
    def __init__(self, to: Any = ..., related_name: str | None = None, **options: Any) -> None:
        super().__init__(to, related_name, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundDynamic[BoundFKHashEntry[M, Sync], Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundDynamic[BoundFKHashEntry[M, Async], Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundDynamic(self, instance)


class DynamicM2MSetField(DynamicReferenceField[M]):
    """A dynamic field whose versions are each references in a Redis set; see `DynamicReferenceField`."""

    of = M2MSetField

    @overload
    def __init__(
        self, to: type[M], related_name: str | None = None, **options: Unpack[DynamicReferenceOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: DynamicM2MSetField[Any],
        to: str,
        related_name: str | None = None,
        **options: Unpack[DynamicReferenceOptions],
    ) -> None: ...
    @overload
    def __init__(self, *, related_name: str | None = None, **options: Unpack[DynamicReferenceOptions]) -> None: ...
    def __init__(self, to: Any = ..., related_name: str | None = None, **options: Any) -> None:
        super().__init__(to, related_name, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundDynamic[BoundM2MSet[M, Sync], Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundDynamic[BoundM2MSet[M, Async], Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundDynamic(self, instance)


class DynamicM2MListField(DynamicReferenceField[M]):
    """A dynamic field whose versions are each references in a Redis list; see `DynamicReferenceField`."""

    of = M2MListField

    @overload
    def __init__(
        self, to: type[M], related_name: str | None = None, **options: Unpack[DynamicReferenceOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: DynamicM2MListField[Any],
        to: str,
        related_name: str | None = None,
        **options: Unpack[DynamicReferenceOptions],
    ) -> None: ...
    @overload
    def __init__(self, *, related_name: str | None = None, **options: Unpack[DynamicReferenceOptions]) -> None: ...
    def __init__(self, to: Any = ..., related_name: str | None = None, **options: Any) -> None:
        super().__init__(to, related_name, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundDynamic[BoundM2MList[M, Sync], Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundDynamic[BoundM2MList[M, Async], Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundDynamic(self, instance)


class DynamicM2MSortedSetField(DynamicReferenceField[M]):
    """A dynamic field whose versions are each references in a Redis sorted set; see `DynamicReferenceField`."""

    of = M2MSortedSetField

    @overload
    def __init__(
        self, to: type[M], related_name: str | None = None, **options: Unpack[DynamicReferenceOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: DynamicM2MSortedSetField[Any],
        to: str,
        related_name: str | None = None,
        **options: Unpack[DynamicReferenceOptions],
    ) -> None: ...
    @overload
    def __init__(self, *, related_name: str | None = None, **options: Unpack[DynamicReferenceOptions]) -> None: ...
    def __init__(self, to: Any = ..., related_name: str | None = None, **options: Any) -> None:
        super().__init__(to, related_name, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundDynamic[BoundM2MSortedSet[M, Sync], Sync]: ...
    @overload
    def __get__(
        self, instance: Faced[Async], owner: Any = None
    ) -> BoundDynamic[BoundM2MSortedSet[M, Async], Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundDynamic(self, instance)
