"""Type, size and expiry of keys: the request of scripts/describe_keys.lua, and the walk of all keys of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.keys import ModelKeys, to_text
from limpyd.lua.script import Script, evalsha
from limpyd.requests.key_scan import KeyScan
from limpyd.requests.request import Request
from limpyd.requests.subjects import Subject

DESCRIBE = Script("describe_keys")
MEMBERS_LOOKED_AT = 5
CHUNK = 500
"""About how many keys one request looks at."""


class KeyFacts(NamedTuple):
    """The facts of a key.

    Attributes:
        key: its name.
        type: the Redis type of its value.
        ttl: the milliseconds until it expires, or None.
        length: the number of its members; for a string, of its bytes.
        memory: about how many bytes of memory it takes (MEMORY USAGE).
    """

    key: str
    type: str
    ttl: int | None
    length: int
    memory: int


def describe(subject: Subject, keys: Sequence[bytes]) -> Request[list[KeyFacts]]:
    """Returns the facts of some keys of one slot; keys that do not exist are left out."""

    def decode(reply: list[Any]) -> list[KeyFacts]:
        return [
            KeyFacts(to_text(key), to_text(kind), None if ttl < 0 else ttl, length, memory)
            for key, (kind, ttl, length, memory) in zip(keys, reply, strict=True)
            if kind != b"none"
        ]

    args = evalsha(DESCRIBE, keys, (MEMBERS_LOOKED_AT,))
    return Request(args, decode, readonly=True, script=DESCRIBE, subject=subject)


def found(keys: ModelKeys, cursor: bytes) -> Request[tuple[bytes, list[bytes]]]:
    """Returns some keys of a model, and the next cursor (SCAN)."""

    def decode(reply: list[Any]) -> tuple[bytes, list[bytes]]:
        return reply[0], [key for key in reply[1] if keys.has(key)]

    return KeyScan((b"SCAN", cursor, b"MATCH", keys.pattern, b"COUNT", CHUNK), decode, readonly=True)
