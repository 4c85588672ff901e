"""The claims of unique values (see limpyd.claims), which are in other partitions if there are more of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from limpyd.claims.requests import NONCE
from limpyd.claims.unique_value import UniqueValue
from limpyd.keys import Partition
from limpyd.lua.script import Script, evalsha
from limpyd.requests.request import Argument, Program, Request
from limpyd.requests.walks import Origin, attempt
from limpyd.schema.schema import Schema

HOLD = Script("hold_values")
ENTER = Script("enter_claims")
FORGET = Script("forget_recent")

FOUND = 500
"""About how many values a step looks at."""


def move_claims(target: Schema) -> Program[None]:
    """Enters a claim of each unique value that an object has, where it is looked for from now on; removes other claims.

    Args:
        target: the model as its partitions are while objects move.
    """
    partitions = target.keys.partitions
    indexes = claimed_names(target)
    for partition in partitions if indexes else ():
        times: dict[Partition, int] = {}
        for index in indexes:
            yield from _enter(target, index, partition, times)
        yield forget_recent(target, partition, times)
    yield from remove_strange(target)


def forget_recent(target: Schema, partition: Partition, times: Mapping[Partition, int]) -> Request[int]:
    """Has a partition note that its values came by claims of other partitions which it does not list.

    Args:
        target: the model as its partitions are while objects move.
        partition: the partition.
        times: for each partition of claims the time of the last one.
    """
    pairs = [text for home, time in times.items() for text in (home.number, time)]
    return _asked(FORGET, target, partition, (partition.recent, partition.forgotten), pairs)


def remove_strange(target: Schema) -> Program[None]:
    """Removes claims from partitions where they are not looked for any more."""
    for index in claimed_names(target):
        for partition in target.keys.partitions:
            yield from _remove(target, index, partition)


def claimed_names(target: Schema) -> list[bytes]:
    """Returns the names of the indexes whose values are claimed, without what precedes them in their keys."""
    indexes = target.maintenance.at(target.keys.first).indexes
    return [each.name.removeprefix(b"uniq:") for each in indexes if each.is_claimed]


def _enter(target: Schema, index: bytes, partition: Partition, times: dict[Partition, int]) -> Program[None]:
    """Enters the claims of all values that a partition has, and notes the time of the last one of each partition."""
    key = UniqueValue(target, index, b"").index_in(partition)
    for page in _Pages(key):
        values = yield from page
        if not values:
            continue
        args = [text for value in values for text in (value, os.urandom(NONCE))]
        nonces = yield _asked(HOLD, target, partition, (b"%bnonce:%b" % (partition.prefix, index),), args)
        at_home: dict[Partition, list[Argument]] = {}
        for value, nonce in zip(values, nonces, strict=True):
            home = UniqueValue(target, index, value).home
            at_home.setdefault(home, []).extend((value, partition.number, nonce))
        entered = yield [
            _asked(ENTER, target, home, (UniqueValue(target, index, b"").claims_in(home), home.clock), claims)
            for home, claims in at_home.items()
        ]
        times.update(zip(at_home, entered, strict=True))


def _remove(target: Schema, index: bytes, partition: Partition) -> Program[None]:
    """Removes claims of an index from a partition where they are not looked for."""
    key = UniqueValue(target, index, b"").claims_in(partition)
    for page in _Pages(key):
        values = yield from page
        strange = [value for value in values if UniqueValue(target, index, value).home is not partition]
        if strange:
            yield Request((b"HDEL", key, *strange), int, readonly=True, subject=target)


class _Pages:
    """The sub-keys of a hash, some at a time (HSCAN): each item is to be run for a list of them."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cursor = b"0"
        self._origin = Origin()
        self._ended = False

    def __iter__(self) -> Iterator[Program[list[bytes]]]:
        while not self._ended:
            yield self._page()

    def _page(self) -> Program[list[bytes]]:
        args = (b"HSCAN", self._key, self._cursor, b"COUNT", FOUND)
        step: Request[tuple[bytes, list[bytes]]] = Request(args, tuple, readonly=True)
        (cursor, found), again = yield from attempt(self._origin, step, self._cursor)
        self._cursor = b"0" if again else cursor
        self._ended = self._cursor == b"0" and not again
        return found[::2]


def _asked(
    script: Script, target: Schema, partition: Partition, keys: Sequence[bytes], args: Sequence[Argument]
) -> Request[Any]:
    request = Request(evalsha(script, keys, args), _as_it_is, readonly=True, script=script, subject=target)
    return request.assuming(target.maintenance.at(partition).declared)


def _as_it_is(reply: Any) -> Any:
    return reply
