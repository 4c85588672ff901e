"""Keys and values of a Redis hash: as its commands take them, and its replies return them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from limpyd.commands.faces import Face
from limpyd.exceptions import InvalidValue, MissingArgument, shorten
from limpyd.fields.bound.members import BoundMembers
from limpyd.fields.bound.value import MAX_ARGUMENTS
from limpyd.requests.request import Argument
from limpyd.types import Encodable, SupportsItems

T = TypeVar("T")
V = TypeVar("V")

Key = Encodable
"""A key of a hash; always text where it comes back."""


class BoundHashKeys(BoundMembers[Face], Generic[T, V, Face]):
    """A hash whose commands name keys."""

    __slots__ = ()

    def _item_args(
        self,
        name: str,
        key: Key | None = None,
        value: V | None = None,
        mapping: SupportsItems[Any, V] | None = None,
        items: Sequence[Any] | None = None,
    ) -> list[Argument]:
        """Keys and values in turn, at least one of each; of those for one key the last."""
        field = self._field
        if isinstance(key, Mapping):
            msg = f"{name} on {field} takes a key and its value; give several as mapping={shorten(key)}"
            raise InvalidValue(msg)
        if key is None and value is not None:
            msg = f"{name} on {field} takes a key with its value"
            raise InvalidValue(msg)
        items_by_key: dict[bytes, Any] = {}
        if items is not None:
            if not isinstance(items, list | tuple) or len(items) % 2:
                msg = f"{name} on {field} takes keys and values in turn as items, not {shorten(items)}"
                raise InvalidValue(msg)
            items_by_key.update(zip(map(field.key_bytes, items[::2]), items[1::2], strict=True))
        if key is not None:
            items_by_key[field.key_bytes(key)] = value
        items_by_key.update(field.checked({} if mapping is None else mapping))
        if not items_by_key:
            msg = f"{name} on {field} needs at least one key and value"
            raise MissingArgument(msg)
        args: list[Argument] = field.flat(items_by_key)
        return args

    def _keys(self, name: str, keys: Sequence[Key]) -> list[bytes]:
        if not keys:
            msg = f"{name} on {self._field} needs at least one key"
            raise MissingArgument(msg)
        return [self._field.key_bytes(key) for key in keys]

    def _optional(self, reply: Any) -> list[T | None]:
        """Decode: values, and None where there is none."""
        return [self._value(value) for value in reply or ()]

    def _optional_of(self, keys: tuple[Key, ...]) -> Callable[[list[Any]], list[T | None]]:
        """Decode: the values of so many keys, in several replies."""
        return lambda replies: self._optional(each(replies, keys, None))


def each(replies: Iterable[Any], keys: Sequence[Key], absent: Any) -> list[Any]:
    """Returns the replies for each key, of several replies; some servers reply nothing where there is no hash."""
    found: list[Any] = []
    for number, reply in enumerate(replies):
        count = len(keys[number * MAX_ARGUMENTS : (number + 1) * MAX_ARGUMENTS])
        found += reply or [absent] * count
    return found
