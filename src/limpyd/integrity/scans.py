"""Plain commands of a check: scans of keys, objects and parts, counts, and the catalog."""

from __future__ import annotations

from typing import Any

from limpyd.integrity.expected_keys import Declared
from limpyd.keys import Partition, key_from_template, to_bytes
from limpyd.requests.key_scan import KeyScan
from limpyd.requests.request import Request

MAX_OBJECTS = 100
"""About how many objects a step scans."""
MAX_KEYS = 1000
"""About how many keys a step scans."""
MAX_PARTS = 500
"""About how many parts of versions a step scans."""
Scanned = tuple[bytes, list[bytes]]
"""From which cursor on there is more, and what was found."""


def scan(pattern: bytes, cursor: bytes) -> Request[Scanned]:
    """Some keys of the database, and from which cursor on there are more."""
    args = (b"SCAN", cursor, b"MATCH", pattern, b"COUNT", MAX_KEYS)
    return KeyScan(args, lambda reply: (reply[0], reply[1]), readonly=True)


def scan_objects(partition: Partition, cursor: bytes) -> Request[Scanned]:
    """Some primary keys, and from which cursor on there are more."""
    args = (b"SSCAN", partition.pks, cursor, b"COUNT", MAX_OBJECTS)
    return Request(args, lambda reply: (reply[0], reply[1]), readonly=True)


def scan_parts(declared: Declared, field: Any, pk: bytes, cursor: bytes, *, listed: bool) -> Request[Scanned]:
    """Some parts of the versions of a dynamic field of an object, and from which cursor on there are more.

    Args:
        declared: the model.
        field: the field.
        pk: the primary key of the object.
        cursor: where to go on.
        listed: whether those of the inventory; or else those that are in the hash of the object.
    """
    partition = declared.partition
    if listed:
        args = (b"SSCAN", key_from_template(field.inventory_prefix(partition), pk), cursor, b"COUNT", MAX_PARTS)
        return Request(args, lambda reply: (reply[0], reply[1]), readonly=True)

    def decode(reply: Any) -> Scanned:
        subs = reply[1] if isinstance(reply[1], dict) else reply[1][::2]
        return reply[0], [to_bytes(part) for sub in subs if (part := field.part_at(partition, b"", sub)) is not None]

    return Request(
        (b"HSCAN", key_from_template(partition.hash_prefix, pk), cursor, b"COUNT", MAX_PARTS), decode, readonly=True
    )


def count(command: str, *key: bytes) -> Request[int]:
    """Counts members or keys (SCARD, DBSIZE)."""
    return Request((command, *key), int, readonly=True)


def known_indexes(partition: Partition) -> Request[dict[bytes, bytes]]:
    """Reads the catalog of indexes: signatures by name (see indexes/maintenance/declare.lua)."""

    def decode(reply: Any) -> dict[bytes, bytes]:
        pairs = reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True)
        return {name: value for name, value in pairs if not name.startswith((b"rebuilding:", b":"))}

    return Request((b"HGETALL", partition.meta), decode, readonly=True)
