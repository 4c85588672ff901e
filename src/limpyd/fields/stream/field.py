"""The declaration of a field in a Redis stream."""

from __future__ import annotations

from typing import Any, Never, Self, TypeVar, overload

from limpyd.commands.faces import Async, Faced, Sync
from limpyd.exceptions import DeclarationError, InvalidValue
from limpyd.fields.declaration.value import FieldPlace, ValueField
from limpyd.fields.stream.commands import BoundStream
from limpyd.scripts.object_requests import NewObject
from limpyd.types import Encodable, Untyped

T = TypeVar("T")


class StreamField(ValueField[T]):
    """Entries of names and values in a Redis stream.

    Args:
        type: the Python type of the values. Without it what redis-py takes is taken, and text returned.
        lockable: accepted for limpyd 2's sake; see ValueField.
    """

    redis_type = "stream"
    takes = frozenset({"lockable", "type"})
    stored_as = b"stream"
    constraints_taken = frozenset()

    @overload
    def __init__(self: StreamField[Untyped], *, lockable: bool = True) -> None: ...
    @overload
    def __init__(self, type: type[T], *, lockable: bool = True) -> None: ...
    def __init__(self, type: Any = Untyped, **options: Any) -> None:
        if not options.keys().isdisjoint({"indexable", "indexes", "unique"}):
            msg = (
                "a StreamField cannot be indexable or unique: a stream is a log, and limpyd has no index of its "
                "entries. Store the values by which you search in another field"
            )
            raise DeclarationError(msg)
        super().__init__(type, **options)

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: StreamField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundStream[str, Encodable, Sync]: ...
    @overload
    def __get__(
        self: StreamField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundStream[str, Encodable, Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundStream[T, T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundStream[T, T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundStream(self, instance)

    def add_to(self, new: NewObject, place: FieldPlace, value: Any) -> Never:
        msg = (
            f"{self} is a stream, and the stream of a new object is empty; create the object, then add entries "
            "with xadd"
        )
        raise InvalidValue(msg)
