"""The declaration of a field in a Redis list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Never, Self, TypeVar, Unpack, overload

from limpyd.commands.faces import Async, Faced, Sync
from limpyd.fields.declaration.members import MembersField
from limpyd.fields.declaration.options import MemberConstraints
from limpyd.fields.declaration.value import FieldPlace
from limpyd.fields.list.commands import BoundList
from limpyd.indexes.base import Declared
from limpyd.scripts.object_requests import NewObject
from limpyd.types import Encodable, Untyped

T = TypeVar("T")


class ListField(MembersField[T]):
    """Members in a Redis list.

    Args:
        type: the Python type of the members. Without it what redis-py takes is taken, and text returned.
        indexable: objects can be found by any of their members.
        unique: no two objects have a member in common; implies indexable.
        lockable: accepted for limpyd 2's sake; see ValueField.
    """

    redis_type = "list"
    stored_as = b"list"

    @overload
    def __init__(
        self: ListField[Untyped],
        *,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        **constraints: Unpack[MemberConstraints],
    ) -> None: ...
    @overload
    def __init__(
        self,
        type: type[T],
        *,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        **constraints: Unpack[MemberConstraints],
    ) -> None: ...
    def __init__(self, type: Any = Untyped, **options: Any) -> None:
        super().__init__(type, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: ListField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundList[str, Encodable, Sync]: ...
    @overload
    def __get__(
        self: ListField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundList[str, Encodable, Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundList[T, T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundList[T, T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundList(self, instance)

    if TYPE_CHECKING:

        def __set__(self, instance: Never, value: Iterable[T] | None) -> None: ...

    def decode_reply(self, reply: list[bytes]) -> list[T]:
        return list(map(self.codec.decode, reply))

    def add_to(self, new: NewObject, place: FieldPlace, value: Any) -> None:
        self._add_members(new, place, "RPUSH", self.members(value))
