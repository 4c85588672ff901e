"""Values that conditions compare with, and that are read in other keys before partitions are asked.

The script of a partition reads keys of its own slot only. Models of one partition read such values by the script.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from limpyd.indexes.normalizers import form
from limpyd.requests.request import Argument, Request
from limpyd.requests.subjects import Subject
from limpyd.scripts.query_values import ReadValue, Text, known_key


class Asking(NamedTuple):
    """Objects that are found before partitions are asked: those to which others may refer.

    Attributes:
        referring: the model that refers to them.
        name: the name of the field that does.
        model: their model.
        conditions: what they meet.
        text: the conditions, for messages.
    """

    referring: Any
    name: str
    model: Any
    conditions: tuple[Any, ...]
    text: str


class Reading(NamedTuple):
    """A value that is read in a key.

    Attributes:
        key: the key.
        stored: how the values are stored in it; empty for primary keys in a key of any type.
        sub: the sub-key, if a hash has the value.
        required: true if the key must exist, as a stored collection must.
    """

    key: bytes
    stored: bytes
    sub: bytes = b""
    required: bool = False

    def of_type(self, stored: bytes) -> Reading:
        """The same, once the type of the key is known."""
        return self._replace(stored=stored)

    def request(self, subject: Subject) -> Request[list[bytes]]:
        """Returns the request for the values."""
        command, *args = COMMANDS[self.stored]
        sub = (self.sub,) if command == "HGET" else ()
        decode = list if self.stored in MEMBERS else _of_one
        return Request((command, self.key, *sub, *args), decode, readonly=True, subject=subject)

    def type_question(self, subject: Subject) -> Request[bytes]:
        """Returns the request for the type of the key (TYPE)."""
        return Request(("TYPE", self.key), _as_bytes, readonly=True, subject=subject)


Found = Mapping[Reading | Asking, list[bytes]]
"""What was read: values, or the primary keys of objects."""

COMMANDS: dict[bytes, tuple[Argument, ...]] = {
    b"entry": ("HGET",),
    b"hash": ("HGET",),
    b"string": ("GET",),
    b"set": ("SMEMBERS",),
    b"list": ("LRANGE", 0, -1),
    b"zset": ("ZRANGE", 0, -1),
}
"""The commands that read values, by how these are stored, and what follows the key."""
MEMBERS = frozenset({b"set", b"list", b"zset"})
"""The types of keys that may hold primary keys."""


def readings_of(texts: Sequence[Text]) -> Iterator[Reading]:
    """Yields what has to be read to know some values."""
    for text in texts:
        if isinstance(text, ReadValue):
            yield _reading_of(text)


def texts_read(text: Text, found: Found) -> list[bytes]:
    """Returns a value; or those that were read for it, without those that its index cannot have."""
    if not isinstance(text, ReadValue):
        return [text]
    in_form: Callable[[bytes], bytes] = form(text.form.decode())
    texts = []
    for stored in found[_reading_of(text)]:
        with suppress(ValueError):
            texts.append(in_form(stored))
    return texts


def _reading_of(value: ReadValue) -> Reading:
    return Reading(known_key(value.key), value.stored, value.sub)


def _of_one(reply: Any) -> list[bytes]:
    return [] if reply is None else [reply]


def _as_bytes(reply: Any) -> bytes:
    return reply if isinstance(reply, bytes) else str(reply).encode()
