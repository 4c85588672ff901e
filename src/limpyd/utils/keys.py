"""Helpers under the path of limpyd 2."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from redis.lock import Lock

__all__ = ["Lock", "make_key", "normalize", "unique_key"]


def make_key(*args: Any) -> str:
    """The text of all parts, joined by colons."""
    return ":".join(map(str, args))


def normalize(value: Any) -> Any:
    """Bytes as text, with surrogates for what is not UTF-8; anything else as it is."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def unique_key(connection: Any, prefix: str | None = None) -> str:
    """A random key that does not exist (EXISTS); behind a prefix and a colon, if one is given.

    Args:
        connection: a redis-py client, such as `database.connection`.
        prefix: what the key begins with.
    """
    while True:
        key = uuid4().hex if prefix is None else make_key(prefix, uuid4().hex)
        if not connection.exists(key):
            return key
