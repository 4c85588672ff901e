"""The declaration of a field in the hash that all such fields of an instance share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar, Unpack, overload

from limpyd.commands.faces import Async, Faced, Sync
from limpyd.fields.declaration.options import ValueConstraints
from limpyd.fields.declaration.protocols import FieldModel
from limpyd.fields.declaration.single_value import SingleValueField
from limpyd.fields.declaration.value import FieldPlace
from limpyd.fields.instancehash.commands import BoundHashEntry
from limpyd.indexes.base import Declared
from limpyd.keys import Partition, to_bytes
from limpyd.scripts.object_requests import NewObject
from limpyd.types import Encodable, Untyped

T = TypeVar("T")


class InstanceHashField(SingleValueField[T]):
    """A value in the hash of its instance."""

    redis_type = "hash"
    stored_as = b"entry"
    can_lapse = True

    @overload
    def __init__(
        self: InstanceHashField[Untyped],
        *,
        default: Encodable | Callable[[], Encodable] | None = None,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        expires: bool = False,
        lockable: bool = True,
        **constraints: Unpack[ValueConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self,
        type: type[T],
        *,
        default: T | Callable[[], T] | None = None,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        expires: bool = False,
        lockable: bool = True,
        **constraints: Unpack[ValueConstraints],
    ) -> None: ...
    def __init__(self, type: Any = Untyped, *, expires: bool = False, **options: Any) -> None:
        super().__init__(type, **options)
        self.lapses = self.lapses or expires

    sub = b""
    """The entry's name in the hash."""

    def attach(self, model: FieldModel) -> Self:
        mine = super().attach(model)
        mine.sub = mine._sub()
        return mine

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: InstanceHashField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundHashEntry[str, Encodable, Sync]: ...
    @overload
    def __get__(
        self: InstanceHashField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundHashEntry[str, Encodable, Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundHashEntry[T, T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundHashEntry[T, T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundHashEntry(self, instance)

    def add_to(self, new: NewObject, place: FieldPlace, value: Any) -> None:
        stored = self.encode_new(value)
        new.hash += (self.sub, stored)
        if place.indexes:
            self._claim(new, place, stored)

    def _prefix(self, partition: Partition) -> bytes:
        return partition.hash_prefix

    @property
    def sub_key(self) -> bytes:
        return self.sub

    def _sub(self) -> bytes:
        return to_bytes(self.key_name)
