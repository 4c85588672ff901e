"""Values in queries: where the values of a field are stored, and values that a script reads first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.requests.request import Argument


class Stored(NamedTuple):
    """The place where the values of a field are stored.

    Attributes:
        prefix: the prefix of their keys; a primary key follows.
        stored: how they are stored (see lua/library/whole_value.lua), or `entry`: in the hash of the instance.
        sub: the sub-key in the hash of the instance; for a field with sub-keys, one of them.
        form: their form in an index.
    """

    prefix: bytes
    stored: bytes
    sub: bytes = b""
    form: bytes = b"text"


class LaterKey:
    """The key of a field of an instance that has no primary key yet; it may have one when a request is made.

    Attributes:
        bound: the field.
    """

    __slots__ = ("bound",)

    def __init__(self, bound: Any) -> None:
        self.bound = bound


Key = bytes | LaterKey


def known_key(key: Key) -> bytes:
    """Returns the current key."""
    if isinstance(key, bytes):
        return key
    known: bytes = key.bound._key()
    return known


class ReadValue(NamedTuple):
    """A value that a script reads: the value of a field of an instance.

    Attributes:
        key: its key.
        stored: how it is stored.
        sub: its sub-key, if it has one.
        form: the form of values in the index that it is compared with.
        under: `:` and the sub-key in that index; empty if there is none.
    """

    key: Key
    stored: bytes
    sub: bytes
    form: bytes
    under: bytes = b""


Text = bytes | ReadValue


class Arguments:
    """The arguments of a query; values that a script reads first are recorded with their positions."""

    __slots__ = ("args", "references")

    def __init__(self) -> None:
        self.args: list[Argument] = []
        self.references: list[tuple[int, ReadValue]] = []

    def add_texts(self, texts: Sequence[Text]) -> None:
        """Adds values, known ones or values to read."""
        args = self.args
        for text in texts:
            if isinstance(text, ReadValue):
                self.references.append((len(args), text))
                args.append(b"")
            else:
                args.append(text)
