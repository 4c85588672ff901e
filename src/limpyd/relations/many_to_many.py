"""Many-to-many fields: references to any number of objects, in a set, a list or a sorted set.

Their `__get__` has no overloads for fields without a type, which they never are; pyright misses those.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Generic, Never, Self, TypeVar, Unpack, overload

from limpyd.commands.faces import Async, Face, Faced, Sync
from limpyd.expressions import Expression
from limpyd.fields.declaration.options import MemberReferenceConstraints
from limpyd.fields.list import BoundList, ListField
from limpyd.fields.set import BoundSet, SetField
from limpyd.fields.sortedset import BoundSortedSet, SortedSetField
from limpyd.fields.sortedset.scores import Number
from limpyd.query.asynchronous import AsyncCollection
from limpyd.query.sync import Collection
from limpyd.relations.references import ReferenceField
from limpyd.types import Encodable, SupportsItems

M = TypeVar("M")


class _CallableMembers(Generic[M, Face]):
    """Many references, which are a collection when they are called."""

    __slots__ = ()

    @overload
    def __call__(self: _CallableMembers[M, Sync], *expressions: Expression, **filters: Any) -> Collection[str, M]: ...
    @overload
    def __call__(
        self: _CallableMembers[M, Async], *expressions: Expression, **filters: Any
    ) -> AsyncCollection[str, M]: ...
    def __call__(self: Any, *expressions: Expression, **filters: Any) -> Any:
        """The collection of the objects that it refers to, narrowed by expressions and filters. Nothing is sent yet."""
        return self._field.target.model.collection(*expressions, **filters).intersect(self)

    collection = __call__  # as limpyd 2 has it


class BoundM2MSet(_CallableMembers[M, Face], BoundSet[str, Any, Face]):
    """References in a set, of one instance."""

    __slots__ = ()


class BoundM2MList(_CallableMembers[M, Face], BoundList[str, Any, Face]):
    """References in a list, of one instance."""

    __slots__ = ()


class BoundM2MSortedSet(_CallableMembers[M, Face], BoundSortedSet[str, Any, Face]):
    """References in a sorted set, of one instance."""

    __slots__ = ()


class M2MSetField(ReferenceField[M], SetField[str]):
    """References to any number of objects, in a Redis set. See ReferenceField for the arguments.

    Its members are primary keys as text; an object may stand for its own. Called, it is the collection of the objects.
    """

    @overload
    def __init__(
        self,
        to: type[M],
        related_name: str | None = None,
        *,
        on_delete: str = "clear",
        check: bool = True,
        unique: bool = False,
        indexes: Any = (),
        lockable: bool = True,
        **constraints: Unpack[MemberReferenceConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self: M2MSetField[Any],
        to: str,
        related_name: str | None = None,
        *,
        on_delete: str = "clear",
        check: bool = True,
        unique: bool = False,
        indexes: Any = (),
        lockable: bool = True,
        **constraints: Unpack[MemberReferenceConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        related_name: str | None = None,
        on_delete: str = "clear",
        check: bool = True,
        unique: bool = False,
        indexes: Any = (),
        lockable: bool = True,
        **constraints: Unpack[MemberReferenceConstraints],
    ) -> None: ...
    def __init__(self, to: Any = ..., related_name: str | None = None, **options: Any) -> None:
        ReferenceField.__init__(self, to, related_name, **options)

    if TYPE_CHECKING:

        def __set__(self, instance: Never, value: Iterable[M | Encodable] | None) -> None: ...

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundM2MSet[M, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundM2MSet[M, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self if instance is None else BoundM2MSet(self, instance)


class M2MListField(ReferenceField[M], ListField[str]):
    """References to any number of objects, in a Redis list. See ReferenceField for the arguments.

    Its members are primary keys as text; an object may stand for its own. Called, it is the collection of the objects.
    """

    @overload
    def __init__(
        self,
        to: type[M],
        related_name: str | None = None,
        *,
        on_delete: str = "clear",
        check: bool = True,
        unique: bool = False,
        indexes: Any = (),
        lockable: bool = True,
        **constraints: Unpack[MemberReferenceConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self: M2MListField[Any],
        to: str,
        related_name: str | None = None,
        *,
        on_delete: str = "clear",
        check: bool = True,
        unique: bool = False,
        indexes: Any = (),
        lockable: bool = True,
        **constraints: Unpack[MemberReferenceConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        related_name: str | None = None,
        on_delete: str = "clear",
        check: bool = True,
        unique: bool = False,
        indexes: Any = (),
        lockable: bool = True,
        **constraints: Unpack[MemberReferenceConstraints],
    ) -> None: ...
    def __init__(self, to: Any = ..., related_name: str | None = None, **options: Any) -> None:
        ReferenceField.__init__(self, to, related_name, **options)

    if TYPE_CHECKING:

        def __set__(self, instance: Never, value: Iterable[M | Encodable] | None) -> None: ...

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundM2MList[M, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundM2MList[M, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self if instance is None else BoundM2MList(self, instance)


class M2MSortedSetField(ReferenceField[M], SortedSetField[str]):
    """References to any number of objects, in a Redis sorted set. See ReferenceField for the arguments.

    Its members are primary keys as text; an object may stand for its own. Called, it is the collection of the objects.
    """

    @overload
    def __init__(
        self,
        to: type[M],
        related_name: str | None = None,
        *,
        on_delete: str = "clear",
        check: bool = True,
        unique: bool = False,
        indexes: Any = (),
        lockable: bool = True,
        **constraints: Unpack[MemberReferenceConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self: M2MSortedSetField[Any],
        to: str,
        related_name: str | None = None,
        *,
        on_delete: str = "clear",
        check: bool = True,
        unique: bool = False,
        indexes: Any = (),
        lockable: bool = True,
        **constraints: Unpack[MemberReferenceConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        related_name: str | None = None,
        on_delete: str = "clear",
        check: bool = True,
        unique: bool = False,
        indexes: Any = (),
        lockable: bool = True,
        **constraints: Unpack[MemberReferenceConstraints],
    ) -> None: ...
    def __init__(self, to: Any = ..., related_name: str | None = None, **options: Any) -> None:
        ReferenceField.__init__(self, to, related_name, **options)

    if TYPE_CHECKING:

        def __set__(self, instance: Never, value: SupportsItems[M | Encodable, Number] | None) -> None: ...

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundM2MSortedSet[M, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundM2MSortedSet[M, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self if instance is None else BoundM2MSortedSet(self, instance)
