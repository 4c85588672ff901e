"""The declaration of a field in a Redis hash of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Never, Self, TypeVar, Unpack, overload

from limpyd.commands.faces import Async, Faced, Sync
from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import checks
from limpyd.fields.declaration import constrained
from limpyd.fields.declaration.options import MemberConstraints
from limpyd.fields.declaration.value import FieldPlace, ValueField
from limpyd.fields.hash.commands import BoundHash
from limpyd.fields.hash.keys import Key
from limpyd.indexes.base import Declared
from limpyd.keys import to_text
from limpyd.operands import Part
from limpyd.requests.request import Argument
from limpyd.scripts.object_requests import NewObject
from limpyd.types import UNTYPED, Encodable, SupportsItems, Untyped

T = TypeVar("T")


class HashField(ValueField[T]):
    """Values by key in a Redis hash.

    Args:
        type: the Python type of the values. Without it what redis-py takes is taken, and text returned.
        indexable: objects can be found by the value under any key: `headers__from="x"`.
        unique: no two objects have the same value under the same key; implies indexable.
        lockable: accepted for limpyd 2's sake; see ValueField.
    """

    redis_type = "hash"
    stored_as = b"hash"
    has_subkeys = True

    @overload
    def __init__(
        self: HashField[Untyped],
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

    def __getitem__(self, key: Key) -> Part:
        """A sub-key, to be compared: `Page.headers["from"] == "x"`."""
        return Part(self, (self.key_bytes(key),))

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(
        self: HashField[Untyped], instance: Faced[Sync], owner: Any = None
    ) -> BoundHash[str, Encodable, Sync]: ...
    @overload
    def __get__(
        self: HashField[Untyped], instance: Faced[Async], owner: Any = None
    ) -> BoundHash[str, Encodable, Async]: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundHash[T, T, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundHash[T, T, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundHash(self, instance)

    if TYPE_CHECKING:

        def __set__(self, instance: Never, value: SupportsItems[Key, T] | None) -> None: ...

    def key_bytes(self, key: Key) -> bytes:
        """A key as it is stored.

        Raises:
            InvalidValue: it is no text.
        """
        try:
            return UNTYPED.encode(key)
        except (TypeError, ValueError):
            return checks.encoded(f"{self}: a key", key)  # which says what is wrong

    @property
    def encode_first(self) -> Callable[[Key], bytes]:
        """Encodes what is sent before a value (statements/fast_path.py)."""
        return self.key_bytes

    def checked(self, mapping: Any) -> Mapping[Any, Any]:
        """Values by key.

        Raises:
            InvalidValue: it is no mapping.
        """
        if not isinstance(mapping, Mapping):
            msg = f"{self} takes a mapping from keys to values, not {shorten(mapping)}"
            raise InvalidValue(msg)
        return mapping

    def flat(self, values: Mapping[Any, Any]) -> list[Argument]:
        """Keys and values in turn, as HSET takes them.

        Raises:
            InvalidValue: a key is no text, or a value does not fit the field's type.
        """
        args: list[Argument] = []
        for key, value in values.items():
            args += (self.key_bytes(key), self.encode_new(value))
        return args

    def decode_reply(self, reply: list[bytes]) -> dict[str, T]:
        return {to_text(key): self.codec.decode(value) for key, value in zip(reply[::2], reply[1::2], strict=True)}

    def add_to(self, new: NewObject, place: FieldPlace, value: Any) -> None:
        stored = {self.key_bytes(key): self.encode_new(each) for key, each in self.checked(value).items()}
        if self.constraints:
            constrained.check_count(self, len(stored))
        if not stored:
            new.unset.append(place.prefix)
            return
        new.members.append((place.prefix, "HSET", [arg for pair in stored.items() for arg in pair]))
        for sub, each in stored.items():
            self._claim(new, place, each, sub)
