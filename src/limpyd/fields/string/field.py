"""The declarations of fields in a Redis string of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar, Unpack, overload

from limpyd.commands.faces import Async, Faced, Sync
from limpyd.fields.declaration.options import ValueConstraints
from limpyd.fields.declaration.single_value import SingleValueField
from limpyd.fields.declaration.value import FieldPlace
from limpyd.fields.string.commands import BoundString
from limpyd.indexes.base import Declared
from limpyd.scripts.object_requests import NewObject
from limpyd.types import Encodable, Untyped

T = TypeVar("T")


class WholeStringField(SingleValueField[T]):
    """The declaration of a field whose value is a Redis string of its own."""

    redis_type = "string"
    stored_as = b"string"

    def add_to(self, new: NewObject, place: FieldPlace, value: Any) -> None:
        stored = self.encode_new(value)
        new.strings += (place.prefix, stored)
        if place.indexes:
            self._claim(new, place, stored)


class StringField(WholeStringField[T]):
    """A value in a Redis string of its own."""

    can_lapse = True

    @overload
    def __init__(
        self: StringField[Untyped],
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
        self.lapses = expires

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: StringField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundString[str, Encodable, Sync]: ...
    @overload
    def __get__(
        self: StringField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundString[str, Encodable, Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundString[T, T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundString[T, T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundString(self, instance)
