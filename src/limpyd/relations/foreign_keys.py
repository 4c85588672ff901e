"""Foreign keys: fields that refer to one object, in a string of their own or in the hash of their instance.

Their `__get__` has no overloads for fields without a type, which they never are; pyright misses those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Never, Self, TypeVar, Unpack, overload

from limpyd.commands.descriptor import operation
from limpyd.commands.faces import Async, Face, Faced, Sync
from limpyd.fields.declaration.options import ReferenceConstraints
from limpyd.fields.instancehash import BoundHashEntry, InstanceHashField
from limpyd.fields.string import BoundString, StringField
from limpyd.relations.references import ReferenceField
from limpyd.requests.request import Request
from limpyd.types import Encodable

M = TypeVar("M")


def _instance_of(field: Any, stored: bytes | None, lazy: bool) -> Any:
    """The object that a reference is to; one that may not exist is looked for when it is used."""
    if stored is None:
        return None
    model = field.target.model
    may_be_gone = not field.check or field.version_of is not None
    return model._lazy(stored) if lazy or may_be_gone else model._connected(stored)


class BoundFKString(BoundString[str, Any, Face], Generic[M, Face]):
    """A reference in a string of its own, of one instance."""

    __slots__ = ()

    @operation
    def instance(self, lazy: bool = False) -> Request[M | None]:
        """The object that it refers to, or None (GET). Nothing but the reference is read.

        Args:
            lazy: the object's existence is checked at its first use. It exists anyway, unless the field is declared
                with check=False.
        """
        return self._read("GET", (), lambda stored: _instance_of(self._field, stored, lazy))


class BoundFKHashEntry(BoundHashEntry[str, Any, Face], Generic[M, Face]):
    """A reference in the hash of its instance."""

    __slots__ = ()

    @operation
    def instance(self, lazy: bool = False) -> Request[M | None]:
        """The object that it refers to, or None (HGET). Nothing but the reference is read.

        Args:
            lazy: the object's existence is checked at its first use. It exists anyway, unless the field is declared
                with check=False.
        """
        return self._read("HGET", (self._field.sub,), lambda stored: _instance_of(self._field, stored, lazy))


class FKStringField(ReferenceField[M], StringField[str]):
    """A reference to an object, in a Redis string of its own. See ReferenceField for the arguments.

    Its value is the object's primary key as text; it is set to an object, or to its primary key.
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
        **constraints: Unpack[ReferenceConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self: FKStringField[Any],
        to: str,
        related_name: str | None = None,
        *,
        on_delete: str = "clear",
        check: bool = True,
        unique: bool = False,
        indexes: Any = (),
        lockable: bool = True,
        **constraints: Unpack[ReferenceConstraints],
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
        **constraints: Unpack[ReferenceConstraints],
    ) -> None: ...
    def __init__(self, to: Any = ..., related_name: str | None = None, **options: Any) -> None:
        ReferenceField.__init__(self, to, related_name, **options)

    if TYPE_CHECKING:

        def __set__(self, instance: Never, value: M | Encodable | None) -> None: ...

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundFKString[M, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundFKString[M, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self if instance is None else BoundFKString(self, instance)


class FKInstanceHashField(ReferenceField[M], InstanceHashField[str]):
    """A reference to an object, in the hash of its instance. See ReferenceField for the arguments, FKStringField."""

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
        **constraints: Unpack[ReferenceConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self: FKInstanceHashField[Any],
        to: str,
        related_name: str | None = None,
        *,
        on_delete: str = "clear",
        check: bool = True,
        unique: bool = False,
        indexes: Any = (),
        lockable: bool = True,
        **constraints: Unpack[ReferenceConstraints],
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
        **constraints: Unpack[ReferenceConstraints],
    ) -> None: ...
    def __init__(self, to: Any = ..., related_name: str | None = None, **options: Any) -> None:
        ReferenceField.__init__(self, to, related_name, **options)

    if TYPE_CHECKING:

        def __set__(self, instance: Never, value: M | Encodable | None) -> None: ...

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundFKHashEntry[M, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundFKHashEntry[M, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self if instance is None else BoundFKHashEntry(self, instance)
