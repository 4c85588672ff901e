"""Walks through the claims that partitions keep, and the values that partitions have by claims."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limpyd.claims.requests import Held
from limpyd.claims.unique_value import UniqueValue
from limpyd.keys import Partition, literal_pattern
from limpyd.requests.key_scan import KeyScan
from limpyd.requests.request import Program, Request
from limpyd.requests.scattered import Rounds, rounds_of
from limpyd.requests.walks import Origin, attempt

SCANNED = 500
"""About how many values or keys a step looks at."""

Take = Callable[[list[tuple[UniqueValue, bytes]]], Program[None]]
"""Takes some values, each with what is kept of it."""


def held_values(model: Any, partition: Partition) -> Rounds[list[Held]]:
    """Finds all values that a partition has by claims; those that change meanwhile may be missing."""
    found: dict[UniqueValue, bytes] = {}

    def take(values: list[tuple[UniqueValue, bytes]]) -> Program[None]:
        found.update(values)
        yield from ()

    yield from rounds_of(walk_values(model, partition, b"nonce", take))
    return [Held(value, partition.number, nonce) for value, nonce in found.items()]


def walk_values(model: Any, partition: Partition, word: bytes, take: Take, scanned: int = SCANNED) -> Program[None]:
    """Goes through all values in a partition, in steps (HSCAN); one may come several times.

    Args:
        model: the model.
        partition: the partition.
        word: `nonce` for the values that it has by claims, or `claim` for those whose claims it keeps.
        take: takes the values of a step, each with its nonce, or with the record of its claim.
        scanned: about how many values a step looks at.
    """
    prefix = partition.prefix + word + b":"
    for key in (yield from _keys(model, partition, prefix)):
        origin, cursor, again = Origin(), b"0", True
        while again or cursor != b"0":
            step = Request((b"HSCAN", key, cursor, b"COUNT", scanned), _pairs, readonly=True, subject=model)
            (after, pairs), again = yield from attempt(origin, step, cursor)
            cursor = b"0" if again else after
            if pairs:
                yield from take([(UniqueValue(model, key.removeprefix(prefix), text), kept) for text, kept in pairs])


def _keys(model: Any, partition: Partition, prefix: bytes) -> Program[list[bytes]]:
    """Finds the keys with a prefix: one for each index, but many for that of a dynamic field (SCAN)."""
    claimed = [index for index in model.maintenance.at(partition).indexes if index.is_claimed]
    if not any(b"\0" in index.field_index.key for index in claimed):
        return [prefix + index.name.removeprefix(b"uniq:") for index in claimed]
    found: dict[bytes, None] = {}
    origin, cursor, again = Origin(), b"0", True
    while again or cursor != b"0":
        args = (b"SCAN", cursor, b"MATCH", literal_pattern(prefix) + b"*", b"COUNT", SCANNED)
        step: Request[Any] = KeyScan(args, lambda reply: (reply[0], reply[1]), readonly=True)
        (after, keys), again = yield from attempt(origin, step, cursor)
        cursor = b"0" if again else after
        found.update(dict.fromkeys(keys))
    return list(found)


def _pairs(reply: Any) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    pairs = reply[1].items() if isinstance(reply[1], dict) else zip(reply[1][::2], reply[1][1::2], strict=True)
    return reply[0], list(pairs)
