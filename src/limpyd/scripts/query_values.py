"""Values in queries: where those of a field are stored, and those that the server reads first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.requests.request import Argument


class Stored(NamedTuple):
    """The place where the values of a field are stored.

    Attributes:
        prefix: the start of their keys; a primary key follows.
        stored: how they are stored (see lua/library/whole_value.lua), or `entry`: in the hash of the instance.
        sub: the sub-key in that hash; or, of a field that has sub-keys, the one that is meant.
        form: the form in which an index keeps them.
    """

    prefix: bytes
    stored: bytes
    sub: bytes = b""
    form: bytes = b"text"


class LaterKey:
    """The key of a field of an instance without a primary key, which may have one when a request is made.

    Attributes:
        bound: the field.
    """

    __slots__ = ("bound",)

    def __init__(self, bound: Any) -> None:
        self.bound = bound


Key = bytes | LaterKey


def known_key(key: Key) -> bytes:
    """The key as it is by now."""
    if isinstance(key, bytes):
        return key
    known: bytes = key.bound._key()
    return known


class ReadValue(NamedTuple):
    """A value that is read on the server: that of a field of an instance.

    Attributes:
        key: its key.
        stored: how it is stored.
        sub: its sub-key, if it has one.
        form: the form in which the index that it is compared with keeps values.
        under: `:` and the sub-key under which that index keeps it; empty if it is under none.
    """

    key: Key
    stored: bytes
    sub: bytes
    form: bytes
    under: bytes = b""


Text = bytes | ReadValue


class Arguments:
    """The arguments of a query while they are put together; values that are to be read are noted by their position."""

    __slots__ = ("args", "references")

    def __init__(self) -> None:
        self.args: list[Argument] = []
        self.references: list[tuple[int, ReadValue]] = []

    def add_texts(self, texts: Sequence[Text]) -> None:
        """Adds values, known or to be read."""
        args = self.args
        for text in texts:
            if isinstance(text, ReadValue):
                self.references.append((len(args), text))
                args.append(b"")
            else:
                args.append(text)
