"""The requests of claims: one function for each Lua file, which documents the arguments.

Each is about any number of values, and goes to one partition. Each may be sent again: a second execution changes
nothing that matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from limpyd.claims.unique_value import UniqueValue
from limpyd.keys import Partition
from limpyd.lua.script import Script, evalsha
from limpyd.requests.decoders import returned
from limpyd.requests.in_place import InPlace
from limpyd.requests.request import Argument, Request

BAR_CLAIMS = Script("bar_claims")
CLAIM = Script("claim")
LOOK_UP = Script("look_up")
REPORT_HISTORY = Script("report_history")
RESTORE_CLAIMS = Script("restore_claims")
VERIFY = Script("verify")
TAKE_OVER = Script("take_over")
RELEASE = Script("release")

R = TypeVar("R")

NONCE = 8
"""The bytes of a nonce."""
AT_ONCE = 20
"""The most values given up that are taken from a list at once, if no more are claimed."""
GRACE = 100
"""The milliseconds for which a claim is left alone, as its write is probably under way."""


class Wanted(NamedTuple):
    """A claim that is to be made.

    Attributes:
        value: the value.
        home: the partition that keeps it.
        partition: the partition that is to have the value.
        nonce: its nonce, which is new.
        barred: the nonce of the claim that it is to replace; empty if there is none.
    """

    value: UniqueValue
    home: Partition
    partition: Partition
    nonce: bytes
    barred: bytes


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


Answer = int | InTheWay | None
"""The time of a claim, or the claim that is in the way; None if claims were lost, and have to be restored first."""


def claim(home: Partition, wanted: Sequence[Wanted], at_least: int = 0) -> Request[list[Answer]]:
    """Claims different values whose claims a partition keeps; returns for each the time, or the claim in the way.

    Args:
        home: the partition.
        wanted: the claims.
        at_least: the time that they must have at least.
    """
    keys = (home.clock, home.history, *(one.value.claims_in(home) for one in wanted))
    args = [(one.value.text, one.partition.number, one.nonce, one.barred) for one in wanted]

    def decode(reply: list[Any] | None) -> list[Answer]:
        if reply is None:
            return [None] * len(wanted)
        return [facts[0] if outcome == b"mine" else InTheWay(outcome == b"old", *facts) for outcome, *facts in reply]

    return _asked(CLAIM, wanted[0].value.model, home, keys, (GRACE, at_least, *_flat(args)), decode)


def look_up(home: Partition, values: Sequence[UniqueValue]) -> Request[list[int | None] | None]:
    """Returns the number of the partition that has claimed each value, or None; None alone if claims may be lost."""
    keys = (home.history, *(value.claims_in(home) for value in values))
    return _asked(LOOK_UP, values[0].model, home, keys, [value.text for value in values], returned)


def verify(partition: Partition, found: Sequence[tuple[UniqueValue, InTheWay]]) -> Request[list[bytes | None]]:
    """Returns for each value that a partition claimed the object that has it; bars the old claims of others."""
    keys = (partition.pks, partition.barred, *(value.index_in(partition) for value, _ in found))
    args = []
    for value, one in found:
        former = value.former_home
        args.append((value.text, value.home.number, b"" if former is None else former, one.time, int(one.is_old)))
    return _asked(VERIFY, found[0][0].model, partition, keys, _flat(args), list)


def take_over(home: Partition, found: Sequence[tuple[Wanted, InTheWay]]) -> Request[list[int | None]]:
    """Takes over claims that a partition keeps; returns for each the time, or None if it is another one, or lost."""
    keys = (home.clock, home.history, *(wanted.value.claims_in(home) for wanted, _ in found))
    args = [(wanted.value.text, one.number, one.nonce, wanted.partition.number, wanted.nonce) for wanted, one in found]
    return _asked(TAKE_OVER, found[0][0].value.model, home, keys, _flat(args), list)


def take_given_up(model: Any, partition: Partition, most: int) -> Request[list[GivenUp]]:
    """Takes some values that a partition gave up from its list (LPOP); `AT_ONCE` of them, or `most` if that is more."""

    def decode(reply: list[bytes] | None) -> list[GivenUp]:
        found = []
        for raw in reply or ():
            index, _, text = raw[NONCE:].partition(b"\0")
            found.append(GivenUp(UniqueValue(model, index, text), raw[:NONCE]))
        return found

    args = ("LPOP", partition.given_up, max(most, AT_ONCE))
    return Request(args, decode, readonly=True, subject=model)


def release(home: Partition, given_up: Sequence[GivenUp]) -> Request[int]:
    """Removes the claims of values that were given up, unless they are others by now; returns how many were."""
    keys = [value.claims_in(home) for value, _ in given_up]
    args = _flat((value.text, nonce) for value, nonce in given_up)
    return _asked(RELEASE, given_up[0].value.model, home, keys, args, int)


class History(NamedTuple):
    """The history of a partition's claims, as far as the partition has it.

    Attributes:
        partition: the partition.
        continued: true if it has all that it ever had; else claims and bars may be lost.
        id: the id of the history of the server's data.
        time: the time of its clock.
        latest_bar: the latest time before which claims of any partition are void in it.
    """

    partition: Partition
    continued: bool
    id: bytes
    time: int
    latest_bar: int


def report_history(model: Any, partition: Partition) -> Request[History]:
    """Asks whether a partition may have lost what it had of claims."""
    keys = (partition.clock, partition.barred, partition.history)
    return _asked(
        REPORT_HISTORY, model, partition, keys, (), lambda reply: History(partition, bool(reply[0]), *reply[1:])
    )


class Held(NamedTuple):
    """A value that a partition has, and its claim.

    Attributes:
        value: the value.
        number: the number of the partition.
        nonce: the nonce of the claim.
    """

    value: UniqueValue
    number: int
    nonce: bytes


Bar = tuple[int, int, int | None]
"""The number of a partition of claims, the time before which its claims are void, and the time of its clock if it may
have lost claims that were made since."""


def bar_claims(model: Any, partition: Partition, bars: Sequence[Bar]) -> Request[tuple[list[int], list[Held]]]:
    """Voids claims in a partition.

    Returns the numbers of the partitions whose claims it does not remember all that may be lost; and the values that it
    has by claims which may be lost, as far as it remembers.
    """
    args = [b"" if fact is None else fact for bar in bars for fact in bar]

    def decode(reply: list[Any]) -> tuple[list[int], list[Held]]:
        incomplete, found = reply
        each = zip(found[1::4], found[2::4], found[3::4], strict=True)
        return incomplete, [Held(UniqueValue(model, name, text), partition.number, nonce) for name, text, nonce in each]

    return _asked(BAR_CLAIMS, model, partition, (partition.barred, partition.recent, partition.forgotten), args, decode)


def restore_claims(lost: History, time: int | None, claims: Sequence[Held], model: Any) -> Request[int]:
    """Enters claims in the partition that keeps them, where they may have been lost; returns 0 if that is not so.

    Args:
        lost: what the partition had of its history when the claims were looked for.
        time: the time of its clock from now on, which ends the restoring; None if more claims follow.
        claims: the claims.
        model: the model.
    """
    partition = lost.partition
    keys = (partition.clock, partition.history, *(value.claims_in(partition) for value, _, _ in claims))
    args = [lost.id, b"" if time is None else time]
    for value, number, nonce in claims:
        args += (value.text, number, nonce)
    return _asked(RESTORE_CLAIMS, model, partition, keys, args, int)


def _flat(args: Iterable[Sequence[Argument]]) -> list[Argument]:
    return [arg for some in args for arg in some]


def _asked(
    script: Script,
    model: Any,
    partition: Partition,
    keys: Sequence[bytes],
    args: Sequence[Argument],
    decode: Callable[[Any], R],
) -> Request[R]:
    linked = script.as_of_now(model) if model.lapses is None else script.of(model)  # what lapses is recorded
    request = Request(evalsha(linked, keys, args), decode, readonly=True, script=linked, subject=model)
    return request.assuming(InPlace(model, partition))
