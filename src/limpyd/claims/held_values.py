"""A walk through all values that a partition has by claims."""

from __future__ import annotations

from typing import Any

from limpyd.claims.requests import Held
from limpyd.claims.unique_value import UniqueValue
from limpyd.keys import Partition, literal_pattern
from limpyd.requests.key_scan import KeyScan
from limpyd.requests.request import Program, Request
from limpyd.requests.scattered import Rounds
from limpyd.requests.walks import Origin, attempt

SCANNED = 1000
"""About how many values or keys a step looks at."""


def held_values(model: Any, partition: Partition) -> Rounds[list[Held]]:
    """Finds all values that a partition has by claims (HSCAN); those that change meanwhile may be missing."""
    program = _held_values(model, partition)
    result: Any = None
    error: Exception | None = None
    while True:
        try:
            request = program.send(result) if error is None else program.throw(error)
        except StopIteration as end:
            found: list[Held] = end.value
            return found
        try:
            (result,) = yield [request]
            error = None
        except Exception as raised:  # noqa: BLE001 - it is the step's
            error = raised


def _held_values(model: Any, partition: Partition) -> Program[list[Held]]:
    found: dict[UniqueValue, bytes] = {}
    prefix = partition.prefix + b"nonce:"
    for key in (yield from _keys(model, partition, prefix)):
        origin, cursor, again = Origin(), b"0", True
        while again or cursor != b"0":
            step = Request((b"HSCAN", key, cursor, b"COUNT", SCANNED), _pairs, readonly=True, subject=model)
            (after, pairs), again = yield from attempt(origin, step, cursor)
            cursor = b"0" if again else after
            for text, nonce in pairs:
                found[UniqueValue(model, key.removeprefix(prefix), text)] = nonce
    return [Held(value, partition.number, nonce) for value, nonce in found.items()]


def _keys(model: Any, partition: Partition, prefix: bytes) -> Program[list[bytes]]:
    """Finds the keys of the nonces of a partition: one for each index, but many for that of a dynamic field (SCAN)."""
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
