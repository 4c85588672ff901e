"""Walking the names of the keys of a database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limpyd.fields.checks import as_bytes, integer
from limpyd.keys import ModelKeys, to_text
from limpyd.requests.key_scan import KeyScan
from limpyd.requests.request import Walk

WALK = (
    "a walk in chunks",
    ("get all items in one request, such as collection.all() or smembers(), or iterate outside the block"),
)
"""The name of a walk in a pipeline's message, and the advice."""


def pattern_bytes(match: str | bytes | None) -> bytes | None:
    """A glob pattern as it is sent.

    Raises:
        InvalidValue: it is no text.
    """
    return None if match is None else as_bytes("a pattern", match)


def scan_model(keys: ModelKeys, count: int | None) -> Walk[str]:
    """Walks the names of all keys of a model (SCAN)."""
    return scan(keys.pattern, count, keys.has)


def scan(pattern: bytes | None, count: int | None, has: Callable[[bytes], bool] | None = None) -> Walk[str]:
    """Walks the names of all keys that match a glob pattern (SCAN), and for which a function returns true."""
    if count is not None:
        integer("SCAN's count", count, low=1)
    options: tuple[bytes | int, ...] = ()
    if pattern is not None:
        options += (b"MATCH", pattern)
    if count is not None:
        options += (b"COUNT", count)

    def decode(reply: Any) -> tuple[bytes, list[str]]:
        cursor, keys = reply
        return cursor, [to_text(key) for key in keys if has is None or has(key)]

    return lambda cursor: KeyScan((b"SCAN", cursor, *options), decode, readonly=True)
