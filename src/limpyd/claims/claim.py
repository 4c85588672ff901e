"""The claim of a value, as an assumption of the write that is to store it.

The conversation about a claim is the question of the assumption: it ends with the claim, or with the object that has
the value. Each step of it goes to one partition, and whoever is stopped between two steps leaves nothing wrong.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Self

from limpyd.claims import requests
from limpyd.claims.unique_value import UniqueValue
from limpyd.exceptions import LimpydError, UniquenessError
from limpyd.keys import Partition, to_text
from limpyd.requests.guards import Guard
from limpyd.requests.request import Request
from limpyd.requests.scattered import Pause, Rounds, Scattered

PAUSE = 0.002
"""The seconds until a young claim that is in the way is looked at again; twice as long each further time."""
LONGEST_PAUSE = 0.02


class PartitionClaim:
    """The assumption that a partition may have a value.

    A partition that keeps the claims of the value itself claims it within the write, so nothing has to be asked.

    Args:
        value: the value.
        partition: the partition that is to have it.
        pk: the primary key of the object; None for a new one whose key is minted.
    """

    __slots__ = ("_asks_within_write", "_guard", "_nonce", "_owner", "_partition", "_pk", "_value")

    def __init__(self, value: UniqueValue, partition: Partition, pk: bytes | None) -> None:
        self._value = value
        self._partition = partition
        self._pk = pk
        self._owner: bytes | None = None
        self._nonce = b""
        self._guard: Guard | None = None
        self._asks_within_write = value.home is partition
        if self._asks_within_write:
            self._hold(os.urandom(requests.NONCE), None)

    def guard(self) -> Guard | None:
        return self._guard

    def check(self) -> None:
        if self._owner is not None:
            model = self._value.model
            name = model.index_at(self._value.index_in(self._partition)).field_names
            value = model.value_of(name, self._value.text)
            raise UniquenessError(model.name, name, value, to_text(self._owner))

    def invalidate(self) -> None:
        self._guard = self._owner = None
        self._asks_within_write = False

    def merged(self, other: object) -> Self | None:
        if not isinstance(other, type(self)) or other._value != self._value or other._partition is not self._partition:
            return None
        return other if self._asks_within_write else self

    def question(self) -> Request[None]:
        return Scattered(self.conversation, subject=self._value.model)

    def conversation(self) -> Rounds[None]:
        """Claims the value, or finds the object that has it."""
        value, barred, pause = self._value, self._nonce, PAUSE
        beside = self._upkeep()
        while True:
            nonce = os.urandom(requests.NONCE)
            try:
                claimed, *replies = yield [requests.claim(value, self._partition, nonce, barred), *beside]
            except LimpydError:
                if not beside:
                    raise
                barred, beside = nonce, []  # that of another node, perhaps: it can wait
                continue
            if beside:
                value.model.maintenance.given_up += replies[0]
                beside = []
            if isinstance(claimed, int):
                return self._hold(nonce, claimed)
            (owner,) = yield [requests.verify(value, claimed)]
            if owner is not None:
                return self._leave_to(owner)
            if claimed.is_old:
                (time,) = yield [requests.take_over(value, claimed, self._partition, nonce)]
                if time is not None:
                    return self._hold(nonce, time)
                barred = nonce
            else:
                yield Pause(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    def _upkeep(self) -> list[Request[Any]]:
        """Requests beside the first one, which remove claims of values that were given up before."""
        maintenance = self._value.model.maintenance
        given_up, maintenance.given_up = maintenance.given_up, []
        return [requests.take_given_up(self._value.model, self._partition), *map(requests.release, given_up)]

    def _hold(self, nonce: bytes, time: int | None) -> None:
        """Notes a claim: the nonce, and the time at which it was made; None if the write makes it."""
        self._nonce = nonce
        self._set_guard(b"%b%d" % (nonce, self._value.home.number) + (b"" if time is None else b" %d" % time))

    def _leave_to(self, owner: bytes) -> None:
        """Notes the object that has the value; if it is the one that is written, no claim is needed."""
        if owner == self._pk:
            self._set_guard(b"")
        else:
            self._owner = owner

    def _set_guard(self, held: bytes) -> None:
        key = self._value.index_in(self._partition)
        self._guard = Guard(b"\0%b\0%b" % (key, self._value.text), held)


def with_claims(request: Request[Any], reply: list[Any]) -> Request[Any]:
    """Returns the request with the claims that its script asked for."""
    return request.with_args(request.args).assuming(*claims_asked_for(request, reply))


def claims_asked_for(request: Request[Any], reply: list[Any]) -> list[PartitionClaim]:
    """Returns the claims that the script of a request asked for; those that it was sent with have to be made anew."""
    claims = []
    for key, text, pk in zip(reply[1::3], reply[2::3], reply[3::3], strict=True):
        claim = _claim_of(request.assumes, key, text, pk)
        for each in request.assumes:
            if claim.merged(each) is not None:
                each.invalidate()
        claim.invalidate()
        claims.append(claim)
    return claims


def _claim_of(assumptions: Sequence[Any], key: bytes, text: bytes, pk: bytes) -> PartitionClaim:
    """Returns the claim of a value that only the server knew, for the partition whose indexes a request rests on."""
    for each in assumptions:
        if not isinstance(each, PartitionClaim):
            indexes: Any = each.maintenance
            if key.startswith(indexes.partition.prefix):
                return claim_of(indexes.model, indexes.partition, key, text, pk)
    raise AssertionError(key)  # no script writes to an index without having asked about it


def claim_of(model: Any, partition: Partition, key: bytes, text: bytes, pk: bytes | None) -> PartitionClaim:
    """Returns the claim of a text in an index of a partition.

    Args:
        model: the model.
        partition: the partition that is to have the value.
        key: the key of the index there.
        text: the value as the index keeps it.
        pk: the primary key of the object; None for a new one whose key is minted.
    """
    value = UniqueValue(model, key.removeprefix(partition.prefix + b"uniq:"), text)
    return PartitionClaim(value, partition, pk)
