"""The claims of unique values, which move in the slices of their own hashes, while the model is in use.

While a slice is on its way, the claims of its values go from the partition that gives it to those that get it. When all
slices have moved, the claims of objects that have moved are made to name the partitions where these are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from limpyd.claims import requests
from limpyd.claims.conversation import by_partition
from limpyd.claims.held_values import walk_values
from limpyd.claims.requests import History
from limpyd.claims.unique_value import UniqueValue
from limpyd.keys import Partition
from limpyd.keys.moving import Move
from limpyd.lua.script import Script, evalsha
from limpyd.repartitioning.delivery import FOUND
from limpyd.repartitioning.moved_claims import forget_recent, remove_strange
from limpyd.requests.in_place import InPlace
from limpyd.requests.request import Argument, Program, Request
from limpyd.schema.schema import Schema

CARRY = Script("carry_claims")
DROP = Script("drop_records")
REDIRECT = Script("redirect_claims")

CHUNK = 500
"""The most claims that a request is about."""

Kept = tuple[UniqueValue, bytes]
"""A value, and the record of its claim, or the nonce."""


def carry_claims(
    target: Schema, old: Partition, homes: Sequence[Partition], home_of: Callable[[bytes], Partition | None]
) -> Program[None]:
    """Brings claims from a partition to those that keep them from now on; all of these are closed.

    Args:
        target: the model as movers see it.
        old: the partition that has kept them.
        homes: those that get some.
        home_of: returns the one of a value; None, or another one, if its claim stays.
    """
    leaving: dict[Partition, list[Kept]] = {home: [] for home in homes}

    def take(some: list[Kept]) -> Program[None]:
        for value, record in some:
            home = home_of(value.text)
            if home in leaving:
                leaving[home].append((value, record))
        yield from ()

    yield from walk_values(target, old, b"claim", take, FOUND)
    history: History = yield requests.report_history(target, old)  # after the walk: so it may have missed none
    for home, kept in leaving.items():
        facts = (history.time, int(history.continued))
        keys = (home.clock, home.history)
        for some in _chunks(kept) or [[]]:
            claims = some[0][0].claims_in(home) if some else home.prefix + b"claim:"
            args = [text for value, record in some for text in (value.text, record)]
            yield _asked(CARRY, target, home, (claims, *keys), (*facts, *args))
    for some in _chunks([one for kept in leaving.values() for one in kept]):
        texts = [value.text for value, _ in some]
        yield _asked(DROP, target, old, (some[0][0].claims_in(old),), texts)


def redirect_claims(target: Schema, move: Move) -> Program[None]:
    """Has each claim name the partition that has the value, once all slices have moved.

    Args:
        target: the model as movers see it.
        move: the move.
    """
    partitions = target.keys.partitions
    for partition in partitions[move.before :]:
        former = partition.number & (move.before - 1)

        def take(values: list[Kept], partition: Partition = partition, former: int = former) -> Program[None]:
            for home, some in by_partition(values, lambda one: one[0].home):
                for each in _chunks(some):
                    args = [text for value, nonce in each for text in (value.text, nonce)]
                    keys = (each[0][0].claims_in(home),)
                    yield _asked(REDIRECT, target, home, keys, (former, partition.number, *args))

        yield from walk_values(target, partition, b"nonce", take)
    histories: list[History] = yield [requests.report_history(target, each) for each in partitions]
    times = {history.partition: history.time for history in histories}
    for partition in partitions:
        yield forget_recent(target, partition, times)
    yield from remove_strange(target)


def _chunks(kept: Iterable[Kept]) -> list[list[Kept]]:
    """Returns values in lists of values of one index."""
    found: list[list[Kept]] = []
    for some in _by_index(kept):
        found += (some[at : at + CHUNK] for at in range(0, len(some), CHUNK))
    return found


def _by_index(kept: Iterable[Kept]) -> Iterator[list[Kept]]:
    by_index: dict[bytes, list[Kept]] = {}
    for one in kept:
        by_index.setdefault(one[0].index_name, []).append(one)
    yield from by_index.values()


def _asked(
    script: Script, target: Schema, partition: Partition, keys: Sequence[bytes], args: Sequence[Argument]
) -> Request[Any]:
    request: Request[Any] = Request(evalsha(script, keys, args), int, readonly=True, script=script, subject=target)
    return request.assuming(InPlace(target, partition))
