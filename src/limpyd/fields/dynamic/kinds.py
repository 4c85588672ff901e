"""The dynamic fields of each Redis type."""

from __future__ import annotations

from typing import Any, Self, TypeVar, Unpack, overload

from limpyd.commands.faces import Async, Faced, Sync
from limpyd.fields.dynamic.commands import BoundDynamic
from limpyd.fields.dynamic.field import DynamicField, DynamicOptions
from limpyd.fields.hash import BoundHash, HashField
from limpyd.fields.instancehash import BoundHashEntry, InstanceHashField
from limpyd.fields.list import BoundList, ListField
from limpyd.fields.set import BoundSet, SetField
from limpyd.fields.sortedset import BoundSortedSet, SortedSetField
from limpyd.fields.string import BoundString, StringField
from limpyd.types import Encodable, Untyped

T = TypeVar("T")


class DynamicStringField(DynamicField[T]):
    """A dynamic field, of which each version is a Redis string of its own; see `DynamicField`."""

    of = StringField

    @overload
    def __init__(self: DynamicStringField[Untyped], **options: Unpack[DynamicOptions]) -> None: ...
    @overload
    def __init__(self, type: type[T], **options: Unpack[DynamicOptions]) -> None: ...
    def __init__(self, type: Any = Untyped, **options: Any) -> None:
        super().__init__(type, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: DynamicStringField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundDynamic[BoundString[str, Encodable, Sync], Sync]: ...
    @overload
    def __get__(
        self: DynamicStringField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundDynamic[BoundString[str, Encodable, Async], Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundDynamic[BoundString[T, T, Sync], Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundDynamic[BoundString[T, T, Async], Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundDynamic(self, instance)


class DynamicInstanceHashField(DynamicField[T]):
    """A dynamic field, of which each version is an entry of the hash of its instance; see `DynamicField`."""

    of = InstanceHashField

    @overload
    def __init__(self: DynamicInstanceHashField[Untyped], **options: Unpack[DynamicOptions]) -> None: ...
    @overload
    def __init__(self, type: type[T], **options: Unpack[DynamicOptions]) -> None: ...
    def __init__(self, type: Any = Untyped, **options: Any) -> None:
        super().__init__(type, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: DynamicInstanceHashField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundDynamic[BoundHashEntry[str, Encodable, Sync], Sync]: ...
    @overload
    def __get__(
        self: DynamicInstanceHashField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundDynamic[BoundHashEntry[str, Encodable, Async], Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundDynamic[BoundHashEntry[T, T, Sync], Sync]: ...
    @overload
    def __get__(
        self, instance: Faced[Async], owner: Any = None
    ) -> BoundDynamic[BoundHashEntry[T, T, Async], Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundDynamic(self, instance)


class DynamicHashField(DynamicField[T]):
    """A dynamic field, of which each version is a Redis hash; see `DynamicField`."""

    of = HashField

    @overload
    def __init__(self: DynamicHashField[Untyped], **options: Unpack[DynamicOptions]) -> None: ...
    @overload
    def __init__(self, type: type[T], **options: Unpack[DynamicOptions]) -> None: ...
    def __init__(self, type: Any = Untyped, **options: Any) -> None:
        super().__init__(type, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: DynamicHashField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundDynamic[BoundHash[str, Encodable, Sync], Sync]: ...
    @overload
    def __get__(
        self: DynamicHashField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundDynamic[BoundHash[str, Encodable, Async], Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundDynamic[BoundHash[T, T, Sync], Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundDynamic[BoundHash[T, T, Async], Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundDynamic(self, instance)


class DynamicListField(DynamicField[T]):
    """A dynamic field, of which each version is a Redis list; see `DynamicField`."""

    of = ListField

    @overload
    def __init__(self: DynamicListField[Untyped], **options: Unpack[DynamicOptions]) -> None: ...
    @overload
    def __init__(self, type: type[T], **options: Unpack[DynamicOptions]) -> None: ...
    def __init__(self, type: Any = Untyped, **options: Any) -> None:
        super().__init__(type, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: DynamicListField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundDynamic[BoundList[str, Encodable, Sync], Sync]: ...
    @overload
    def __get__(
        self: DynamicListField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundDynamic[BoundList[str, Encodable, Async], Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundDynamic[BoundList[T, T, Sync], Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundDynamic[BoundList[T, T, Async], Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundDynamic(self, instance)


class DynamicSetField(DynamicField[T]):
    """A dynamic field, of which each version is a Redis set; see `DynamicField`."""

    of = SetField

    @overload
    def __init__(self: DynamicSetField[Untyped], **options: Unpack[DynamicOptions]) -> None: ...
    @overload
    def __init__(self, type: type[T], **options: Unpack[DynamicOptions]) -> None: ...
    def __init__(self, type: Any = Untyped, **options: Any) -> None:
        super().__init__(type, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: DynamicSetField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundDynamic[BoundSet[str, Encodable, Sync], Sync]: ...
    @overload
    def __get__(
        self: DynamicSetField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundDynamic[BoundSet[str, Encodable, Async], Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundDynamic[BoundSet[T, T, Sync], Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundDynamic[BoundSet[T, T, Async], Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundDynamic(self, instance)


class DynamicSortedSetField(DynamicField[T]):
    """A dynamic field, of which each version is a Redis sorted set; see `DynamicField`."""

    of = SortedSetField

    @overload
    def __init__(self: DynamicSortedSetField[Untyped], **options: Unpack[DynamicOptions]) -> None: ...
    @overload
    def __init__(self, type: type[T], **options: Unpack[DynamicOptions]) -> None: ...
    def __init__(self, type: Any = Untyped, **options: Any) -> None:
        super().__init__(type, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: DynamicSortedSetField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundDynamic[BoundSortedSet[str, Encodable, Sync], Sync]: ...
    @overload
    def __get__(
        self: DynamicSortedSetField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundDynamic[BoundSortedSet[str, Encodable, Async], Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundDynamic[BoundSortedSet[T, T, Sync], Sync]: ...
    @overload
    def __get__(
        self, instance: Faced[Async], owner: Any = None
    ) -> BoundDynamic[BoundSortedSet[T, T, Async], Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundDynamic(self, instance)
