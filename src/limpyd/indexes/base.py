"""What an index is: a kind that the scripts know, a key, and the operators it serves."""

from __future__ import annotations

from typing import Any, ClassVar

from limpyd.requests import Argument
from limpyd.scripts.calls import Leaf
from limpyd.types import NORMAL_FORMS, Codec


class Index:
    """An index of one field of one model, in one partition.

    Args:
        codec: how the field's values are stored.
        key: the key, or the start of the keys, where entries are kept.
    """

    kind: ClassVar[bytes]
    redis_type: ClassVar[str]
    operators: ClassVar[frozenset[str]]

    __slots__ = ("_normal", "key", "upkeep")

    def __init__(self, codec: Codec[Any], key: bytes) -> None:
        self._normal = NORMAL_FORMS[codec.normal]
        self.key = key
        self.upkeep: tuple[Argument, ...] = (self.kind, codec.normal, key)

    def entry(self, stored: bytes, sub: bytes | None = None) -> tuple[bytes, bytes, bytes]:
        """The entry of a stored value: its kind, the index's key, and the form it is kept under."""
        text = self._normal(stored)
        return self.kind, self.key, text if sub is None else under(sub, text)

    def leaf(self, stored: tuple[bytes, ...], sub: bytes | None = None) -> Leaf:
        """The condition that the field, or a sub-key of it, has one of these values."""
        return Leaf(self.kind, self.key, tuple(dict.fromkeys(self.entry(each, sub)[2] for each in stored)))


def under(sub: bytes, text: bytes) -> bytes:
    """What an index keeps of a value under a sub-key: its length stands first, since both may hold anything."""
    return b"%d:%s:%s" % (len(sub), sub, text)
