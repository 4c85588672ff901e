"""The requests of claims: one function for each Lua file, which documents the arguments.

Each may be sent again: a second execution changes nothing that matters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from limpyd.claims.unique_value import UniqueValue
from limpyd.keys import Partition
from limpyd.lua.script import Script, evalsha
from limpyd.requests.decoders import returned
from limpyd.requests.request import Argument, Request

CLAIM = Script("claim")
VERIFY = Script("verify")
TAKE_OVER = Script("take_over")
RELEASE = Script("release")

R = TypeVar("R")

NONCE = 8
"""The bytes of a nonce."""
AT_ONCE = 20
"""The most values given up that are taken from a list at once."""
GRACE = 100
"""The milliseconds for which a claim is left alone, as its write is probably under way."""


class InTheWay(NamedTuple):
    """A claim that is in the way of another one.

    Attributes:
        is_old: true if its write should have come long ago.
        number: the number of its partition.
        nonce: its nonce.
        time: the time of the clock of the claims' partition, to bar what came before.
    """

    is_old: bool
    number: int
    nonce: bytes
    time: int


class GivenUp(NamedTuple):
    """A value that a partition gave up, and the nonce of its claim."""

    value: UniqueValue
    nonce: bytes


Answer = int | InTheWay
"""The time of a claim, or the claim that is in the way."""


def claim(value: UniqueValue, partition: Partition, nonce: bytes, barred: bytes) -> Request[Answer]:
    """Claims a value for a partition; returns the time of the claim, or the claim that is in the way."""
    args = (value.text, partition.number, nonce, barred, GRACE)

    def decode(reply: list[Any]) -> Answer:
        outcome, *facts = reply
        return facts[0] if outcome == b"mine" else InTheWay(outcome == b"old", *facts)

    return _asked(CLAIM, value, (value.claims_in(value.home), value.home.clock), args, decode)


def verify(value: UniqueValue, found: InTheWay) -> Request[bytes | None]:
    """Returns the request for the object that has a value in the partition that claimed it; bars old claims if none."""
    partition = value.model.keys.partitions[found.number]
    keys = (value.index_in(partition), partition.pks, partition.barred)
    return _asked(VERIFY, value, keys, (value.text, value.home.number, found.time, int(found.is_old)), returned)


def take_over(value: UniqueValue, found: InTheWay, partition: Partition, nonce: bytes) -> Request[int | None]:
    """Takes over a claim for a partition; returns the time of the claim, or None if it is another one by now."""
    args = (value.text, found.number, found.nonce, partition.number, nonce)
    return _asked(TAKE_OVER, value, (value.claims_in(value.home), value.home.clock), args, returned)


def take_given_up(model: Any, partition: Partition) -> Request[list[GivenUp]]:
    """Takes some values that a partition gave up from its list (LPOP)."""

    def decode(reply: list[bytes] | None) -> list[GivenUp]:
        found = []
        for raw in reply or ():
            index, _, text = raw[NONCE:].partition(b"\0")
            found.append(GivenUp(UniqueValue(model, index, text), raw[:NONCE]))
        return found

    return Request(("LPOP", partition.given_up, AT_ONCE), decode, readonly=True, subject=model)


def release(given_up: GivenUp) -> Request[int]:
    """Removes the claim of a value that was given up, unless it is another one by now; returns how many were."""
    value, nonce = given_up
    return _asked(RELEASE, value, (value.claims_in(value.home),), (value.text, nonce), int)


def _asked(
    script: Script,
    value: UniqueValue,
    keys: Sequence[bytes],
    args: Sequence[Argument],
    decode: Callable[[Any], R],
) -> Request[R]:
    return Request(evalsha(script, keys, args), decode, readonly=True, script=script, subject=value.model)
